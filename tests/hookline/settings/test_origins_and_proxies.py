"""Settings that name origins and proxies."""

from ipaddress import ip_network

import pytest

from hookline.errors import Misconfigured
from hookline.settings.fields import read_settings
from tests.tables import each_of


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ("https://console.example", "https://console.example"),
        ("HTTPS://Console.example/", "https://console.example"),
        ("https://console.example:443", "https://console.example"),
        ("http://console.example:80", "http://console.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:5173", "http://[::1]:5173"),
    ],
)
def test_origins_are_kept_as_browsers_send_them(
    monkeypatch: pytest.MonkeyPatch, given: str, known: str
) -> None:
    monkeypatch.setenv("HOOKLINE_ALLOWED_ORIGINS", f"https://a.example, {given}")
    assert read_settings().allowed_origins == ("https://a.example", known)


@each_of(
    "given",
    [
        "console.example",
        "*",
        "null",
        "ftp://console.example",
        "https://console.example/path",
        "https://user@console.example",
        "https://console.example?query",
        "https://",
        "https://[::1",
        "https://console.example:port",
    ],
)
def test_what_is_no_origin_is_told(given: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        read_settings(allowed_origins=given)
    assert wrong.value.message.startswith("HOOKLINE_ALLOWED_ORIGINS must hold origins such as ")
    assert wrong.value.message.endswith(f"comma-separated: {given} is none.")


def test_proxies_are_addresses_and_networks() -> None:
    settings = read_settings(proxies="10.1.0.0/16, 192.0.2.7,2001:db8::/32")
    assert settings.proxy_networks == (
        ip_network("10.1.0.0/16"),
        ip_network("192.0.2.7"),
        ip_network("2001:db8::/32"),
    )
    with pytest.raises(Misconfigured) as wrong:
        read_settings(proxies="10.1.0.0/16,proxy.example")
    assert wrong.value.message == (
        "HOOKLINE_PROXIES must hold addresses and networks such as 10.1.0.0/16, comma-separated: "
        "proxy.example is neither."
    )
