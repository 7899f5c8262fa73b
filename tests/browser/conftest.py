"""A browser, and a `hookline dev` for the tests of a file. Each test has a page of its own, and
fails with what the page itself did wrong.
"""

import asyncio
import os
from asyncio.events import _set_running_loop
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.console import Console, Server

expect.set_options(timeout=60_000)

_SHORT_LIVED = (
    "--js-flags=--single-threaded --no-opt --no-maglev",
    "--renderer-process-limit=1",
)
"""Optimizing what runs for a second, and threads for it, take an eighth of a visit's CPU, a process
of its own for each page a fifth (2026-11).
"""


@pytest.fixture(scope="module")
def server(
    console_pages: None, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("console"), sqlite_template) as started:
        yield started


@pytest.fixture(scope="session")
def started() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """A browser and Playwright's loop, which stands still between the files that need it: its
    start takes 1 s of CPU with the driver's (2026-11).
    """
    # The shell is the same engine without a browser's window: two thirds of the CPU (2026-11).
    path = which("chromium-headless-shell") or which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Debian's chromium-headless-shell")
        pytest.skip("Debian's chromium-headless-shell or chromium is not installed")
    with sync_playwright() as playwright:
        # Its sandbox needs user namespaces, which root in a container has not.
        sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
        options = [*_SHORT_LIVED, *sandbox]
        launched = playwright.chromium.launch(executable_path=path, args=options)
        loop = asyncio.get_running_loop()
        _set_running_loop(None)
        yield launched, loop
        _set_running_loop(loop)
        launched.close()


# Between Playwright's calls its loop counts as running. Outside of these files it must not, or
# asyncio.run() of other tests does not work in this process.
@pytest.fixture(scope="module")
def browser(started: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    launched, loop = started
    _set_running_loop(loop)
    yield launched
    _set_running_loop(None)


@pytest.fixture(scope="module")
def context(server: Server, browser: Browser) -> Iterator[BrowserContext]:
    """Shared by the pages of a file, with the scripts that were fetched and compiled before: a
    tenth of a visit's CPU (2026-11).
    """
    made = browser.new_context(base_url=server.url, locale="en-GB", timezone_id="UTC")
    # It stays, and so does the process of the pages that come and go beside it.
    made.new_page().goto("/healthz")
    yield made
    made.close()


@pytest.fixture
def console(server: Server, context: BrowserContext) -> Iterator[Console]:
    """A blank page without a token, for tests that sign in or go somewhere themselves."""
    opened = Console(server, context.new_page())
    try:
        yield opened
        opened.check()
    finally:
        forget_pages(context, server)


def forget_pages(context: BrowserContext, server: Server) -> None:
    """Closes all pages and deletes what they kept: the next test begins as in a new browser."""
    standing, *pages = context.pages
    for page in pages:
        page.close()
    clear = {"origin": server.url, "storageTypes": "local_storage"}
    context.new_cdp_session(standing).send("Storage.clearDataForOrigin", clear)
    assert context.storage_state() == {"cookies": [], "origins": []}


@pytest.fixture
def signed_in(console: Console) -> Console:
    """The list of webhooks, with the token of `hookline dev`."""
    console.sign_in()
    return console
