"""A server with a receiver behind it, and commands as people type them: with output in files, or at
a terminal of a chosen width.
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable
from copy import copy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx

from tests.processes import PROJECT, kill_group, run_hookline, start_python
from tests.waiting import pause_seconds

T = TypeVar("T")
Json = Any  # what an answer holds
_LIMIT_SECONDS = 60


def wait_for(condition: Callable[[], T | None]) -> T:
    """The condition's first true value; fails after a minute."""
    began = time.monotonic()
    deadline = began + _LIMIT_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(pause_seconds(time.monotonic() - began))
        began = time.monotonic()
    return found


class Receiver(ThreadingHTTPServer):
    """Answers each path with the status that stands in it: `/200`. requests: path, headers with
    names in lower case, and body of each.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.statuses: dict[str, int] = {}
        self.requests: list[tuple[str, dict[str, str], bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((self.path, headers, body))
        self.send_response(self.server.statuses.get(self.path, int(self.path[1:4])))
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *values: object) -> None:
        """Says nothing."""


class Stand:
    """A `hookline serve` with a token of an admin, and commands that speak to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.receiver = Receiver()

    def __enter__(self) -> Self:
        threading.Thread(target=self.receiver.serve_forever, args=(0.01,), daemon=True).start()
        base = {
            "PYTHONPATH": str(PROJECT),
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "HOOKLINE_EGRESS_ALLOW": "127.0.0.0/8",
        }
        self.base = base
        assert run_hookline(("migrate",), self.folder, base).returncode == 0
        self.token = self.make_token("admin")
        output = self.folder / "output.txt"
        with output.open("wb") as file:
            self._process = start_python(
                *("hookline", "serve", "--port", "0"),
                folder=self.folder,
                environment=base,
                output=file,
            )
        found = wait_for(lambda: re.search(r"http://127\.0\.0\.1:\d+", output.read_text("utf-8")))
        self.url = found[0]
        self.environment = {**base, "HOOKLINE_SERVER": self.url, "HOOKLINE_TOKEN": self.token}
        wait_for(self._is_ready)
        return self

    def __exit__(self, *error: object) -> None:
        kill_group(self._process)
        self.receiver.shutdown()
        self.receiver.server_close()

    def seen_with(self, **environment: str) -> "Stand":
        """The same server, with more in the environment of its commands."""
        seen = copy(self)
        seen.environment = {**self.environment, **environment}
        return seen

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def make_token(self, role: str) -> str:
        name = f"{role}-{uuid4().hex[:6]}"
        done = run_hookline(("token", "create", name, "--role", role), self.folder, self.base)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def run(
        self, *arguments: str, code: int = 0, text: str = "", **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end, which must be this exit code."""
        done = run_hookline(arguments, self.folder, {**self.environment, **environment}, text)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done

    def json(self, *arguments: str) -> Json:
        return json.loads(self.run(*arguments, "-o", "json").stdout)

    def graphql(self, query: str, **variables: object) -> Json:
        answer = httpx.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def make_webhook(self, path: str = "/200", **more: object) -> str:
        """Makes a webhook to the receiver for types of its own; returns its slug, which is the
        object of those types, too.
        """
        slug = f"w{uuid4().hex[:8]}"
        given = {
            "name": slug,
            "slug": slug,
            "url": self.receiver.url + path,
            "environments": ["production"],
            "events": [f"{slug}.*.*"],
            **more,
        }
        made = self.graphql(
            "mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) "
            "{ userErrors { message } } }",
            input=given,
        )
        assert made["webhookCreate"]["userErrors"] == [], made
        return slug

    def publish(self, slug: str, data: object = 1) -> str:
        """Publishes an event that this webhook gets; returns its id."""
        event_type = f"{slug}.order.created"
        done = self.run("publish", event_type, "-e", "production", "-d", json.dumps(data))
        return done.stdout.strip()

    def deliveries(self, slug: str, status: str) -> list[Json]:
        return list(self.json("deliveries", "list", "--webhook", slug, "--status", status))

    def at_terminal(self, *arguments: str, width: int = 80, **environment: str) -> "Terminal":
        """Starts a command at a terminal."""
        given = {**self.environment, "TERM": "xterm", **environment}
        return Terminal(arguments, self.folder, given, width)


class Terminal:
    """A command at a pseudo-terminal. text: all that it showed so far."""

    def __init__(
        self, arguments: tuple[str, ...], folder: Path, environment: dict[str, str], width: int
    ) -> None:
        self._controller, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        with open(terminal, "r+b", buffering=0) as file:
            self._process = start_python(
                *("hookline", *arguments),
                folder=folder,
                environment=environment,
                output=file,
                given=file,
            )
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                content = os.read(self._controller, 4096)
            # How Linux tells that nobody has the terminal any more.
            except OSError:
                return
            self.text += content.decode("utf-8", "replace")

    def shows(self, pattern: str) -> "re.Match[str]":
        """Waits until it shows this."""
        return wait_for(lambda: re.search(pattern, self.text))

    def type(self, text: str) -> None:
        os.write(self._controller, text.encode())

    def interrupt(self) -> None:
        os.killpg(self._process.pid, 2)

    def end(self) -> int:
        """Waits for its end; the exit code."""
        try:
            code = self._process.wait(_LIMIT_SECONDS)
        finally:
            if self._process.poll() is None:
                kill_group(self._process)
        self._reader.join(_LIMIT_SECONDS)
        os.close(self._controller)
        return code
