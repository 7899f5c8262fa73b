"""Commands of the examples' readme, typed into a shell in a copy of their folder."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.client.outbox.shop import CLIENT
from tests.leftovers import watch_group
from tests.processes import PROJECT, kill_group

README = (PROJECT / "examples/README.md").read_text("utf-8")
SECTIONS = dict(part.partition("\n")[::2] for part in README.split("\n## ")[1:])


def blocks(section: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", SECTIONS[section], re.MULTILINE | re.DOTALL)


class Shell:
    """A folder with the examples, and the programs that their readme asks for."""

    def __init__(self, folder: Path, server: str, token: str) -> None:
        self.folder = folder / "examples"
        shutil.copytree(PROJECT / "examples", self.folder)
        (folder / "bin").mkdir()
        for name, module in (
            ("python", ""),
            ("uvicorn", "-m uvicorn"),
            ("hookline-outbox", "-m hookline_client.outbox"),
        ):
            program = folder / "bin" / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
            program.chmod(0o755)
        self.output = folder / "output.txt"
        self.environment = {
            # HOME: the cache of go.
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}},
            "PYTHONPATH": str(CLIENT),
            "HOOKLINE_SERVER": server,
            "HOOKLINE_TOKEN": token,
        }
        self.environment["PATH"] = f"{folder / 'bin'}:{self.environment['PATH']}"

    def run(self, text: str) -> str:
        """Output of commands that end."""
        return subprocess.run(
            ["sh", "-euc", text],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    @contextlib.contextmanager
    def running(self, text: str) -> Iterator[None]:
        """Commands of which the last goes on; killed at the end."""
        with self.output.open("ab") as output:
            process = subprocess.Popen(
                ["sh", "-euc", text],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        watch_group(process.pid)
        try:
            yield
        finally:
            kill_group(process)

    def printed(self) -> str:
        """All that those printed."""
        return self.output.read_text("utf-8") if self.output.exists() else ""
