"""Pages of docs/ followed as they stand: files are written, commands typed into a shell beside a
`hookline dev`, and what is printed is compared with the page.
"""

import asyncio
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Final

from tests.flows.test_readme_steps import SERVER, Shell
from tests.leftovers import watch_group
from tests.processes import PROJECT, kill_group
from tests.servers import free_port
from tests.waiting import eventually, pause_seconds

_BLOCK: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE: Final = re.compile(r"(?:#|//) (\S+\.\w+)\n")
_ID: Final = re.compile(r"\b(evt|dlv|att|wh|job|tok)_\w{26}\b")
_ONCE: Final = ("hookline publish", "mutation", "shop.py", "apply", "token create")
_LIMIT_SECONDS: Final = 60


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of each code block of a page."""
    return _BLOCK.findall((PROJECT / page).read_text("utf-8"))


@dataclass
class Walk:
    """One page and one folder. port: stands for the page's 3000."""

    shell: Shell
    printed: str = ""
    command: str = ""
    port: int = field(default_factory=free_port)
    program: subprocess.Popen[bytes] | None = None

    async def through(self, page: str, count: int | None = None) -> None:
        """Takes the steps of a page: all, or so many."""
        for language, text in blocks(page)[:count]:
            typed = text.replace("127.0.0.1:3000", f"127.0.0.1:{self.port}")
            await self.step(language, typed.replace('", 3000)', f'", {self.port})'))

    async def step(self, language: str, text: str) -> None:
        if language == "sh" and text.startswith(".venv/bin/python receiver.py"):
            await self._start("receiver.py")
        elif language == "sh":
            # A program knows no more than its page says: the shell knows the server's port.
            alone = f"env -u HOOKLINE_SERVER {sys.executable}"
            self.command = text.replace(".venv/bin/python", alone)
            self.printed = await self.shell.run(self.command)
        elif language in ("text", "json"):
            await self._compare(text)
        elif named := _FILE.match(text):
            path = self.shell.folder / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.shell.typed(text), "utf-8")
            if named[1] == "config/webhooks.yaml":
                await self._applied(re.findall(r"^  ([a-z-]+):$", text, re.MULTILINE)[-1])
        else:
            raise AssertionError(f"a block that nobody runs: {text}")

    async def _applied(self, slug: str) -> None:
        """Waits until the server has what was saved."""
        await eventually(lambda: f"  + {slug}" in self.shell.printed())

    async def _compare(self, wanted: str) -> None:
        """Waits until the command prints the page's text: one that reads may be early."""
        deadline, pause = time.monotonic() + _LIMIT_SECONDS, pause_seconds(0)
        while True:
            printed = self.printed if self.program is None else self._output()
            if self._told(printed) == self._told(wanted):
                return
            assert time.monotonic() < deadline, f"{self.command}\n{printed}"
            await asyncio.sleep(pause)
            if not any(word in self.command for word in _ONCE):
                began = time.monotonic()
                self.printed = await self.shell.run(self.command)
                pause = pause_seconds(time.monotonic() - began)

    def _told(self, text: str) -> list[str]:
        shown = _ID.sub(r"\1_…", text.replace(self.shell.url, SERVER))
        return [line.rstrip() for line in shown.strip().splitlines()]

    async def _start(self, program: str) -> None:
        """Leaves a program of the page running until the test ends."""
        output = self.shell.folder / "program.txt"
        with output.open("wb") as file:
            self.program = subprocess.Popen(
                [sys.executable, program],
                cwd=self.shell.folder,
                env=self.shell.environment,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        watch_group(self.program.pid)

    def _output(self) -> str:
        return (self.shell.folder / "program.txt").read_text("utf-8")

    def end(self) -> None:
        """Ends what it started."""
        if self.program is not None:
            kill_group(self.program)
