"""Signatures are those of Standard Webhooks: its own vectors, its own verifier, its own secrets."""

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from hookline.outbound.signing import (
    ED25519,
    algorithm_of,
    decode_secret,
    new_secret,
    public_key,
    secret_fault,
    sign,
)
from tests.tables import each_of

FIXTURE = Path(__file__).parents[2] / "fixtures" / "standard_webhooks_vectors.json"
VECTORS = json.loads(FIXTURE.read_text())["vectors"]


@each_of("vector", VECTORS)
def test_published_signature_is_reproduced(vector: dict[str, Any]) -> None:
    body = b64decode(vector["body_b64"])
    assert (
        sign([decode_secret(vector["secret"])], vector["id"], vector["timestamp"], body)
        == vector["signature"]
    )


def test_official_library_verifies_under_the_new_and_the_old_secret() -> None:
    old, new = new_secret(), new_secret()
    timestamp = int(datetime.now(UTC).timestamp())
    body = '{"id":"evt_1","data":{"name":"Zoë"}}'.encode()
    signature = sign([decode_secret(new), decode_secret(old)], "evt_1", timestamp, body)
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers) == json.loads(body)


def test_new_secrets_differ_and_hold_32_bytes() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert [len(b64decode(secret.removeprefix("whsec_"))) for secret in (first, second)] == [32, 32]


def whsec(key: bytes) -> str:
    return "whsec_" + b64encode(key).decode()


def encoded(count: int) -> str:
    return whsec(bytes(count))


@pytest.mark.parametrize("count", [24, 64])
def test_secret_of_allowed_length_is_decoded(count: int) -> None:
    assert decode_secret(encoded(count)) == bytes(count)


@each_of(
    "text",
    [
        encoded(23),
        encoded(65),
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_###",
        "whsec_ä",
        encoded(32)[:-1],
        encoded(32) + "\n",
    ],
)
def test_malformed_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="signing secret") as caught:
        decode_secret(text)
    assert not text[6:] or text[6:] not in str(caught.value)


KEY = bytes(range(32))


@each_of(
    "text, said",
    [
        (whsec(KEY) + "\n", "blanks or a line break"),
        ("v1," + b64encode(KEY).decode(), "as a signature does"),
        ("whpk_" + b64encode(KEY).decode(), "is a public key"),
        (b64encode(KEY).decode(), "lacks its prefix"),
        ("WHSEC_" + b64encode(KEY).decode(), "lacks its prefix"),
        ("whsec_", "nothing behind its prefix"),
        ("whsec_" + "ab-_" * 8, "alphabet for URLs"),
        ("whsec_" + "ab#d" * 8, "a character that base64 has not"),
        (whsec(KEY).rstrip("="), "padding: write = at its end"),
        (whsec(bytes(range(31))).rstrip("="), "padding: write == at its end"),
        (whsec(bytes(range(30))) + "a", "is cut"),
        (whsec(bytes(range(23))), "holds 23 bytes: 24 to 64"),
        (whsec(bytes(range(65))), "holds 65 bytes: 24 to 64"),
        (whsec(bytes(32)), "the same byte again and again"),
        ("whsk_" + b64encode(b"\xff" * 32).decode(), "the same byte again and again"),
        ("whsk_" + b64encode(bytes(range(31))).decode(), "a seed of 32 bytes"),
        ("whsk_" + b64encode(KEY + KEY).decode(), "do not belong together"),
    ],
)
def test_each_fault_of_a_secret_has_its_own_sentence_without_the_secret(
    text: str, said: str
) -> None:
    fault = secret_fault(text)
    assert fault is not None
    assert said in fault
    assert text[8:24] == "" or text[8:24] not in fault


def test_a_good_secret_has_no_fault() -> None:
    assert [secret_fault(text) for text in (whsec(KEY), new_secret(), new_secret(ED25519))] == [
        None
    ] * 3


def test_public_key_is_the_published_one_and_hmac_has_none() -> None:
    [vector] = [vector for vector in VECTORS if "public" in vector]
    assert public_key(vector["secret"]) == vector["public"]
    assert public_key(new_secret()) is None


def test_ed25519_signature_verifies_with_the_public_key_and_stands_beside_an_hmac_one() -> None:
    secret = new_secret(ED25519)
    hmac, ed25519 = sign(
        [decode_secret(new_secret()), decode_secret(secret)], "evt_1", 1_700_000_000, b"{}"
    ).split(" ")
    assert (hmac.partition(",")[0], algorithm_of(secret)) == ("v1", ED25519)
    version, _, signature = ed25519.partition(",")
    key = Ed25519PublicKey.from_public_bytes(
        b64decode((public_key(secret) or "").removeprefix("whpk_"))
    )
    key.verify(b64decode(signature), b"evt_1.1700000000.{}")
    with pytest.raises(InvalidSignature):
        key.verify(b64decode(signature), b"evt_1.1700000000.{ }")
    assert version == "v1a"


@each_of(
    "text",
    ["whsk_" + b64encode(bytes(count)).decode() for count in (31, 33, 63, 64)]
    + ["whsk_", "whsk_###"],
)
def test_malformed_private_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="signing secret") as caught:
        decode_secret(text)
    assert not text[5:] or text[5:] not in str(caught.value)


def test_seed_alone_is_a_private_key() -> None:
    whole = new_secret(ED25519)
    seed = "whsk_" + b64encode(b64decode(whole.removeprefix("whsk_"))[:32]).decode()
    assert public_key(seed) == public_key(whole)
