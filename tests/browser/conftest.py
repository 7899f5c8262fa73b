"""A browser, and a `hookline dev` for the tests of a file. Each test has a page of its own, and
fails with what the page itself did wrong.
"""

import asyncio
import os
from asyncio.events import _set_running_loop
from collections.abc import Iterator
from shutil import which

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.console import Console, Server

expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def server(console_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("console")) as started:
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
        options = ["--no-sandbox"] if os.getuid() == 0 else []
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


@pytest.fixture
def console(server: Server, browser: Browser) -> Iterator[Console]:
    """A blank page without a token, for tests that sign in or go somewhere themselves."""
    context = browser.new_context(base_url=server.url, locale="en-GB", timezone_id="UTC")
    opened = Console(server, context.new_page())
    yield opened
    opened.check()
    context.close()


@pytest.fixture
def signed_in(console: Console) -> Console:
    """The list of webhooks, with the token of `hookline dev`."""
    console.sign_in()
    return console
