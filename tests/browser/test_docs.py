"""The documentation in a browser, from `hookline dev` and from nowhere else."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.console import Console, Server
from tests.built_docs import build_docs


@pytest.fixture(scope="module")
def server(
    console_pages: None, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    build_docs()
    with Server(tmp_path_factory.mktemp("docs"), port) as started:
        yield started


def test_documentation_is_read_and_searched_without_another_host(
    console: Console, server: Server
) -> None:
    assert f"Docs       {server.url}/docs" in server.printed()
    page = console.page

    console.go("/types")
    page.get_by_role("link", name="Docs").click()
    expect(page.get_by_role("heading", name="Documentation", level=1)).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).first.click()
    expect(page).to_have_url(re.compile(r"/docs/reference/settings\.html$"))

    # Made by the script that listens to the key.
    expect(page.locator("input[role=combobox]")).to_be_attached()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill("egress allow")
    expect(page.get_by_role("option").filter(has_text="Egress").first).to_be_visible()

    page.set_viewport_size({"width": 320, "height": 700})
    assert console.width() <= 320
