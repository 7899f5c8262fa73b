"""Files that a server follows, in a browser: what is wrong with them, and that it is over."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

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
        options = ("--port", str(self.port), "--sync", "hooks", "--sync-interval", "1s")
        with output.open("wb") as file:
            self._process = start_python(
                *("hookline", "serve", *options),
                folder=self.folder,
                environment=environment,
                output=file,
            )
        wait_for(lambda: "serving at" in self.printed())
        return self

    def write(self, text: str) -> None:
        (self.folder / "hooks" / "webhooks.yaml").write_text(text)


@pytest.fixture(scope="module")
def server(
    console_pages: None, port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FollowingServer]:
    with FollowingServer(tmp_path_factory.mktemp("followed"), port) as started:
        yield started


def test_files_that_can_not_be_applied_are_told_with_their_place_until_they_can(
    console: Console, server: FollowingServer
) -> None:
    wait_for(lambda: server.graphql("{ syncSources { nodes { problem { code } } } }")[
        "syncSources"]["nodes"][0]["problem"])  # fmt: skip
    console.go("/sync")
    followed = console.page.get_by_role("region", name="Followed by the server")
    expect(followed.get_by_text("Not applied")).to_be_visible()
    expect(followed.get_by_text("hooks/webhooks.yaml:8:14")).to_be_visible()
    # Another fault in its place makes no event.
    server.write(FILE.replace("    timeout: 20s", "    timout: 20s"))
    expect(followed.get_by_text("hooks/webhooks.yaml:8:5")).to_be_visible(timeout=60_000)
    expect(followed.get_by_text("unknown key 'timout'")).to_be_visible()
    console.check_accessible()
    console.page.set_viewport_size({"width": 320, "height": 700})
    assert console.width() <= 320
    server.write(FILE)
    expect(followed.get_by_text("Applied", exact=True)).to_be_visible(timeout=60_000)
    # In the table, and in the news.
    expect(console.page.get_by_role("link", name="shop").first).to_be_visible()
    expect(console.page.get_by_text("hooks, pulled by the server")).to_be_visible()
