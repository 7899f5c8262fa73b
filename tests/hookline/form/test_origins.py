"""Origins of URLs, and the secrets that a move to another one leaves behind."""

from hookline.form.origins import left_behind, origin_of
from hookline.outbound.addresses import AddressPolicy, check_url
from tests.tables import each_of

OPEN = AddressPolicy((), frozenset())
SAME = [
    ("https://a.example/in", "https://a.example/out?x=1"),
    ("https://a.example", "https://a.example:443/"),
    ("http://a.example/", "http://a.example:80/"),
    ("https://a.example/", "HTTPS://A.EXAMPLE./"),
    ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ("https://BÜCHER.example/", "https://bu\u0308cher.example/"),
    ("https://a。example/", "https://a.example/"),
    ("https://[2606:4700::0:1]/", "https://[2606:4700:0:0::1]:443/"),
]
OTHER = [
    ("https://a.example/", "http://a.example/"),
    ("https://a.example/", "https://b.example/"),
    ("https://a.example/", "https://a.example.b.example/"),
    ("https://a.example/", "https://a.example:8443/"),
    ("http://a.example:443/", "https://a.example/"),
    ("https://a.example/", "https://sub.a.example/"),
    ("https://a.example/", "https://а.example/"),
    ("https://a.example/", "https://b.example/https://a.example/"),
    ("https://a.example/", "https://b.example?https://a.example/"),
]


@each_of("one, other", SAME)
def test_two_spellings_of_one_place_are_one_origin(one: str, other: str) -> None:
    assert origin_of(check_url(one, OPEN)) == origin_of(check_url(other, OPEN))


@each_of("one, other", OTHER)
def test_another_scheme_host_or_port_is_another_origin(one: str, other: str) -> None:
    assert origin_of(check_url(one, OPEN)) != origin_of(check_url(other, OPEN))


def test_headers_are_known_by_their_name_and_not_by_their_place() -> None:
    stored = {
        "url": "https://a.example/",
        "headers": [_header("X-Key", "1"), _header("X-JWT", "2")],
    }
    whole = {"url": "https://b.example/", "headers": [_header("x-jwt", "2"), _header("X-KEY", "1")]}
    assert left_behind(stored, whole, {"headers": whole["headers"]}) == []
    swapped = {"headers": [_header("X-Key", "2"), _header("X-JWT", "1")]}
    assert [problem.field for problem in left_behind(stored, whole, swapped)] == [
        ("headers", "0", "value"),
        ("headers", "1", "value"),
    ]


def _header(name: str, fingerprint: str) -> dict[str, object]:
    return {"name": name, "value": {"fingerprint": fingerprint}}
