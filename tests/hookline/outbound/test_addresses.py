"""URLs, addresses and headers that a webhook may have, and every spelling of those that
it may not.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.outbound.addresses import (
    AddressPolicy,
    HeaderRefused,
    UrlRefused,
    check_header,
    check_url,
    is_refused,
)
from tests.tables import each_of

CLOSED = AddressPolicy()


@each_of(
    "typed, stored",
    [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://Example.COM:443/In?A=b", "https://example.com/In?A=b"),
        ("http://example.com:80", "http://example.com/"),
        ("http://example.com:8080", "http://example.com:8080/"),
        ("https://example.com.", "https://example.com/"),
        ("https://example.com?x=1", "https://example.com/?x=1"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("https://example.com/a%2Fb/../c", "https://example.com/a%2Fb/../c"),
        ("http://8.8.8.8", "http://8.8.8.8/"),
        ("http://[2606:4700:0::1111]:8443/", "http://[2606:4700::1111]:8443/"),
        ("http://receiver.test", "http://receiver.test/"),
    ],
)
def test_good_url_is_stored_in_one_form(typed: str, stored: str) -> None:
    assert check_url(typed, CLOSED) == stored
    assert check_url(stored, CLOSED) == stored


@each_of(
    "url",
    """ftp://example.com example.com //example.com https:example.com https:// https:///path https://:443/ https://u@example.com https://u:p@example.com
    https://example.com/#part https://example.com# https://exa%6dple.com https://example.com:22 https://example.com:6667 https://example.com:0
    https://example.com:65536 https://example.com: https://example.com:80:80 https://a..b https://.example.com https://-a.example https://a-.example
    https://example.com.. https://xn--n3h.com https://☃.com https://[::g] https://[::1 https://[fe80::1%25eth0] https://1.2.3.4.5 https://example.0x1f
    https://127.1 https://0x7f.1 https://2130706433 https://017700000001 https://0 https://127.0.0.01 https://0x7f000001 https://1.2.3.256""".split(),
)
def test_malformed_url_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused, match=r"\.$"):
        check_url(url, CLOSED)


@each_of(
    "character",
    [
        " ",
        "\t",
        "\r",
        "\n",
        "\x00",
        "\x7f",
        "\\",
        "\u00ad",
        "\u200b",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\ud800",
    ],
)
def test_url_with_a_hidden_character_is_refused(character: str) -> None:
    with pytest.raises(UrlRefused, match="must not contain"):
        check_url(f"https://example.com/a{character}b", CLOSED)


@each_of(
    "host",
    """127.0.0.1 127.0.0.1. 127.255.0.9 10.1.2.3 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 168.63.129.16 0.0.0.0 224.0.0.1 255.255.255.255
    192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 １２７.0.0.1 127。0。0。1 [::1] [::] [::ffff:127.0.0.1] [::ffff:100.64.0.1] [::127.0.0.1]
    [64:ff9b::10.0.0.1] [2002:7f00:1::] [2001::1] [2001:db8::1] [fe80::1] [fec0::1] [fc00::1] [ff02::1] [3fff::1] [64:ff9b:1::1]""".split(),
)
def test_literal_address_that_is_not_public_is_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(UrlRefused, match="Address not allowed"):
        check_url(f"http://{host}/", CLOSED)


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "[64:ff9b::8.8.8.8]"]
)
def test_public_literal_address_passes(host: str) -> None:
    assert check_url(f"http://{host}/", CLOSED).startswith("http://")


@each_of(
    "network",
    """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16
    198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 168.63.129.16/32""".split(),
)
def test_network_is_refused_from_its_first_address_to_its_last_and_no_further(network: str) -> None:
    first, last = ip_network(network)[0], ip_network(network)[-1]
    assert is_refused(first, CLOSED)
    assert is_refused(last, CLOSED)
    neighbours = [first - 1] if int(first) else []
    if int(last) < 2**32 - 1:
        neighbours.append(last + 1)
    assert not any(is_refused(address, CLOSED) for address in neighbours)


@each_of("form", ["::ffff:{}", "::{}", "64:ff9b::{}"])
@each_of(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1", "0.0.0.0", "224.0.0.1"]
)
def test_ipv4_address_inside_an_ipv6_one_is_refused_in_dots_and_in_hex(
    form: str, address: str
) -> None:
    dotted = form.format(address)
    for spelled in (
        dotted,
        IPv6Address(dotted).exploded,
        IPv6Address(dotted).exploded.upper(),
        f"{IPv6Address(dotted)!s}",
    ):
        with pytest.raises(UrlRefused, match="Address not allowed"):
            check_url(f"http://[{spelled}]/", CLOSED)
        assert is_refused(ip_address(spelled), CLOSED)


@each_of(
    "address",
    """100::1 ::ffff:0:127.0.0.1 64:ff9b:1:7f00::1 2001:2::1 2001:10::1 2001:20::1 2001:0:808:808::1 2002:808:808::1 5f00::1 fd00:ec2::254 febf::1
    ff0e::1 4000::1 2620:4f:8000::1""".split(),
)
def test_ipv6_address_outside_the_public_ones_is_refused(address: str) -> None:
    assert is_refused(ip_address(address), CLOSED)


@given(st.ip_addresses())
def test_whatever_python_calls_private_is_refused(address: IPv4Address | IPv6Address) -> None:
    embedded = getattr(address, "ipv4_mapped", None) or address
    assert embedded.is_global or is_refused(address, CLOSED)


def test_networks_of_the_operator_are_open_and_their_neighbours_closed() -> None:
    policy = AddressPolicy((ip_network("10.1.0.0/16"), ip_network("::1/128")))
    assert not is_refused(ip_address("10.1.2.3"), policy)
    assert not is_refused(ip_address("::ffff:10.1.2.3"), policy)
    assert not is_refused(ip_address("::1"), policy)
    assert is_refused(ip_address("10.2.0.1"), policy)
    assert is_refused(ip_address("::2"), policy)


def test_scoped_address_is_refused_even_in_an_open_network() -> None:
    assert is_refused(IPv6Address("fe80::1%eth0"), AddressPolicy((ip_network("fe80::/10"),)))


def test_too_long_url_is_refused_also_when_only_its_stored_form_is() -> None:
    check_url("https://example.com/" + "a" * 2028, CLOSED)
    for path in ("a" * 2029, "ä" * 400):
        with pytest.raises(UrlRefused, match="longer than 2048"):
            check_url("https://example.com/" + path, CLOSED)


@given(st.text(max_size=60))
def test_any_text_is_either_refused_or_stored_stably(rest: str) -> None:
    try:
        stored = check_url("http://" + rest, CLOSED)
    except UrlRefused:
        return
    assert check_url(stored, CLOSED) == stored
    assert stored.isascii()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Source", "shop"),
        ("Authorization", "Bearer abc"),
        ("x", ""),
        ("X-Tab", "a\tb"),
        ("X-Long", "v" * 4096),
    ],
)
def test_ordinary_header_passes(name: str, value: str) -> None:
    assert refusal_of(name, value) is None


def refusal_of(name: str, value: str) -> str | None:
    try:
        check_header(name, value)
    except HeaderRefused as refused:
        return str(refused)
    return None


@each_of(
    "name",
    """Host content-length Transfer-Encoding Connection Expect TE Trailer Upgrade Keep-Alive Proxy-Authorization webhook-id
    Webhook-Anything User-Agent traceparent Accept-Encoding Content-Encoding Cookie Metadata Metadata-Flavor X-aws-ec2-metadata-token""".split(),
)
def test_reserved_header_name_is_refused(name: str) -> None:
    with pytest.raises(HeaderRefused, match="reserved"):
        check_header(name, "x")


@each_of("name", ["", "a b", "a:b", "a\n", "ä", "a" * 129])
def test_header_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(HeaderRefused, match="header name"):
        check_header(name, "x")


@each_of("value", ["a\r\nb", "a\nb", "a\x00", " a", "a ", "\ta", "ä", "\x7f"])
def test_unprintable_header_value_is_refused_without_being_shown(value: str) -> None:
    with pytest.raises(HeaderRefused, match="printable") as caught:
        check_header("X-Name", value + "secret" if value == "\ta" else value)
    assert "secret" not in str(caught.value)


def test_too_long_header_value_is_refused() -> None:
    with pytest.raises(HeaderRefused, match="longer than 4096"):
        check_header("X-Name", "v" * 4097)


def test_content_type_is_told_with_the_field_that_sets_it() -> None:
    with pytest.raises(HeaderRefused, match="payloadContentType"):
        check_header("Content-Type", "text/plain")


LOCAL = (
    "localhost",
    "db.localhost.",
    "crm",
    "metadata.google.internal",
    "orders.shop.svc",
    "orders.shop.svc.cluster.local",
    "printer.lan",
    "nas.home.arpa",
)
LOOPBACK = AddressPolicy((ip_network("127.0.0.0/8"),))
PRIVATE = AddressPolicy((ip_network("10.0.0.0/8"),))


@each_of("host", LOCAL)
def test_names_of_private_networks_are_refused_unless_the_operator_opened_some(host: str) -> None:
    url = f"http://{host}/in"
    with pytest.raises(UrlRefused, match="HOOKLINE_EGRESS_ALLOW"):
        check_url(url, CLOSED)
    opened = AddressPolicy(hosts=frozenset({host.removesuffix(".")}))
    assert check_url(url, opened).startswith("http://")
    # Opening this machine opens its own names alone, and another network the others.
    right, wrong = (LOOPBACK, PRIVATE) if "localhost" in host else (PRIVATE, LOOPBACK)
    assert check_url(url, right)
    with pytest.raises(UrlRefused, match="HOOKLINE_EGRESS_ALLOW"):
        check_url(url, wrong)
