"""The console's page: where it is, what the server puts in, and that it takes nobody's path."""

import json
import re
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from api.app import make_app
from api.pages import console
from api.pages.static import Redeem
from hookline.errors import Misconfigured
from hookline.runtime import Runtime
from hookline.settings.fields import read_settings

SOURCE_PAGE = Path(console.__file__).parents[2] / "web" / "console" / "index.html"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = "hl_" + "a" * 43


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A build in miniature."""
    assets = tmp_path / "console" / "assets"
    assets.mkdir(parents=True)
    page = SOURCE_PAGE.read_text("utf-8").replace("./src/main.tsx", "./assets/index-Ab12.js")
    (tmp_path / "console" / "index.html").write_text(page, "utf-8")
    (assets / "index-Ab12.js").write_text("export {};", "utf-8")
    return tmp_path


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """One is enough: no page reads it."""
    return sqlite_database


def client(
    static: Path,
    redeem: Redeem | None = None,
    base_path: str = "",
    ancestors: tuple[str, ...] = (),
    docs: str = "",
) -> httpx.AsyncClient:
    app = Starlette(routes=console.routes(redeem, base_path, ancestors, static, docs_path=docs))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000", headers=BROWSER
    )


async def once(code: str) -> str | None:
    return TOKEN if code == "c0de" else None


@pytest.mark.parametrize("path", ["/", "/webhooks", "/webhooks/wh_1?tab=log", "/nobody/knows"])
async def test_page_is_at_each_of_its_paths_and_at_unknown_ones(static: Path, path: str) -> None:
    answer = await client(static).get(path)

    assert answer.status_code == 200
    assert 'src="/static/console/assets/index-Ab12.js"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("first", sorted(console.OTHERS))
async def test_paths_of_others_are_never_the_consoles(static: Path, first: str) -> None:
    for path in (f"/{first}", f"/{first}/more", f"//{first}"):
        assert (await client(static).get(f"http://127.0.0.1:8000{path}")).status_code == 404


async def test_every_other_path_of_the_server_is_in_the_list(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"metrics_token": SecretStr("m" * 16)})
    app = make_app(replace(runtime, settings=settings), has_echo=True)

    routes = [route for route in app._pages.routes if isinstance(route, Route)]

    assert {route.path.split("/")[1] for route in routes} == console.OTHERS | {"{rest:path}"}


async def test_a_program_at_an_unknown_path_gets_its_404(static: Path) -> None:
    for accept in ("*/*", "application/json"):
        headers = {"Accept": accept}
        assert (await client(static).get("/nobody", headers=headers)).status_code == 404
        assert (await client(static).get("/", headers=headers)).status_code == 200
    assert (await client(static).post("/webhooks")).status_code in (404, 405)


async def test_page_forbids_inline_code_other_hosts_and_frames(static: Path) -> None:
    headers = (await client(static).get("/")).headers
    policy = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["trusted-types"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_pages_of_listed_origins_may_show_it_in_a_frame(static: Path) -> None:
    origins = ("https://portal.example.com", "https://b.example:8443")

    policy = (await client(static, ancestors=origins).get("/")).headers["Content-Security-Policy"]

    assert "frame-ancestors https://portal.example.com https://b.example:8443;" in policy


async def test_link_fills_the_token_in_and_only_when_it_is_good(static: Path) -> None:
    asker = client(static, once)

    assert f'{{"token": "{TOKEN}"}}' in (await asker.get("/webhooks?link=c0de")).text
    assert (await asker.get("/?link=other")).status_code == 403
    assert TOKEN not in (await asker.get("/")).text
    assert TOKEN not in (await asker.head("/?link=c0de")).text
    assert TOKEN not in (await asker.get("/?link=c0de", headers={"Host": "evil.example"})).text


async def test_behind_a_proxy_the_page_knows_its_base_path_and_that_of_the_documentation(
    static: Path,
) -> None:
    page = (await client(static, base_path="/hooks", docs="/docs").get("/webhooks")).text

    settings = re.search(r'id="hookline-settings">(.*?)</script>', page)
    assert settings
    assert json.loads(settings[1]) == {"basePath": "/hooks", "docsPath": "/hooks/docs"}
    assert 'src="/hooks/static/console/assets/index-Ab12.js"' in page


async def test_missing_build_is_told_without_using_up_the_link_and_looks_again(
    tmp_path: Path,
) -> None:
    used = []

    async def redeem(code: str) -> str | None:
        used.append(code)
        return TOKEN

    page = await client(tmp_path, redeem).get("/?link=c0de")

    assert "not built yet" in page.text
    assert '<meta http-equiv="refresh" content="2">' in page.text
    assert used == []


async def test_built_file_is_kept_for_a_year_and_unknown_ones_are_not_there(static: Path) -> None:
    answer = await client(static).get("/static/console/assets/index-Ab12.js")

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (await client(static).get("/static/console/assets/other.js")).status_code == 404


def test_source_page_has_no_inline_script_and_no_style() -> None:
    html = SOURCE_PAGE.read_text("utf-8")

    assert html.count("<script") == 2
    assert "<style" not in html
    assert "style=" not in html.replace("pressable-style", "")
    assert "//" not in html.replace("</", "")


async def test_console_can_be_turned_off(runtime: Runtime) -> None:
    settings = runtime.settings.model_copy(update={"console": False})
    app = make_app(replace(runtime, settings=settings))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asker:
        assert (await asker.get("/", headers=BROWSER)).status_code == 404
        assert (await asker.get("/graphql", headers=BROWSER)).status_code == 200


@pytest.mark.parametrize(
    "path", ["hooks", "/a//b", "/a/../b", "/a b", '/"', "/.", "//evil.example"]
)
def test_base_path_that_would_be_read_differently_stops_the_start(path: str) -> None:
    with pytest.raises(Misconfigured, match="HOOKLINE_BASE_PATH must be a path such as /hooks"):
        read_settings(base_path=path)


def test_base_path_loses_its_last_slash() -> None:
    assert read_settings(base_path="/hooks/").base_path == "/hooks"
    assert read_settings(base_path="/").base_path == ""
