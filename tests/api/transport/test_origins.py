"""The check of the page that a browser speaks for."""

import pytest

from api.execution.errors import RequestRefused
from api.transport.origins import Origins
from tests.api.small_server import serve_small
from tests.tables import each_of

HOST = b"hooks.example"


def is_let_through(*allowed: str, host: bytes = HOST, **headers: bytes) -> bool:
    given = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    try:
        Origins(allowed).check({b"host": host, **given})
    except RequestRefused as refused:
        return refused.status != 403 or refused.code != "FORBIDDEN"
    return True


def test_servers_and_commands_name_no_origin_and_pass() -> None:
    assert is_let_through()


@each_of(
    "headers",
    [
        {"sec_fetch_site": b"same-origin", "origin": b"https://hooks.example"},
        # A proxy in front may have changed the Host header.
        {"sec_fetch_site": b"same-origin", "origin": b"https://public.example"},
        {"sec_fetch_site": b"none"},
        {"origin": b"http://hooks.example"},
        {"origin": b"https://hooks.example"},
        {"origin": b"https://HOOKS.example"},
        {"origin": b"https://hooks.example", "host": b"hooks.example:443"},
        {"origin": b"http://hooks.example:8000", "host": b"hooks.example:8000"},
        {"origin": b"http://[::1]:8000", "host": b"[::1]:8000"},
    ],
)
def test_pages_of_the_own_origin_pass(headers: dict[str, bytes]) -> None:
    assert is_let_through(**headers)


@each_of(
    "headers",
    [
        {"origin": b"https://evil.example"},
        {"origin": b"https://hooks.example.evil.example"},
        {"origin": b"https://hooks.example:8443"},
        {"origin": b"http://hooks.example:443", "host": b"hooks.example"},
        {"origin": b"null"},
        {"origin": b""},
        {"origin": b"", "host": b""},
        {"sec_fetch_site": b"cross-site"},
        {"sec_fetch_site": b"same-site", "origin": b"https://other.hooks.example"},
        {"sec_fetch_site": b"cross-site", "origin": b"https://hooks.example"},
        {"sec_fetch_site": b"whatever"},
    ],
)
def test_pages_of_other_origins_are_refused(headers: dict[str, bytes]) -> None:
    assert not is_let_through(**headers)


@pytest.mark.parametrize("site", [b"cross-site", b"same-site", None])
def test_pages_of_listed_origins_pass(site: bytes | None) -> None:
    headers = {"origin": b"https://console.example"} | ({"sec_fetch_site": site} if site else {})
    assert is_let_through("https://console.example", **headers)
    assert not is_let_through("http://console.example", **headers)


async def test_the_check_comes_before_the_token_and_before_the_handshake() -> None:
    async with serve_small() as small:
        answer = await small.post(b"{}", origin="https://evil.example", authorization="Bearer no")
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (
            403,
            "FORBIDDEN",
        )
        answer = await small.client.get("/graphql", headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
        answer = await small.client.get(
            "/graphql",
            headers={
                "origin": "https://evil.example",
                "connection": "Upgrade",
                "upgrade": "websocket",
                "sec-websocket-version": "13",
                "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        )
        assert answer.status_code == 403
