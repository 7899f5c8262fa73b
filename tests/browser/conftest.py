"""A browser, and a `hookline dev` for the tests of a file. Each test has a page of its own, and
fails with what the page itself did wrong.
"""

import asyncio
import os
import socket
from asyncio.events import _set_running_loop
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.browser.console import Console, Server

expect.set_options(timeout=60_000)

_SHORT_LIVED = (
    "--js-flags=--single-threaded --no-opt --no-maglev"
    " --min-semi-space-size=64 --max-semi-space-size=64",
    "--renderer-process-limit=1",
)
"""Optimizing what runs for a second, and threads for it, take an eighth of a visit's CPU, a process
of its own for each page a fifth, and collecting its garbage a twelfth: 64 MiB are enough for most
(2026-11).
"""
_PORTS = range(21_000, 25_000)
"""The kernel gives none of them to those who take any, as all other tests do."""


@pytest.fixture(scope="session")
def port() -> int:
    """Port of the servers of all files, one after the other: to the browser they are one, whose
    scripts it has fetched and compiled.
    """
    for number in sorted(_PORTS, key=lambda number: (number - os.getpid()) % len(_PORTS)):
        with suppress(OSError), closing(socket.create_server(("127.0.0.1", number))):
            return number
    raise AssertionError(f"All ports of {_PORTS} are taken")


@pytest.fixture(scope="module")
def server(
    console_pages: None,
    port: int,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("console"), port, sqlite_template) as started:
        yield started


@pytest.fixture(scope="session")
def started(port: int) -> Iterator[tuple[BrowserContext, asyncio.AbstractEventLoop]]:
    """A context of a browser, and Playwright's loop, which stands still between the files that
    need it: its start takes 1 s of CPU with the driver's (2026-11).
    """
    with sync_playwright() as playwright:
        launched = _launch(playwright)
        made = launched.new_context(
            base_url=f"http://127.0.0.1:{port}", locale="en-GB", timezone_id="UTC"
        )
        loop = asyncio.get_running_loop()
        _set_running_loop(None)
        yield made, loop
        _set_running_loop(loop)
        launched.close()


def _launch(playwright: Playwright) -> Browser:
    # The shell is the same engine without a browser's window: two thirds of the CPU (2026-11).
    path = which("chromium-headless-shell") or which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Debian's chromium-headless-shell")
        pytest.skip("Debian's chromium-headless-shell or chromium is not installed")
    # Its sandbox needs user namespaces, which root in a container has not.
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []
    return playwright.chromium.launch(executable_path=path, args=[*_SHORT_LIVED, *sandbox])


# Between Playwright's calls its loop counts as running. Outside of these files it must not, or
# asyncio.run() of other tests does not work in this process.
@pytest.fixture(scope="module")
def browser(started: tuple[BrowserContext, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    context, loop = started
    _set_running_loop(loop)
    assert context.browser
    yield context.browser
    _set_running_loop(None)


@pytest.fixture(scope="module")
def context(
    server: Server,
    browser: Browser,
    started: tuple[BrowserContext, asyncio.AbstractEventLoop],
) -> BrowserContext:
    """Shared by the pages of all files, with the scripts that were fetched and compiled before: one
    for each file takes 0.5 s of CPU more (2026-11).
    """
    shared, _ = started
    if not shared.pages:
        # It stays, and so does the process of the pages that come and go beside it.
        shared.new_page().goto("/healthz")
    return shared


@pytest.fixture
def console(server: Server, context: BrowserContext) -> Iterator[Console]:
    """A blank page without a token, for tests that sign in or go somewhere themselves."""
    opened = Console(server, context.new_page())
    try:
        yield opened
        opened.check()
    finally:
        forget_pages(context)


def forget_pages(context: BrowserContext) -> None:
    """Closes all pages and deletes what they kept: the next test begins as in a new browser."""
    standing, *pages = context.pages
    for page in pages:
        page.close()
    standing.evaluate("localStorage.clear()")
    assert context.storage_state() == {"cookies": [], "origins": []}


@pytest.fixture
def signed_in(console: Console) -> Console:
    """The list of webhooks, with the token of `hookline dev`, as a page has it that is loaded
    again: to type it takes 0.05 s of CPU more (2026-11).
    """
    console.go("/")
    console.page.get_by_role("navigation", name="Pages", exact=True).wait_for()
    return console
