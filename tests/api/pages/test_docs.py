"""The documentation at /docs: what was built and nothing else, or how to build it."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from api.pages import docs


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A site in miniature, with a secret file beside it that must never be served."""
    site = tmp_path / "static" / "docs"
    (site / "reference").mkdir(parents=True)
    (site / "index.html").write_text("<h1>Documentation</h1>", "utf-8")
    (site / "reference" / "settings.html").write_text("<h1>Settings</h1>", "utf-8")
    (site / "llms.txt").write_text("# Hookline", "utf-8")
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    return tmp_path / "static"


def client(static: Path, base_path: str = "") -> httpx.AsyncClient:
    app = Starlette(routes=docs.routes(base_path, static))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000")


async def test_pages_are_served_under_a_strict_policy(static: Path) -> None:
    async with client(static) as asker:
        first = await asker.get("/docs/")
        other = await asker.get("/docs/reference/settings.html")
        text = await asker.get("/docs/llms.txt")
    assert (first.status_code, first.text) == (200, "<h1>Documentation</h1>")
    assert other.text == "<h1>Settings</h1>"
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    policy = first.headers["content-security-policy"]
    assert policy == docs.POLICY
    assert "unsafe" not in policy
    assert first.headers["x-content-type-options"] == "nosniff"


async def test_the_address_without_a_slash_leads_on_also_behind_a_proxy(static: Path) -> None:
    assert (await client(static).get("/docs")).headers["location"] == "/docs/"
    assert (await client(static, "/hooks").get("/docs")).headers["location"] == "/hooks/docs/"


@pytest.mark.parametrize("typed", ["reference/settings", "reference/settings/"])
async def test_an_address_without_its_ending_leads_to_the_page(static: Path, typed: str) -> None:
    answer = await client(static, "/hooks").get(f"/docs/{typed}")
    assert answer.headers["location"] == "/hooks/docs/reference/settings.html"


async def test_a_wrong_address_leads_back_to_the_beginning(static: Path) -> None:
    answer = await client(static, "/hooks").get("/docs/how-to/none.html/")
    assert answer.status_code == 404
    assert '<a href="/hooks/docs/">' in answer.text


async def test_nothing_beside_the_site_is_served(static: Path) -> None:
    for name in ("../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "reference", "none.html", "%00"):
        answer = await client(static).get(f"/docs/{name}")
        assert "secret" not in answer.text
        assert answer.status_code == 404, name


async def test_without_a_build_a_page_says_how_to_build_it(tmp_path: Path) -> None:
    answer = await client(tmp_path).get("/docs/")
    assert answer.status_code == 404
    assert "make docs" in answer.text
