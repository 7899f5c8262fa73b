"""`/metrics`: numbers of this process for Prometheus. They are the installation's, so that no
workspace's token opens it, but one of the operator's own. Served by the API and by the port of
hookline.serving.metrics_port.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from hmac import compare_digest
from typing import Any, Final

from pydantic import SecretStr

from hookline.metrics import CONTENT_TYPE, Metrics

Scope = MutableMapping[str, Any]  # Any: ASGI, here and below.
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATH: Final = "/metrics"
_TEXT: Final = "text/plain; charset=utf-8"


class MetricsPage:
    """ASGI application. token: is not empty."""

    def __init__(self, metrics: Metrics, token: SecretStr) -> None:
        self._metrics, self._token = metrics, token.get_secret_value().encode()
        assert self._token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH:
            await _answer(send, 404, f"See {PATH}.\n".encode())
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"Metrics are read with GET.\n", {b"allow": b"GET, HEAD"})
        elif not self._is_authorized(scope):
            await _answer(
                send,
                401,
                b"Send the token of HOOKLINE_METRICS_TOKEN: Authorization: Bearer TOKEN\n",
                {b"www-authenticate": b"Bearer"},
            )
        else:
            headers = {b"cache-control": b"no-store"}
            await _answer(send, 200, self._metrics.text(), headers, CONTENT_TYPE)

    def _is_authorized(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        scheme, _, token = given.partition(b" ")
        # In constant time: a token can't be guessed letter by letter.
        return scheme.lower() == b"bearer" and compare_digest(token.strip(), self._token)


async def _answer(
    send: Send,
    status: int,
    body: bytes,
    headers: dict[bytes, bytes] | None = None,
    content_type: str = _TEXT,
) -> None:
    sent = {
        b"content-type": content_type.encode(),
        b"content-length": str(len(body)).encode(),
        **(headers or {}),
    }
    await send({"type": "http.response.start", "status": status, "headers": list(sent.items())})
    await send({"type": "http.response.body", "body": body})
