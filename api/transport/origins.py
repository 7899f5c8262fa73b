"""Pages of other origins may not speak to /graphql in a browser, whatever they send along.
`api.transport.graphql` asks before anything is read of a request or a WebSocket.
"""

from collections.abc import Mapping

from api.execution.errors import FORBIDDEN, RequestRefused
from api.transport.responses import Scope, Send, refuse_handshake

# What a browser itself says of its page; no script can set it. none: the address bar.
_OWN_SITES = (b"same-origin", b"none")

_REFUSED = (
    "A page of another origin may not use this API. HOOKLINE_ALLOWED_ORIGINS lists those that may."
)


class Origins:
    """allowed: origins besides the API's own, as browsers send them (`https://console.example`)."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        self._allowed = frozenset(origin.encode() for origin in allowed)

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Lets through servers and commands, which name no origin, and pages of the own origin or
        of an allowed one.

        Raises RequestRefused.
        """
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        if (origin is None and site is None) or site in _OWN_SITES:
            return
        if origin is not None:
            origin = origin.lower()
            if origin in self._allowed:
                return
            # A browser that says nothing of its site: the page came from plain HTTP, or it is old.
            if site is None and _is_own(origin, headers.get(b"host", b"")):
                return
        raise RequestRefused(FORBIDDEN, _REFUSED, 403)

    async def allows_socket(self, scope: Scope, send: Send) -> bool:
        """Answers 403 to a WebSocket's handshake when its page may not use the API."""
        try:
            self.check(dict(scope["headers"]))
        except RequestRefused:
            await refuse_handshake(scope, send, _REFUSED)
            return False
        return True


def _is_own(origin: bytes, host: bytes) -> bool:
    """True for the origin of a page that the Host header's server gave out."""
    # TLS ends at a proxy: which scheme the page has is known from its origin alone.
    scheme, separator, name = origin.partition(b"://")
    usual_port = b":443" if scheme == b"https" else b":80"
    return bool(separator) and name == host.lower().removesuffix(usual_port)
