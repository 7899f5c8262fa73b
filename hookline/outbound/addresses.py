"""Addresses that a webhook may point to, and headers of its own that it may send. Called when a
webhook is saved, planned or sent. Pure: syntax and literal addresses only. It never resolves a
name; hookline/outbound/egress.py vets what a name resolves to.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

import idna

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_LENGTH_LIMIT = 2048
HEADER_COUNT_LIMIT = 20
HEADER_NAME_LENGTH_LIMIT = 128
HEADER_VALUE_BYTES_LIMIT = 4096

_TOO_LONG = (
    f"The URL is longer than {URL_LENGTH_LIMIT} characters (letters outside ASCII count "
    "as their percent-encoded form)."
)

# An own list: the flags of `ipaddress` call NAT64, 6to4 and multicast addresses global and differ
# between Python's patch releases.
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.31.196.0/24 192.52.193.0/24"
        " 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
        "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 168.63.129.16/32"
    ).split()
)
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()
)
_GLOBAL_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")

# https://fetch.spec.whatwg.org/#port-blocking
_BAD_PORTS = frozenset(
    int(text)
    for text in (
        "0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 "
        "111 113 115 117 119 123 135 137 139 143 161 179"
        " 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 "
        "995 1719 1720 1723 2049 3659 4045 4190 5060 5061"
        " 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080"
    ).split()
)
_DEFAULT_PORTS = {"http": 80, "https": 443}

_FORM = re.compile(r"(https?)://([^/?#]*)([^#]*)", re.IGNORECASE)
_FORBIDDEN_CHARACTER = re.compile(
    "[\x00-\x20\x7f-\xa0\\\\\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_LOOPBACK: tuple[Network, ...] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
# No public zone has them: RFC 6761, 6762, 8375; ICANN's reservation of internal; Kubernetes.
_LOCAL_ENDINGS = frozenset("localhost localdomain local internal lan intranet svc".split())
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?")
_NAMED = re.compile(r"([^:\[\]]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SENT_AS_TYPED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\^`{|}')

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE = re.compile(r"(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?")
REFUSED_HEADERS = frozenset(
    "host content-length content-type content-encoding transfer-encoding connection expect te "
    "trailer upgrade keep-alive user-agent traceparent"
    " accept-encoding cookie".split()
)
REFUSED_HEADER_PREFIXES = ("proxy-", "webhook-", "metadata", "x-aws-ec2-")


class UrlRefused(ValueError):
    """The URL cannot be a webhook's; the text tells a person why."""


class HeaderRefused(ValueError):
    """The header cannot be a webhook's; the text tells a person why and never shows the value."""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Targets that the operator has opened. networks: may be sent to though private; hosts: names
    (lower case) whose every address may be.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()


def is_refused(address: Address, policy: AddressPolicy) -> bool:
    """True when nothing may be sent to this address: it is not public, and the operator has not
    opened it.
    """
    if isinstance(address, IPv4Address):
        return not _is_opened(address, policy) and any(
            address in network for network in _REFUSED_V4
        )
    # A scope names an interface of this machine.
    if address.scope_id:
        return True
    # Dialled as the IPv4 address that it holds, so judged as that.
    if address.ipv4_mapped is not None:
        return is_refused(address.ipv4_mapped, policy)
    if _is_opened(address, policy):
        return False
    # A gateway of the network translates it to the IPv4 address in its last 32 bits.
    if address in _NAT64:
        return is_refused(IPv4Address(int(address) & 0xFFFF_FFFF), policy)
    return address not in _GLOBAL_V6 or any(address in network for network in _REFUSED_V6)


def is_loopback(address: Address) -> bool:
    """True for an address of this machine, also where IPv6 holds it as an IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _is_opened(address: Address, policy: AddressPolicy) -> bool:
    return any(
        address in network for network in policy.networks if network.version == address.version
    )


def check_url(text: str, policy: AddressPolicy) -> str:
    """The URL as it is stored, compared and dialled: scheme and host in lower case, IDNA host in
    ASCII, no default port, a path.

    Raises UrlRefused for anything else than an http or https URL with a strict host, and for a
    literal address that may not be sent to.
    """
    if len(text) > URL_LENGTH_LIMIT:
        raise UrlRefused(_TOO_LONG)
    if _FORBIDDEN_CHARACTER.search(text):
        raise UrlRefused(
            "The URL must not contain spaces, backslashes, control characters or invisible "
            "characters."
        )
    found = _FORM.match(text)
    if not found:
        raise UrlRefused("The URL must start with https:// or http://.")
    if found.end() != len(text):
        raise UrlRefused("The URL must not have a fragment: leave out the # and what follows it.")
    scheme = found[1].lower()
    host, port = _host_and_port(found[2], policy)
    authority = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    rest = quote(found[3], safe=_SENT_AS_TYPED)
    url = f"{scheme}://{authority}{rest if rest.startswith('/') else '/' + rest}"
    if len(url) > URL_LENGTH_LIMIT:
        raise UrlRefused(_TOO_LONG)
    return url


def _host_and_port(authority: str, policy: AddressPolicy) -> tuple[str, int | None]:
    """Host as in a URL (an IPv6 address in brackets) and the port that was given."""
    if "@" in authority:
        raise UrlRefused("The URL must not hold a user name or password: use basicAuth.")
    if "%" in authority:
        raise UrlRefused("The host must not contain %.")
    if found := _BRACKETED.fullmatch(authority):
        host = f"[{_literal(found[1], policy)}]"
    elif found := _NAMED.fullmatch(authority):
        host = _name_or_ipv4(found[1], policy)
    else:
        raise UrlRefused(
            "The URL needs a host, and after it at most a colon and a port: "
            "https://example.com:8443/path."
        )
    return host, _port(found[2]) if found[2] else None


def _port(text: str) -> int:
    port = int(text)
    if port > 65535 or port in _BAD_PORTS:
        raise UrlRefused(
            f"Port {port} is not allowed: it belongs to another protocol or does not exist."
        )
    return port


def _name_or_ipv4(text: str, policy: AddressPolicy) -> str:
    host = _to_ascii(text)
    host = host.removesuffix(".")
    labels = host.split(".")
    # `127.1`, `0x7f.1` and `2130706433` would resolve to loopback
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(host, policy)
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise UrlRefused(
            "The host is not a valid name: labels of 1 to 63 letters, digits, - and _, with single "
            "dots between them."
        )
    if _is_local_name(labels) and host not in policy.hosts and not _may_be_opened(labels, policy):
        raise UrlRefused(
            f"The host {host} is a name of a private network. Use a public one, or let the "
            "operator open it with HOOKLINE_EGRESS_ALLOW."
        )
    return host


def _is_local_name(labels: list[str]) -> bool:
    """True for names that no public server has: of this machine, of a cloud's metadata, of a
    cluster or a local network.
    """
    return len(labels) == 1 or labels[-1] in _LOCAL_ENDINGS or labels[-2:] == ["home", "arpa"]


def _may_be_opened(labels: list[str], policy: AddressPolicy) -> bool:
    """True when the name may lead to one of the networks that the operator has opened."""
    if labels[-1] in ("localhost", "localdomain"):
        return any(
            network.version == loop.version and network.overlaps(loop)
            for network in policy.networks
            for loop in _LOOPBACK
        )
    # Opening this machine alone, as `hookline dev` does, opens no name of a cloud or a cluster.
    return any(not network.is_loopback for network in policy.networks)


def _to_ascii(text: str) -> str:
    """The host in lower-case ASCII (IDNA 2008 after UTS 46 mapping); also refuses `xn--` labels
    that no name encodes to.
    """
    lowered = text.lower()
    if lowered.isascii() and "xn--" not in lowered:
        return lowered
    try:
        return idna.encode(lowered, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise UrlRefused("The host is not a valid internationalised name.") from None


def _literal(text: str, policy: AddressPolicy) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        raise UrlRefused(
            "The host looks like an IP address, but is none: write IPv4 as four decimal numbers, "
            "IPv6 in brackets."
        ) from None
    if is_refused(address, policy):
        raise UrlRefused(
            "Address not allowed: it is private or reserved. Use a public one, or let the "
            "operator open it with HOOKLINE_EGRESS_ALLOW."
        )
    return address.compressed


def check_header(name: str, value: str) -> None:
    """Lets a header pass that a webhook may add to its requests.

    Raises HeaderRefused.
    """
    if not _TOKEN.fullmatch(name) or len(name) > HEADER_NAME_LENGTH_LIMIT:
        raise HeaderRefused(
            f"A header name is 1 to {HEADER_NAME_LENGTH_LIMIT} letters, digits and !#$%&'*+-.^_`|~."
        )
    lowered = name.lower()
    if lowered == "content-type":
        raise HeaderRefused(
            "The header content-type is set by payloadContentType, beside a payloadTemplate."
        )
    if lowered in REFUSED_HEADERS or lowered.startswith(REFUSED_HEADER_PREFIXES):
        raise HeaderRefused(
            f"The header {name} is set by Hookline or reserved. Choose another name."
        )
    if len(value) > HEADER_VALUE_BYTES_LIMIT:
        raise HeaderRefused(
            f"The value of the header {name} is longer than {HEADER_VALUE_BYTES_LIMIT} bytes."
        )
    if not _PRINTABLE.fullmatch(value):
        raise HeaderRefused(
            f"The value of the header {name} must be printable ASCII (tabs inside are fine), "
            "without blanks at its ends."
        )
