"""`smtp(s)://user:password@host:port?from=…`: how mail is sent. Read by the settings, used by mail.
Never repeats the password.
"""

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

WRONG = (
    "must be smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS or smtps://…; special characters in "
    "user, password and from as %XX"
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server. is_implicit: TLS from the first byte (smtps); otherwise STARTTLS when it is
    offered, which a password away from home demands.
    """

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    sender: str
    """The address in `From`."""
    sender_address: str
    is_implicit: bool

    @property
    def needs_tls(self) -> bool:
        # A password never crosses a network in clear; a server on this machine may have no
        # certificate.
        return self.is_implicit or (self.password is not None and not _is_loopback(self.host))


def read_smtp_url(url: str) -> SmtpServer:
    """The server in a URL.

    Raises ValueError with a sentence that continues the setting's name.
    """
    try:
        parts = urlsplit(url)
        port, query = parts.port, parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError(WRONG) from None
    if (
        parts.scheme not in ("smtp", "smtps")
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.fragment
        or query.keys() != {"from"}
    ):
        raise ValueError(WRONG)
    # A user alone would log in without a password, and fail at the first mail only.
    if (parts.username is None) != (parts.password is None):
        raise ValueError("must have a user and a password, or neither")
    name, address = _sender(query["from"][-1])
    username, password = (
        unquote(text) if text else None for text in (parts.username, parts.password)
    )
    is_implicit = parts.scheme == "smtps"
    sender = f"{name} <{address}>" if name else address
    return SmtpServer(
        parts.hostname,
        port or (465 if is_implicit else 587),
        username,
        password,
        sender,
        address,
        is_implicit,
    )


def _sender(text: str) -> tuple[str, str]:
    name, address = parseaddr(text)
    try:
        parsed = Address(addr_spec=address)
    # The parser raises whatever its bugs make of hostile text.
    except Exception:  # noqa: BLE001
        raise ValueError(
            "must name the sender: ?from=hookline@example.com, or "
            "?from=Hookline%20%3Chookline@example.com%3E"
        ) from None
    if (
        not parsed.domain
        or not text.isascii()
        or not text.isprintable()
        or any(mark in name for mark in '<>"\\,;:')
    ):
        raise ValueError(
            "must name the sender: ?from=hookline@example.com, or "
            "?from=Hookline%20%3Chookline@example.com%3E"
        )
    return name, address


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
