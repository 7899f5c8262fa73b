"""First messages of servers that want finite-field Diffie-Hellman, as OpenSSL writes them, cut and
wrapped in every way that OpenSSL itself takes.
"""

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from hookline.outbound.key_exchange import FiniteFieldChosen
from hookline.outbound.tls import tls_context
from tests.receivers import make_tls
from tests.tables import each_of
from tests.tls_groups import take_only

WARNING = bytes.fromhex("15 0303 0002 01 70")
"""An alert that old servers send first: the server's name is not known to them."""


class Side:
    """One end of a connection in memory."""

    def __init__(self, context: ssl.SSLContext, host: str | None = None) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = context.wrap_bio(
            self.incoming, self.outgoing, server_side=host is None, server_hostname=host
        )

    def step(self, received: bytes = b"") -> bytes:
        """Returns what this side sends after it got that."""
        self.incoming.write(received)
        with suppress(ssl.SSLWantReadError):
            self.end.do_handshake()
        return self.outgoing.read()


def server_context(tmp_path: Path, group: str) -> tuple[ssl.SSLContext, str]:
    context = make_tls("shop.example", ca := tmp_path / "ca.pem")
    take_only(context, group)
    return context, str(ca)


def cut(text: bytes, size: int) -> list[bytes]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def first_message(answer: bytes) -> bytes:
    return answer[5 : 5 + int.from_bytes(answer[3:5], "big")]


def in_records(message: bytes, size: int) -> bytes:
    """The message in several records of at most `size` bytes each."""
    return b"".join(
        bytes.fromhex("16 0303") + len(part).to_bytes(2, "big") + part
        for part in cut(message, size)
    )


def whole(answer: bytes) -> list[bytes]:
    return [answer]


def by_bytes(answer: bytes) -> list[bytes]:
    return cut(answer, 1)


def in_ten_records(answer: bytes) -> list[bytes]:
    return [in_records(first_message(answer), 10)]


def after_a_warning(answer: bytes) -> list[bytes]:
    return [WARNING + answer]


def after_a_warning_by_bytes(answer: bytes) -> list[bytes]:
    return cut(WARNING + answer, 1)


def between_warnings(answer: bytes) -> list[bytes]:
    return [WARNING, WARNING + answer]


def with_a_message_behind(answer: bytes) -> list[bytes]:
    return [in_records(first_message(answer) + bytes.fromhex("04 000000"), 100)]


WAYS: Sequence[Callable[[bytes], list[bytes]]] = [
    *(whole, by_bytes, in_ten_records, after_a_warning, after_a_warning_by_bytes),
    *(between_warnings, with_a_message_behind),
]


@pytest.mark.parametrize("way", WAYS)
def test_what_openssl_would_compute_is_refused_however_it_comes(
    tmp_path: Path, way: Callable[[bytes], list[bytes]]
) -> None:
    context, ca = server_context(tmp_path, "ffdhe2048")
    plain = ssl.create_default_context(cafile=ca)
    sent = b""
    for made, expected in ((tls_context(ca), True), (plain, False)):
        client, server = Side(made, "shop.example"), Side(context)
        pieces = way(server.step(client.step()))
        if expected:
            with pytest.raises(FiniteFieldChosen, match="ffdhe2048"):
                sent = b"".join(client.step(piece) for piece in pieces)
        elif way is not with_a_message_behind:
            sent = b"".join(client.step(piece) for piece in pieces)
            # It has computed: a public key of 2,048 bits is on its way.
            assert len(sent) > 256


@pytest.mark.parametrize("group", ["ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"])
def test_every_finite_field_is_refused_by_its_name(tmp_path: Path, group: str) -> None:
    context, ca = server_context(tmp_path, group)
    client, server = Side(tls_context(ca), "shop.example"), Side(context)
    answer = server.step(client.step())
    with pytest.raises(FiniteFieldChosen, match=group):
        client.step(answer)


@pytest.mark.parametrize("group", ["X25519", "prime256v1", "secp384r1", "secp521r1"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_curves_connect_in_pieces_of_any_size(
    tmp_path: Path, group: str, version: ssl.TLSVersion, size: int
) -> None:
    context, ca = server_context(tmp_path, group)
    context.maximum_version = version
    client, server = Side(tls_context(ca), "shop.example"), Side(context)
    text = client.step()
    while text:
        answers = [server.step(piece) for piece in cut(text, size)]
        text = b"".join(client.step(piece) for piece in cut(b"".join(answers), size))
    assert client.end.version() == version.name.replace("_", ".")
    server.end.write(b"hello")
    client.incoming.write(server.outgoing.read())
    assert client.end.read(5) == b"hello"


@pytest.mark.parametrize(
    "splinters",
    [in_records(bytes.fromhex("02 000100") + bytes(256), 4), bytes.fromhex("16 0303 0000") * 16],
)
def test_first_message_in_splinters_is_refused(splinters: bytes) -> None:
    client = Side(tls_context(), "shop.example")
    client.step()
    with pytest.raises(FiniteFieldChosen, match="too many pieces"):
        client.step(splinters)


def test_what_is_held_is_bounded() -> None:
    client = Side(tls_context(), "shop.example")
    client.step()
    # A record and a message that are longer than all that is held.
    client.step(bytes.fromhex("16 0303 ffff 02 ffffff") + bytes(32_000))
    with pytest.raises(FiniteFieldChosen, match="too long"):
        client.step(bytes(1_000))


@each_of(
    "answer, reason",
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "WRONG_VERSION_NUMBER"),
        (bytes.fromhex("15 0303 0002 02 28"), "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        (bytes.fromhex("17 0303 0001 00"), None),
        (bytes.fromhex("14 0303 0001 01"), None),
    ],
)
def test_what_is_no_handshake_is_judged_by_openssl(answer: bytes, reason: str | None) -> None:
    faults = []
    for context in (tls_context(), ssl.create_default_context()):
        client = Side(context, "shop.example")
        client.step()
        with pytest.raises(ssl.SSLError) as caught:
            client.step(answer)
        faults.append(caught.value.reason)
    assert faults[0] == faults[1]
    assert reason in (None, faults[0])
