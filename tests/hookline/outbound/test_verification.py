"""Diagnosis of a signed request: each piece that is wrong is named, and no other."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

from hookline.outbound.signing import decode_secret, new_secret, public_key, sign
from hookline.outbound.verification import examine
from tests.tables import each_of

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
BODY = b'{"id":"evt_1","n":"\xc3\xa9"}'


def signed(body: bytes = BODY, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    timestamp = int(at.timestamp())
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign([decode_secret(secret)], "evt_1", timestamp, body),
    }


def wrong(headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    """Pieces that are not right, with their sentences."""
    findings = examine(secret, headers, body, timedelta(minutes=5), NOW)
    assert [finding.piece for finding in findings] == [
        *("webhook-id", "webhook-timestamp", "secret", "webhook-signature")
    ]
    return {finding.piece: finding.text for finding in findings if not finding.is_right}


def test_a_request_as_it_was_signed_is_right() -> None:
    private = new_secret("ED25519")
    public = public_key(private)
    assert public
    rotated = signed()
    rotated["webhook-signature"] = "v1,AAAA " + rotated["webhook-signature"]

    assert wrong(signed()) == {}
    assert wrong(rotated) == {}
    assert wrong(signed(secret=private), secret=public) == {}
    assert wrong(signed(secret=private), secret=private) == {}


@each_of(
    "body, expected",
    [
        (BODY + b"\n", "fits the body without the line break at its end"),
        (BODY + b"\r\n", "fits the body without the line break at its end"),
        (b"\xef\xbb\xbf" + BODY, "without the byte order mark"),
        (b'{"id": "evt_1", "n": "\\u00e9"}', "the body was parsed and written again"),
        (b'{"id":"evt_2"}', "does not fit: the secret is another webhook's, or id, timestamp or"),
        (b"", "does not fit"),
    ],
)
def test_a_body_that_is_not_as_it_was_sent_is_told(body: bytes, expected: str) -> None:
    found = wrong(signed(), body)
    assert list(found) == ["webhook-signature"]
    assert expected in found["webhook-signature"]


@each_of(
    "name, value, piece, expected",
    [
        ("webhook-id", "", "webhook-id", "is missing"),
        ("webhook-timestamp", "", "webhook-timestamp", "is missing"),
        ("webhook-timestamp", "soon", "webhook-timestamp", "is no number"),
        ("webhook-timestamp", "1793534400000", "webhook-timestamp", "milliseconds?"),
        ("webhook-signature", "", "webhook-signature", "is missing"),
        ("webhook-signature", "v1=abc", "webhook-signature", "'v1=abc' is not VERSION,BASE64"),
        ("webhook-signature", "v1,abc", "webhook-signature", "is it cut?"),
        ("webhook-signature", "v1a,AAAA", "webhook-signature", "give its public key, whpk_"),
    ],
)
def test_a_header_that_is_wrong_is_named(name: str, value: str, piece: str, expected: str) -> None:
    found = wrong({**signed(), name: value})
    assert expected in found[piece]
    # What is signed is of the headers, so the signature may fail with them.
    assert set(found) <= {piece, "webhook-signature"}


def test_a_time_that_is_too_far_away_is_told_with_the_distance() -> None:
    old, early = NOW - timedelta(minutes=6), NOW + timedelta(minutes=6)

    assert wrong(signed(at=old)) == {
        "webhook-timestamp": "2026-11-01T11:54:00Z, 360 s ago: too old (300 s are allowed)"
    }
    assert "in the future: is a clock wrong?" in wrong(signed(at=early))["webhook-timestamp"]


@each_of(
    "secret, expected",
    [
        ("AAECAwQFBgcICQ", "lacks its prefix"),
        (SECRET[:-1], "lacks its padding"),
        ("whpk_AAAA", "is no public key"),
    ],
)
def test_a_secret_that_is_none_is_told_without_showing_it(secret: str, expected: str) -> None:
    found = wrong(signed(), secret=secret)
    assert expected in found["secret"]
    assert found["webhook-signature"] == "can't be checked without the other pieces"
    assert secret not in " ".join(found.values())


def test_mistakes_of_senders_are_recognised() -> None:
    timestamp = int(NOW.timestamp())
    of_text = sign([SECRET.removeprefix("whsec_").encode()], "evt_1", timestamp, BODY)
    other = signed(secret=new_secret())

    text = wrong({**signed(), "webhook-signature": of_text})["webhook-signature"]
    assert "made with the secret's text as the key" in text
    assert "is another webhook's" in wrong(other)["webhook-signature"]
