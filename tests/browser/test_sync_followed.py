"""Files that a server follows, in a browser: what is wrong with them, and that it is over."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import Console, Server, wait_for
from tests.processes import PROJECT, run_hookline, start_python

FILE = """version: 1
set: shop
webhooks:
  orders:
    url: https://example.com/in
    environments: [staging]
    events: [order.*.create]
    timeout: 20s
"""


class FollowingServer(Server):
    """A `hookline serve` that follows its folder `hooks`."""

    def __enter__(self) -> "FollowingServer":
        environment = {"PYTHONPATH": str(PROJECT)}
        run_hookline(("migrate",), self.folder, environment)
        made = run_hookline(("token", "create", "t", "--role", "admin"), self.folder, environment)
        (self.folder / "var" / "token").write_text(made.stdout)
        (self.folder / "hooks").mkdir()
        self.write(FILE.replace("20s", "soon"))
        output = self.folder / "output.txt"
        options = ("--port", "0", "--sync", "hooks", "--sync-interval", "1s")
        with output.open("wb") as file:
            self._process = start_python(
                *("hookline", "serve", *options),
                folder=self.folder,
                environment=environment,
                output=file,
            )
        wait_for(lambda: "serving at" in self.printed())
        found = re.search(r"serving at http://127\.0\.0\.1:(\d+)", self.printed())
        assert found
        self.port = int(found[1])
        return self

    def write(self, text: str) -> None:
        (self.folder / "hooks" / "webhooks.yaml").write_text(text)


@pytest.fixture
def following(console_pages: None, tmp_path: Path) -> Iterator[FollowingServer]:
    with FollowingServer(tmp_path) as server:
        yield server


def test_files_that_can_not_be_applied_are_told_with_their_place_until_they_can(
    following: FollowingServer, browser: Browser
) -> None:
    context = browser.new_context(base_url=following.url, locale="en-GB", timezone_id="UTC")
    console = Console(following, context.new_page())
    wait_for(lambda: following.graphql("{ syncSources { nodes { problem { code } } } }")[
        "syncSources"]["nodes"][0]["problem"])  # fmt: skip
    console.go("/sync")
    followed = console.page.get_by_role("region", name="Followed by the server")
    expect(followed.get_by_text("Not applied")).to_be_visible()
    expect(followed.get_by_text("hooks/webhooks.yaml:8:14")).to_be_visible()
    console.check_accessible()
    console.page.set_viewport_size({"width": 320, "height": 700})
    assert console.width() <= 320
    following.write(FILE)
    expect(followed.get_by_text("Applied", exact=True)).to_be_visible(timeout=60_000)
    # In the table, and in the news.
    expect(console.page.get_by_role("link", name="shop").first).to_be_visible()
    expect(console.page.get_by_text("hooks, pulled by the server")).to_be_visible()
    console.check()
    context.close()
