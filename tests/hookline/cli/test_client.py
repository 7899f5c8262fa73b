"""The commands' requests: where the token goes, and what is said before it goes."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from hookline.cli import client
from hookline.settings.fields import read_settings
from tests.tables import each_of

ANSWER = b'{"data": {"answered": true}}'


class Listener(ThreadingHTTPServer):
    """A server, or a proxy, that answers everything and keeps what it was asked and given."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, self.headers["authorization"]))
        self.send_response(200)
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *values: object) -> None:
        """Says nothing."""


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Listener, Listener]]:
    """A server on this machine, and a proxy that the environment names."""
    client.warn_of_plain_text.cache_clear()
    with Listener() as server, Listener() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for one in (server, proxy):
            Thread(target=one.serve_forever, args=(0.01,), daemon=True).start()
        yield server, proxy
        for one in (server, proxy):
            one.shutdown()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "127.1"])
def test_the_token_reaches_a_server_on_this_machine_without_the_proxy(
    listeners: tuple[Listener, Listener], host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server, proxy = listeners
    settings = read_settings(server=f"http://{host}:{server.server_port}", token="hl_t")
    assert client.execute(settings, "{ x }", {}, dict, role="sync") == {"answered": True}
    assert server.requests == [("/graphql", "Bearer hl_t")]
    assert proxy.requests == []
    assert capsys.readouterr() == ("", "")


def test_plain_http_to_another_machine_is_warned_of_once_and_uses_the_proxy(
    listeners: tuple[Listener, Listener], capsys: pytest.CaptureFixture[str]
) -> None:
    _, proxy = listeners
    settings = read_settings(server="http://hooks.invalid:8000", token="hl_t")
    for _ in range(2):
        client.execute(settings, "{ x }", {}, dict, role="sync")
    assert proxy.requests == [("http://hooks.invalid:8000/graphql", "Bearer hl_t")] * 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "warning: http://hooks.invalid:8000 is not encrypted: everybody on the way can read the "
        "token. Set HOOKLINE_SERVER to an https:// URL.\n"
    )


@each_of(
    "server, expected",
    [
        ("http://[::1]:8000", True),
        ("http://[::ffff:127.0.0.1]:8000", True),
        ("http://127.8.9.1", True),
        ("http://hooks.localhost", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://10.0.0.1", False),
        ("http://127.1:8000", True),
        ("http://2130706433", True),
        ("http://0x7f.1", True),
        ("http://0177.0.0.1", True),
        ("http://128.1", False),
        ("https://hooks.example.com", False),
    ],
)
def test_this_machine_is_told_by_name_and_address(server: str, expected: bool) -> None:
    assert client.is_this_machine(server) is expected


def test_only_plain_http_goes_without_certificates() -> None:
    assert client.verification(read_settings(server="http://127.0.0.1:8000")) is False
    assert client.verification(read_settings(server="https://127.0.0.1:8000")) is True


@pytest.mark.parametrize("status", [502, 504])
def test_a_proxy_that_gave_up_waiting_is_an_answer_that_was_lost(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    page = httpx.Response(status, text="<html><h1>Gateway Time-out</h1></html>")
    monkeypatch.setattr(client, "_ask", lambda *_: page)
    settings = read_settings(server="https://hooks.example.com", token="hl_t")
    with pytest.raises(client.ServerFault, match="may still happen") as caught:
        client.execute(settings, "mutation { x }", {}, dict, role="sync")
    assert caught.value.code == "ANSWER_LOST"


def test_a_server_that_does_not_answer_in_time_may_have_acted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def post(*_: object, **__: object) -> httpx.Response:
        raise httpx.ReadTimeout("")

    monkeypatch.setattr(httpx, "post", post)
    settings = read_settings(server="https://hooks.example.com", token="hl_t")
    with pytest.raises(client.ServerFault, match="may still happen") as caught:
        client.execute(settings, "mutation { x }", {}, dict, role="sync")
    assert caught.value.code == "ANSWER_LOST"
