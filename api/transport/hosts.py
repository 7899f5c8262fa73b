"""Answers only for the hosts in HOOKLINE_ALLOWED_HOSTS, against DNS rebinding. The app wraps itself
in it: every page and socket is covered.
"""

from collections.abc import Awaitable, Callable, Iterable

from api.transport.responses import Receive, Scope, Send, send_body

# hosts are few, ports of test clients are many: whoever sends new ones must not fill the memory
_KEPT_HEADERS = 64


class AllowedHosts:
    """Plain ASGI middleware. hosts: names or addresses without a port ([::1] for IPv6); none: every
    host is answered.
    """

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], hosts: Iterable[str]
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._good_headers: set[bytes] = set()

    # As App._serve, no coroutine of its own.
    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Lifespan is the server's own message and has no headers.
        if not self._hosts or scope["type"] == "lifespan":
            return self._app(scope, receive, send)
        # All of them: two Host headers are how one gets past a check in front of a proxy that reads
        # the other.
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) == 1 and (given[0] in self._good_headers or self._is_allowed(given[0])):
            return self._app(scope, receive, send)
        if scope["type"] == "websocket":
            # Before the handshake: HTTP 403.
            return send({"type": "websocket.close", "code": 1008})
        status, text = (
            (400, b"Send one Host header.\n")
            if len(given) != 1
            else (421, b"This server does not answer for this host.\n")
        )
        return send_body(send, status, b"text/plain; charset=utf-8", text)

    def _is_allowed(self, header: bytes) -> bool:
        if _host_of(header) not in self._hosts:
            return False
        if len(self._good_headers) < _KEPT_HEADERS:
            self._good_headers.add(header)
        return True


def _host_of(header: bytes) -> str:
    """The host of `host:port`, in lower case; an IPv6 address keeps its brackets."""
    text = header.decode("latin-1").lower()
    # Only digits are a port: [::1] has colons of its own.
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit():
        host = text
    # hooks.example. is the same name, written absolutely.
    return host.rstrip(".")
