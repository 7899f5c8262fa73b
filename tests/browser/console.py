"""The console as a test sees it: a server, and a page that keeps what must not happen."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from typing import Any, Final, Literal, Self

import httpx
from playwright.sync_api import ConsoleMessage, Page, Request

from tests.processes import PROJECT, kill_group, start_python
from tests.waiting import pause_seconds

AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"
_KEEP_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_SCHEMES: Final[tuple[tuple[Literal["light", "dark"], list[str]], ...]] = (
    ("light", _RULES),
    ("dark", ["color-contrast", "link-in-text-block"]),
)
"""Dark differs in colours alone (tests/contracts/test_console_colours.py), which no other rule
looks at: all of them again cost a third more (2026-11).
"""
_LIMIT_SECONDS = 60


class Server:
    """A `hookline dev` with the sample webhooks, in a folder of its own. port: 0 for any.
    database: a migrated one, to be copied.
    """

    def __init__(self, folder: Path, port: int = 0, database: Path | None = None) -> None:
        self.folder = folder
        self.port = port
        self._database = database

    def __enter__(self) -> Self:
        (self.folder / "config").mkdir()
        sample = (PROJECT / "config" / "webhooks.yaml").read_text("utf-8")
        (self.folder / "config" / "webhooks.yaml").write_text(sample, "utf-8")
        if self._database:
            # Tables are made in 0.1 s of CPU (2026-11).
            (self.folder / "var").mkdir(mode=0o700)
            copyfile(self._database, self.folder / "var" / "hookline.db")
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Starts it, again at the same port, and waits for its welcome."""
        output = self.folder / "output.txt"
        with output.open("wb") as file:
            self._process = start_python(
                *("hookline", "dev", "--port", str(self.port)),
                folder=self.folder,
                environment={"PYTHONPATH": str(PROJECT)},
                output=file,
            )
        wait_for(lambda: "Each attempt" in output.read_text("utf-8"))
        found = re.search(r"runs at http://127\.0\.0\.1:(\d+)", output.read_text("utf-8"))
        assert found
        self.port = int(found[1])

    def kill(self) -> None:
        kill_group(self._process)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """The link that the terminal shows now."""
        return str(re.findall(r"http://\S+/\?link=\S+", self.printed())[-1])

    def printed(self) -> str:
        return (self.folder / "output.txt").read_text("utf-8")

    @property
    def token(self) -> str:
        return (self.folder / "var" / "token").read_text().strip()

    def graphql(
        self, query: str, token: str | None = None, **variables: object
    ) -> Any:  # Any: an answer's data
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token or self.token}"},
            timeout=60,
            trust_env=False,
            verify=False,  # else it reads all authorities first: 10 ms of CPU (2026-11)
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]


class Console:
    """A page, with everything that fails a test: requests to others, violations, errors."""

    def __init__(self, server: Server, page: Page) -> None:
        self.server, self.page = server, page
        self.faults: list[str] = []
        self.expected: list[str] = []
        page.set_default_timeout(_LIMIT_SECONDS * 1_000)
        page.add_init_script(_KEEP_VIOLATIONS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._look_at)

    def expect(self, pattern: str) -> None:
        """Takes messages of the browser that match as meant, such as that of a 401."""
        self.expected.append(pattern)

    @property
    def address(self) -> str:
        """The page's own: Playwright hears of a change that the page makes to it later."""
        return str(self.page.evaluate("location.href"))

    def go(self, path: str) -> None:
        """Loads the page at a path, signed in."""
        keeping = f"sessionStorage.setItem('hookline:token', {json.dumps(self.server.token)})"
        with self.page.add_init_script(keeping):
            self.page.goto(path)

    def sign_in(self, path: str = "/", token: str | None = None) -> None:
        """By the token, in its field."""
        self.page.goto(path)
        self.page.get_by_label("Token").fill(token or self.server.token)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("navigation", name="Pages", exact=True).wait_for()

    def check(self) -> None:
        """Fails with all that the page did wrong so far."""
        violations = self.page.evaluate("window.violations")
        found = [
            fault for fault in self.faults if not any(re.search(p, fault) for p in self.expected)
        ]
        assert (found, violations) == ([], [])

    def check_accessible(self) -> None:
        """axe finds nothing, in light and in dark."""
        # It takes a button that is half below the bar at the top for one that is too small.
        self.page.evaluate("scrollTo(0, 0)")
        if not self.page.evaluate("'axe' in window"):
            # As the debugger: a script of the page's own would not get past the policy.
            self.page.evaluate(AXE.read_text("utf-8"))
        for scheme, rules in _SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            options = {"runOnly": rules, "resultTypes": ["violations"]}
            found = self.page.evaluate(
                f"axe.run({json.dumps(options)}).then((all) => all.violations.map("
                "(one) => [one.id, one.nodes.map((node) => node.html.slice(0, 200))]))"
            )
            assert found == [], scheme
        self.page.emulate_media(color_scheme=None)

    def width(self) -> int:
        """Of what the page would scroll through sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text}")

    def _look_at(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:")):
            self.faults.append(f"request to {request.url}")


def open_form(console: Console, create: str, test: str) -> str:
    """Makes a webhook of the test's own and opens its form. Returns its id. create: a mutation
    with a slug.
    """
    slug = f"form-{abs(hash(test)) % 10**6}"
    made = console.server.graphql(create, slug=slug)["webhookCreate"]["webhook"]
    console.go(f"/webhooks/{made['id']}?tab=configure")
    return str(made["id"])


def wait_for(condition: Callable[[], object]) -> None:
    """Waits until it is true, for what no page shows."""
    began = time.monotonic()
    deadline = began + _LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come about within a minute"
        time.sleep(pause_seconds(time.monotonic() - began))
        began = time.monotonic()
