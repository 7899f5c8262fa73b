"""TLS on a port that speaks plainly, and plain HTTP on one that speaks TLS, with real servers."""

import asyncio
from pathlib import Path

import pytest

from hookline.deliveries.retries import AttemptError
from tests import receivers
from tests.receivers import Server, hostile, make_tls
from tests.workers.test_sending import LOOPBACK, request
from workers.answers import ReceiverAnswer
from workers.connections import Exchange, NotHttp, SpeaksTls
from workers.sending import Sender

SPEAKS_TLS = (
    "The receiver speaks TLS on this port, and was spoken to in plain text. Give a URL with "
    "https://."
)
SPEAKS_PLAINLY = (
    "The receiver does not speak TLS on this port: it answered in plain text. Give the port on "
    "which it does, or a URL with http://."
)


async def sent_to(url: str) -> ReceiverAnswer:
    async with Sender(LOOPBACK) as sender:
        return await sender.send(request(url))


async def test_an_alert_instead_of_an_answer_is_told_as_a_port_of_tls() -> None:
    async def alerts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x15\x03\x01\x00\x02\x02\x46")
        await writer.drain()

    async with hostile(alerts) as url:
        answer = await sent_to(url)
    assert (answer.error, answer.error_message) == (AttemptError.PROTOCOL, SPEAKS_TLS)


async def test_whoever_closes_without_a_word_may_speak_tls(tmp_path: Path) -> None:
    """OpenSSL's servers do so, on whatever port."""
    tls = make_tls("localhost", tmp_path / "ca.pem")
    async with await asyncio.start_server(receivers.hangs, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        answer = await sent_to(f"http://127.0.0.1:{port}/")
    assert answer.error is AttemptError.PROTOCOL
    assert answer.error_message == (
        "The receiver closed the connection before it had answered. A server that speaks TLS on "
        "this port does so too: if it does, give a URL with https://."
    )


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 hello\r\n", b"\x00\x01\x02\x03\x04\x05"]
)
async def test_tls_on_a_port_that_answers_plainly_is_told_so(text: bytes) -> None:
    async def answers_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        writer.write(text)
        await reader.read()

    async with Server(answers_plainly) as server:
        answer = await sent_to(server.url.replace("http", "https"))
    assert (answer.error, answer.error_message) == (AttemptError.TLS, SPEAKS_PLAINLY)


@pytest.mark.parametrize("record", [b"\x15\x03\x01\x00\x02\x02\x46", b"\x15", b"\x16\x03\x01"])
def test_a_record_of_tls_is_known_however_it_comes(record: bytes) -> None:
    with pytest.raises(SpeaksTls):
        Exchange().feed(record)


@pytest.mark.parametrize(
    "text", [b"\x15\x04", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\n\x15\x03: a\r\n\r\n"]
)
def test_other_bytes_are_no_record_of_tls(text: bytes) -> None:
    with pytest.raises(NotHttp) as fault:
        Exchange().feed(text)
    assert not isinstance(fault.value, SpeaksTls)
