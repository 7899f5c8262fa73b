"""Verification of webhooks: of what Hookline signs, of the standard's own vectors, and of what is
wrong.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from hookline.outbound.signing import decode_secret, new_secret, public_key, sign
from hookline_client import NotVerified, verify
from tests.tables import each_of

VECTORS = Path(__file__).parents[1] / "fixtures/standard_webhooks_vectors.json"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
STAMP = int(NOW.timestamp())
BODY = '{"total": 7, "text": "é"}'.encode()


def headers(secrets: list[str], body: bytes = BODY, **more: str) -> dict[str, str]:
    signature = sign([decode_secret(secret) for secret in secrets], "evt_1", STAMP, body)
    return {
        "Webhook-Id": "evt_1",
        "webhook-timestamp": str(STAMP),
        "WEBHOOK-SIGNATURE": signature,
        **more,
    }


@each_of("algorithm, readable", [("HMAC_SHA256", lambda s: s), ("ED25519", public_key)])
def test_what_hookline_signs_is_verified(
    algorithm: str, readable: Callable[[str], str | None]
) -> None:
    old, new = new_secret(algorithm), new_secret(algorithm)
    shown = [readable(old) or "", readable(new) or ""]

    for given in (shown[0], shown[1], shown, [readable(new_secret(algorithm)) or "", shown[0]]):
        webhook = verify(BODY, headers([new, old]), given, now=NOW)
        assert (webhook.id, webhook.sent_at) == ("evt_1", NOW)
        assert webhook.json() == {"total": 7, "text": "é"}
    for body in (BODY + b" ", b"", b"\xff"):
        with pytest.raises(NotVerified) as caught:
            verify(body, headers([new, old]), shown, now=NOW)
        assert caught.value.code == "SIGNATURE"


def test_vectors_of_the_standard_are_verified() -> None:
    vectors = json.loads(VECTORS.read_text())["vectors"]
    for vector in vectors:
        message = {
            "webhook-id": vector["id"],
            "webhook-timestamp": str(vector["timestamp"]),
            "webhook-signature": vector["signature"],
        }
        secret = vector.get("public") or vector["secret"]
        now = datetime.fromtimestamp(vector["timestamp"], UTC)
        assert verify(b64decode(vector["body_b64"]), message, secret, now=now).id == vector["id"]


def test_the_package_of_the_standard_agrees() -> None:
    signature = Webhook(SECRET).sign("evt_1", NOW, BODY.decode())
    message = headers([SECRET]) | {"WEBHOOK-SIGNATURE": signature}
    assert verify(BODY, message, SECRET, now=NOW).id == "evt_1"


SECRET = new_secret()


@each_of(
    "given, secret, code",
    [
        ({"webhook-id": ""}, SECRET, "HEADER_MISSING"),
        ({"webhook-timestamp": "soon"}, SECRET, "HEADER_MALFORMED"),
        ({"webhook-timestamp": "9" * 400}, SECRET, "HEADER_MALFORMED"),
        ({"webhook-timestamp": "٣"}, SECRET, "HEADER_MALFORMED"),
        ({"webhook-timestamp": str(STAMP - 301)}, SECRET, "TIME"),
        ({"webhook-timestamp": str(STAMP + 301)}, SECRET, "TIME"),
        ({"webhook-timestamp": str(STAMP - 1)}, SECRET, "SIGNATURE"),
        ({"webhook-id": "evt_2"}, SECRET, "SIGNATURE"),
        ({"webhook-signature": "v1 , é v1,é v2,AAAA"}, SECRET, "SIGNATURE"),
        ({}, new_secret(), "SIGNATURE"),
        ({}, "", "SECRET"),
        ({}, "whsec_é", "SECRET"),
        ({}, SECRET.removeprefix("whsec_"), "SECRET"),
        ({}, "whpk_AAAA", "SECRET"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(
    given: dict[str, str], secret: str, code: str
) -> None:
    message = {name.lower(): value for name, value in headers([SECRET]).items()} | given
    with pytest.raises(NotVerified) as caught:
        verify(BODY, message, secret, now=NOW)
    assert caught.value.code == code
    assert not secret or secret not in caught.value.message


def test_a_webhook_of_now_needs_no_clock_and_another_tolerance_may_be_given() -> None:
    stamp = int(datetime.now(UTC).timestamp())
    message = headers([SECRET]) | {
        "webhook-timestamp": str(stamp),
        "WEBHOOK-SIGNATURE": sign([decode_secret(SECRET)], "evt_1", stamp, BODY),
    }
    assert verify(BODY, message, SECRET).body == BODY
    with pytest.raises(NotVerified, match="60 s are allowed"):
        verify(BODY, message, SECRET, now=NOW, tolerance=timedelta(minutes=1))
