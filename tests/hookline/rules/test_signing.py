"""Signatures are those of Standard Webhooks: its own vectors, its own verifier, its own secrets."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from hookline.rules.signing import decode_secret, new_secret, sign

FIXTURE = Path(__file__).parents[2] / "fixtures" / "standard_webhooks_vectors.json"
VECTORS = [vector for vector in json.loads(FIXTURE.read_text())["vectors"] if vector["signature"].startswith("v1,")]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["name"]))
def test_published_signature_is_reproduced(vector: dict[str, Any]) -> None:
    body = b64decode(vector["body_b64"])
    assert sign([decode_secret(vector["secret"])], vector["id"], vector["timestamp"], body) == vector["signature"]


def test_official_library_verifies_under_the_new_and_the_old_secret() -> None:
    old, new = new_secret(), new_secret()
    timestamp = int(datetime.now(UTC).timestamp())
    body = '{"id":"evt_1","data":{"name":"Zoë"}}'.encode()
    signature = sign([decode_secret(new), decode_secret(old)], "evt_1", timestamp, body)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers) == json.loads(body)


def test_new_secrets_differ_and_hold_32_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(decode_secret(first)) == 32


def encoded(count: int) -> str:
    return "whsec_" + b64encode(bytes(count)).decode()


@pytest.mark.parametrize("count", [24, 64])
def test_secret_of_allowed_length_is_decoded(count: int) -> None:
    assert decode_secret(encoded(count)) == bytes(count)


@pytest.mark.parametrize(
    "text", [encoded(23), encoded(65), "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_###", "whsec_ä", encoded(32)[:-1], encoded(32) + "\n"]
)
def test_malformed_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="signing secret") as caught:
        decode_secret(text)
    assert not text[6:] or text[6:] not in str(caught.value)
