"""The guarded way out against a hostile network: names that change their mind, redirects, proxies,
certificates, resets at every stage.
"""

import asyncio
import fcntl
import ssl
import struct
import tracemalloc
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from termios import TIOCOUTQ

import pytest

from hookline.deliveries.retries import AttemptError
from hookline.outbound.addresses import AddressPolicy
from hookline.outbound.egress import CACHE_SECONDS
from tests import receivers
from tests.receivers import Handler, Receiver, Reply, Server, hostile, make_tls, read_request, reset
from tests.tables import each_of
from tests.tls_groups import take_only
from tests.waiting import eventually
from workers.answers import ReceiverAnswer
from workers.sending import OutboundRequest, Sender

LOOPBACK = AddressPolicy((ip_network("127.0.0.1/32"),))
PUBLIC = "192.0.66.2"


def request(url: str, timeout_seconds: float = 5.0, body: bytes = b"{}") -> OutboundRequest:
    return OutboundRequest(url, [("Content-Type", "application/json")], body, timeout_seconds)


class ChangingNames:
    """Gives its answers one after the other, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_name_that_turns_private_after_it_was_vetted_is_dialled_at_the_vetted_address() -> (
    None
):
    names = ChangingNames(["127.0.0.1"], ["127.0.0.2"])
    async with (
        Sender(LOOPBACK, resolve=names.resolve) as sender,
        Receiver([Reply(headers=[("Connection", "close")])]) as receiver,
    ):
        url = f"http://rebind.example:{receiver.port}/"
        answers = [await sender.send(request(url)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert (names.asked, receiver.connection_count) == (1, 3)
        until, found = sender._guard._known["rebind.example"]
        sender._guard._known["rebind.example"] = until - CACHE_SECONDS - 1, found
        assert (await sender.send(request(url))).error is AttemptError.REFUSED_ADDRESS
        assert (names.asked, receiver.connection_count) == (2, 3)


@pytest.mark.parametrize(
    "others",
    [
        [PUBLIC, "127.0.0.2"],
        ["127.0.0.2", PUBLIC],
        [PUBLIC, "::1"],
        [*[PUBLIC] * 20, "10.0.0.1"],
        ["127.0.0.1", "169.254.169.254"],
    ],
)
async def test_one_private_address_among_others_keeps_all_from_being_dialled(
    others: list[str],
) -> None:
    names = ChangingNames(others)
    async with Sender(LOOPBACK, resolve=names.resolve) as sender, Receiver() as receiver:
        answer = await sender.send(request(f"http://mixed.example:{receiver.port}/"))
        assert receiver.connection_count == 0
    assert answer.error is AttemptError.REFUSED_ADDRESS
    assert answer.error_message is not None
    assert not any(address in answer.error_message for address in others)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_an_answer_and_nobody_goes_there(status: int) -> None:
    async with (
        Receiver() as inside,
        Receiver([Reply(status, headers=[("Location", inside.url)])]) as receiver,
        Sender(LOOPBACK) as sender,
    ):
        answer = await sender.send(request(receiver.url))
        assert (answer.status_code, answer.error, inside.connection_count) == (status, None, 0)
    assert ("Location", inside.url) in answer.headers


async def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver() as proxy, Receiver() as receiver, Sender(LOOPBACK) as sender:
        for name in (
            "HTTP_PROXY",
            "http_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "ALL_PROXY",
            "all_proxy",
        ):
            monkeypatch.setenv(name, proxy.url)
        assert (await sender.send(request(receiver.url))).status_code == 200
        assert proxy.connection_count == 0


async def sent_with_tls(
    tls: ssl.SSLContext, ca_file: str, host: str = "shop.example"
) -> ReceiverAnswer:
    names = ChangingNames(["127.0.0.1"])
    async with (
        Receiver(tls=tls) as receiver,
        Sender(LOOPBACK, resolve=names.resolve, ca_file=ca_file) as sender,
    ):
        answer = await sender.send(request(f"https://{host}:{receiver.port}/in"))
        assert len(receiver.requests) == (answer.status_code == 200)
    return answer


async def test_own_authority_is_trusted_and_no_other(tmp_path: Path) -> None:
    tls = make_tls("shop.example", ca := tmp_path / "ca.pem")
    make_tls("shop.example", stranger := tmp_path / "stranger.pem")
    assert (await sent_with_tls(tls, str(ca))).status_code == 200
    for ca_file in ("", str(stranger)):
        answer = await sent_with_tls(tls, ca_file)
        assert answer.error is AttemptError.TLS
        assert "self-signed" in str(answer.error_message)


async def test_authority_of_ones_own_comes_on_top_of_the_systems(tmp_path: Path) -> None:
    make_tls("shop.example", ca := tmp_path / "ca.pem")
    async with Sender(LOOPBACK) as plain, Sender(LOOPBACK, ca_file=str(ca)) as sender:
        before, after = (made._tls.cert_store_stats()["x509_ca"] for made in (plain, sender))
    assert after == before + 1


@pytest.mark.parametrize(
    ("host", "valid_from", "valid_until", "reason"),
    [
        ("other.example", -1, 1, "Hostname mismatch"),
        ("*.eu.shop.example", -1, 1, None),
        ("*.shop.example", -1, 1, "Hostname mismatch"),
        ("shop.example", -2, -1, "certificate has expired"),
        ("shop.example", 1, 2, "certificate is not yet valid"),
    ],
)
async def test_certificate_must_be_for_the_host_and_for_now(
    tmp_path: Path, host: str, valid_from: int, valid_until: int, reason: str | None
) -> None:
    tls = make_tls(host, ca := tmp_path / "ca.pem", timedelta(valid_from), timedelta(valid_until))
    answer = await sent_with_tls(
        tls, str(ca), "a.eu.shop.example" if reason is None else "shop.example"
    )
    if reason is None:
        assert answer.status_code == 200
    else:
        assert (answer.error, answer.error_message) == (
            AttemptError.TLS,
            f"The receiver's certificate is not valid: {reason}.",
        )


async def test_old_protocol_versions_are_refused(tmp_path: Path) -> None:
    tls = make_tls("shop.example", ca := tmp_path / "ca.pem")
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        tls.minimum_version, tls.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    assert (await sent_with_tls(tls, str(ca))).error is AttemptError.TLS


async def test_receiver_that_makes_this_process_compute_is_a_tls_failure(tmp_path: Path) -> None:
    tls = make_tls("shop.example", ca := tmp_path / "ca.pem")
    # 0.3 s of CPU in one piece for whoever agrees.
    take_only(tls, "ffdhe8192")
    answer = await sent_with_tls(tls, str(ca))
    assert answer.error is AttemptError.TLS
    assert answer.error_message == (
        "The receiver insists on finite-field Diffie-Hellman in TLS, which Hookline does not "
        "compute. Let it take X25519 or P-256."
    )


async def test_receiver_that_wants_a_certificate_of_ours_is_a_tls_failure(tmp_path: Path) -> None:
    tls = make_tls("shop.example", ca := tmp_path / "ca.pem")
    tls.verify_mode, tls.maximum_version = ssl.CERT_REQUIRED, ssl.TLSVersion.TLSv1_2
    assert (await sent_with_tls(tls, str(ca))).error is AttemptError.TLS


async def resets_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    reset(writer)


async def resets_in_the_handshake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.readexactly(5)
    reset(writer)


async def resets_in_the_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(100)
    reset(writer)


async def says_and_resets(
    words: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await read_request(reader)
    writer.write(words)
    # a reset overtakes what was sent before it
    await eventually(lambda: has_all(writer))
    reset(writer)


def has_all(writer: asyncio.StreamWriter) -> bool:
    """The other side's kernel has acknowledged every byte."""
    unsent = struct.unpack("i", fcntl.ioctl(writer.get_extra_info("socket"), TIOCOUTQ, bytes(4)))
    return not writer.transport.get_write_buffer_size() and unsent == (0,)


async def speaks_no_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 hello\r\n")
    await reader.read()


@each_of(
    "scheme, behaviour, status, error",
    [
        ("https", resets_at_once, None, AttemptError.TLS),
        ("https", resets_in_the_handshake, None, AttemptError.TLS),
        ("https", speaks_no_tls, None, AttemptError.TLS),
        ("http", resets_at_once, None, AttemptError.PROTOCOL),
        ("http", resets_in_the_request, None, AttemptError.PROTOCOL),
        ("http", partial(says_and_resets, b""), None, AttemptError.PROTOCOL),
        ("http", partial(says_and_resets, b"HTTP/1."), None, AttemptError.PROTOCOL),
        ("http", partial(says_and_resets, b"HTTP/1.1 200 OK\r\n"), None, AttemptError.PROTOCOL),
        (
            "http",
            partial(says_and_resets, b"HTTP/1.1 200 OK\r\nContent-Le"),
            None,
            AttemptError.PROTOCOL,
        ),
        (
            "http",
            partial(says_and_resets, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
            200,
            None,
        ),
        (
            "http",
            partial(says_and_resets, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
            200,
            None,
        ),
        (
            "http",
            partial(
                says_and_resets, b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha"
            ),
            500,
            None,
        ),
    ],
)
async def test_reset_at_any_stage_ends_it_at_once(
    scheme: str, behaviour: Handler, status: int | None, error: AttemptError | None
) -> None:
    async with Server(behaviour) as server, Sender(LOOPBACK) as sender, asyncio.timeout(60):
        answer = await sender.send(
            request(server.url.replace("http:", scheme + ":"), 60, b"x" * 2_000_000)
        )
    assert (answer.status_code, answer.error) == (status, error)


async def test_connection_that_is_reset_while_it_waits_is_not_used_again() -> None:
    async def answers_and_resets(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await says_and_resets(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", reader, writer)

    async with Server(answers_and_resets) as server, Sender(LOOPBACK) as sender:
        assert (await sender.send(request(server.url))).status_code == 200
        [[waiting]] = sender._idle._idle.values()
        await eventually(lambda: not waiting.is_open, seconds=3)  # before it is too old
        assert (await sender.send(request(server.url))).status_code == 200
        assert server.connection_count == 2


async def test_handshake_that_hangs_is_held_to_the_deadline() -> None:
    async with hostile(receivers.hangs) as url, Sender(LOOPBACK) as sender, asyncio.timeout(60):
        answer = await sender.send(request(url.replace("http:", "https:"), 0.3))
    assert answer.error is AttemptError.TIMEOUT


@each_of(
    "behaviour",
    [
        receivers.sends_endless_body,
        receivers.sends_endless_header,
        receivers.sends_endless_trailer,
        receivers.floods_trailers,
        receivers.sends_endless_extension,
        receivers.floods_informational_answers,
        receivers.sends_ten_thousand_headers,
    ],
)
async def test_no_receiver_fills_the_memory(behaviour: Handler) -> None:
    async with hostile(behaviour) as url, Sender(LOOPBACK) as sender:
        tracemalloc.start()
        try:
            answer = await sender.send(request(url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert answer.status_code in (200, None)
    assert peak < 2_000_000
