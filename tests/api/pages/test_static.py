"""The GraphiQL page: what the server puts into it, and that nothing but the build is served."""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.pages import graphiql as pages
from api.pages.static import Redeem
from tests.tables import each_of

SOURCE_PAGE = Path(pages.__file__).parents[2] / "web" / "playground" / "index.html"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = "hl_" + "a" * 43
CODE = "c0de"
LINK = f"/graphql?link={CODE}"
QUERY_LINK = "/graphql?query={viewer{name}}"


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A build in miniature, with a secret file beside it that must never be served."""
    assets = tmp_path / "static" / "playground" / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text(SOURCE_PAGE.read_text("utf-8"), "utf-8")
    (assets / "index-Ab12.js").write_text("export {};", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    (tmp_path / "static" / "beside.txt").write_text("secret", "utf-8")
    return tmp_path / "static"


def redeeming(token: str) -> Redeem:
    """Gives the token for the code CODE once, as a server does."""
    good = {CODE}

    async def redeem(code: str) -> str | None:
        if code not in good:
            return None
        good.remove(code)
        return token

    return redeem


def app(static: Path, token: str | None = None) -> Starlette:
    def graphql(request: Request) -> PlainTextResponse:
        return PlainTextResponse("graphql")

    return Starlette(
        routes=[
            *pages.routes(redeeming(token) if token else None, static=static),
            Route("/graphql", graphql, methods=["GET", "POST"]),
        ]
    )


def client(
    static: Path, token: str | None = None, base_url: str = "http://127.0.0.1:8000"
) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app(static, token)), base_url=base_url)


async def raw_get(application: Starlette, path: str) -> tuple[int, bytes]:
    """Status and body for a path exactly as it stands, percent signs decoded as a server does; a
    client would tidy it first.
    """
    sent: list[MutableMapping[str, Any]] = []  # ASGI messages have no narrower type

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
    }
    await application(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


def settings_in(html: str) -> object:
    found = re.findall(
        r'<script type="application/json" id="hookline-settings">(.*?)</script>', html, re.DOTALL
    )
    assert len(found) == 1
    return json.loads(found[0])


@pytest.mark.parametrize("path", ["/graphql", "/graphql?link=", "/graphql?link=other"])
async def test_page_without_a_good_link_holds_no_token(static: Path, path: str) -> None:
    answer = await client(static, TOKEN).get(path, headers=BROWSER)

    assert TOKEN not in answer.text
    assert answer.status_code == (200 if path == "/graphql" else 403)
    assert answer.headers["cache-control"] == "no-store"


async def test_a_look_at_the_head_of_a_link_does_not_use_it(static: Path) -> None:
    async with client(static, TOKEN) as asker:
        await asker.head(LINK, headers=BROWSER)
        assert TOKEN in (await asker.get(LINK, headers=BROWSER)).text


async def test_page_carries_the_token_it_was_given(static: Path) -> None:
    answer = await client(static, TOKEN).get(LINK, headers=BROWSER)

    assert answer.status_code == 200
    assert settings_in(answer.text) == {"token": TOKEN}


async def test_page_without_a_token_has_empty_settings(static: Path) -> None:
    assert settings_in((await client(static).get("/graphql", headers=BROWSER)).text) == {}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
async def test_token_is_given_under_this_machines_own_names(static: Path, name: str) -> None:
    page = await client(static, TOKEN, f"http://{name}:8000").get(LINK, headers=BROWSER)

    assert settings_in(page.text) == {"token": TOKEN}


@each_of(
    "name",
    ["rebound.example", "localhost.rebound.example", "192.0.2.7", "[::1", "localhost:80:80", ""],
)
async def test_token_is_kept_back_under_any_other_name(static: Path, name: str) -> None:
    page = await client(static, TOKEN).get(LINK, headers={**BROWSER, "Host": name})

    assert TOKEN not in page.text


async def test_settings_cannot_end_their_script_element(static: Path) -> None:
    hostile = "</script><script>alert(1)</script><!--&\u2028\u2029"

    html = (await client(static, hostile).get(LINK, headers=BROWSER)).text

    assert settings_in(html) == {"token": hostile}
    assert "alert(1)</script>" not in html
    assert not {"\u2028", "\u2029"} & set(html)
    assert "\\u003c/script\\u003e" in html
    assert "\\u0026\\u2028\\u2029" in html


async def test_page_forbids_foreign_code_frames_and_copies(static: Path) -> None:
    headers = (await client(static, TOKEN).get("/graphql", headers=BROWSER)).headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in headers


def test_source_page_has_no_inline_script_and_no_foreign_address() -> None:
    html = SOURCE_PAGE.read_text("utf-8")

    assert html.count('<script type="application/json" id="hookline-settings">{}</script>') == 1
    assert re.findall(r'<script type="module" src="([^"]*)">', html) == ["./src/main.jsx"]
    assert html.count("<script") == 2
    assert "<style" not in html
    assert "//" not in html.replace("</", "")


@each_of(
    "method, url, headers",
    [
        ("GET", "/graphql", {"Accept": "application/json"}),
        ("GET", QUERY_LINK, {}),
        ("GET", QUERY_LINK, {**BROWSER, "Authorization": "Bearer hl_x"}),
        ("GET", QUERY_LINK, {"Accept": "text/html, application/json"}),
        ("POST", "/graphql", BROWSER),
    ],
)
async def test_what_is_no_browser_asking_for_a_page_reaches_graphql(
    static: Path, method: str, url: str, headers: dict[str, str]
) -> None:
    answer = await client(static, TOKEN).request(method, url, headers=headers)

    assert answer.text == "graphql"


async def test_browser_that_follows_a_link_with_a_query_gets_the_page_and_runs_nothing(
    static: Path,
) -> None:
    mutation = "/graphql?query=mutation{webhookDelete(input:{id:1}){__typename}}"
    for link in (QUERY_LINK, mutation):
        answer = await client(static, TOKEN).get(link, headers=BROWSER)

        # The page alone: the query stays in the address, and no token is filled in.
        assert settings_in(answer.text) == {}
        assert "viewer" not in answer.text
        assert "webhookDelete" not in answer.text


async def test_built_file_is_served_to_be_kept_for_a_year(static: Path) -> None:
    answer = await client(static).get("/static/playground/assets/index-Ab12.js")

    assert answer.text == "export {};"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "br"),
        ("GZIP, br;q=0", "gzip"),
        ("br;q=0.000 , gzip;q=0.1", "gzip"),
        ("gzip;q=0, identity", None),
        ("*", None),
        ("brotli, xgzip", None),
        ("", None),
    ],
)
async def test_built_file_comes_compressed_to_clients_that_take_it(
    static: Path, accepted: str, coding: str | None
) -> None:
    assets = static / "playground" / "assets"
    (assets / "index-Ab12.js.br").write_bytes(b"made by brotli")
    (assets / "index-Ab12.js.gz").write_bytes(gzip.compress(b"made by gzip"))

    async with (
        client(static) as asker,
        asker.stream(
            "GET",
            "/static/playground/assets/index-Ab12.js",
            headers={"Accept-Encoding": accepted},
        ) as answer,
    ):
        body = b"".join([part async for part in answer.aiter_raw()])

    assert answer.headers.get("Content-Encoding") == coding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    if coding == "gzip":
        body = gzip.decompress(body)
    assert body == {"br": b"made by brotli", "gzip": b"made by gzip"}.get(
        coding or "", b"export {};"
    )


async def test_a_file_that_is_not_compressed_comes_as_it_is(static: Path) -> None:
    answer = await client(static).get(
        "/static/playground/assets/index-Ab12.js", headers={"Accept-Encoding": "br, gzip"}
    )

    assert "Content-Encoding" not in answer.headers
    assert answer.text == "export {};"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_the_build_writes_both_codings_beside_what_shrinks(static: Path) -> None:
    assets = static / "playground" / "assets"
    text = b"export const a = 1;\n" * 500
    (assets / "large-Cd34.js").write_bytes(text)
    (assets / "font-Ef56.woff2").write_bytes(text)

    subprocess.run(
        ["node", SOURCE_PAGE.parents[1] / "compress.mjs", static], check=True, timeout=60
    )

    made = {path.name for path in static.rglob("*") if path.suffix in (".br", ".gz")}
    assert made == {"large-Cd34.js.br", "large-Cd34.js.gz"}
    assert gzip.decompress((assets / "large-Cd34.js.gz").read_bytes()) == text


def escapes() -> Iterator[str]:
    for up in ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//"):
        for depth in range(1, 5):
            yield from (
                up * depth + "secret.txt",
                up * depth + "beside.txt",
                up * depth + "index.html",
            )
    yield from (
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "..",
        ".",
        "%00",
        "index-Ab12.js%00",
        "*",
        "[a-z]*",
        "a" * 5_000,
        "%ff",
        "",
    )


@each_of("name", list(escapes()))
async def test_no_name_leads_out_of_the_build(static: Path, name: str) -> None:
    status, body = await raw_get(app(static), "/static/playground/assets/" + name)

    assert status == 404
    assert b"secret" not in body


async def test_missing_build_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    browser = client(tmp_path, TOKEN)

    page = await browser.get("/graphql", headers=BROWSER)

    assert page.status_code == 200
    assert "make web" in page.text
    assert "POST /graphql" in page.text
    assert TOKEN not in page.text
    assert (await browser.get("/static/playground/assets/index-Ab12.js")).status_code == 404
