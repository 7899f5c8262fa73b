"""The first steps of the readme and the pipeline of docs/sync.md, typed as they stand into a shell
beside a `hookline dev`, with its port, its commands' path and one secret's file put in.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.leftovers import watch_group
from tests.processes import ASKING, PROJECT, Process, forker_address, kill_group, start_python
from tests.waiting import eventually

README: Final = (PROJECT / "README.md").read_text("utf-8")
SYNC: Final = (PROJECT / "docs/sync.md").read_text("utf-8")
SERVER: Final = "http://127.0.0.1:8000"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Shell:
    """A terminal in a folder with the sources' sample, beside a `hookline dev`."""

    folder: Path
    url: str
    dev: "subprocess.Popen[bytes] | Process"
    environment: dict[str, str]

    def typed(self, text: str) -> str:
        """The text with what differs here."""
        return text.replace(SERVER, self.url).replace(".venv/bin/hookline", "hookline")

    async def run(self, text: str) -> str:
        """Output of a block, which must end with 0."""
        running = await asyncio.create_subprocess_exec(
            *("sh", "-euc", self.typed(text)),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        printed, _ = await asyncio.wait_for(running.communicate(), 100)
        assert running.returncode == 0, printed.decode()
        return printed.decode()

    def printed(self) -> str:
        return (self.folder / "output.txt").read_text("utf-8")


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    (tmp_path / "config").mkdir()
    shutil.copy(PROJECT / "config/webhooks.yaml", tmp_path / "config/webhooks.yaml")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/hookline"
    # A page has dozens of commands, and repeats those that read until they show what came.
    asking = f'-I -S "{ASKING}" "{forker_address()}"'
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {asking} hookline "$@"\n')
    command.chmod(0o755)
    environment = {
        "PYTHONPATH": str(PROJECT),
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "CRM_KEY": "crm-key",
    }
    with (tmp_path / "output.txt").open("wb") as output:
        dev = start_python(
            *("hookline", "dev", "--port", "0"),
            folder=tmp_path,
            environment=environment,
            output=output,
        )
    watch_group(dev.pid)
    try:
        await eventually(lambda: "Each attempt" in (tmp_path / "output.txt").read_text("utf-8"))
        found = re.search(r"runs at (\S+)", (tmp_path / "output.txt").read_text("utf-8"))
        assert found
        environment["HOOKLINE_SERVER"] = found[1]
        yield Shell(tmp_path, found[1], dev, environment)
    finally:
        kill_group(dev)


def told(text: str) -> list[str]:
    """The lines of a start, without the code of the link and without blanks at the ends."""
    return [re.sub(r"link=\S+", "link=…", line.rstrip()) for line in text.strip().splitlines()]


async def test_first_steps_do_what_the_readme_says(shell: Shell) -> None:
    first, ask, follow = blocks(README, "sh")[:3]
    # Its first line has started the server.
    publish = first.splitlines()[1]
    start = told(shell.typed(blocks(README, "console")[0].partition("first time) …\nApp")[2]))
    # From the applied file to the first command; the lines of installing and building are make's.
    assert start[-1] == "Try next, in another terminal: …"
    began = told(shell.printed().partition("App")[2])
    assert began[: len(start) - 1] == start[:-1]

    assert re.fullmatch(r"evt_\w{26}\ngoes to 1 webhook\n", await shell.run(publish))
    await eventually(lambda: "✓ order.order.create → echo  200 in " in shell.printed())

    [shown] = blocks(README, "json")
    assert _without_times(json.loads(await shell.run(ask))) == _without_times(json.loads(shown))

    await _follows(shell, follow, publish)


def _without_times(answer: Any) -> Any:
    for attempt in answer["data"]["attempts"]["nodes"]:
        assert attempt.pop("durationMs") >= 0
    return answer


async def _follows(shell: Shell, follow: str, publish: str) -> None:
    following = await asyncio.create_subprocess_exec(
        *("sh", "-c", shell.typed(follow)),
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert following.stdout
        reading = asyncio.create_task(_data_in(following.stdout))
        # When it listens nobody says: what is published from then on is told.
        while not reading.done():
            await shell.run(publish)
        line = await reading
        node = json.loads(line[5:])["data"]["attempts"]["node"]
        assert node == {"outcome": "SUCCEEDED", "statusCode": 200}
    finally:
        os.killpg(following.pid, 9)
        # To the end of its output: a pipe that is still open breaks the loop of later tests.
        await following.communicate()


async def _data_in(stream: asyncio.StreamReader) -> bytes:
    while not (line := await asyncio.wait_for(stream.readline(), 100)).startswith(b"data:"):
        assert line
    return line


async def test_pipeline_of_the_sync_page_plans_and_applies_the_file_of_that_page(
    shell: Shell,
) -> None:
    # The page has more files and commands further down.
    (text, *_), (pipeline, *_) = blocks(SYNC, "yaml"), blocks(SYNC, "sh")
    (shell.folder / "crm").write_text("pa55-0f-crm\n")
    # Of a CI job's own: the server on this machine would else follow the file too.
    (shell.folder / "ci").mkdir()
    hooks = text.replace("/run/secrets/crm", str(shell.folder / "crm"))
    (shell.folder / "ci/hooks.yaml").write_text(hooks)
    printed = await shell.run(pipeline.replace("\n", " -f ci/hooks.yaml\n"))
    assert "order-sync" in printed
    assert "Revision 1: 1 create" in printed
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{shell.url}/graphql",
            json={"query": '{ webhookBySlug(slug: "order-sync") { url events } }'},
            headers={"Authorization": f"Bearer {(shell.folder / 'var/token').read_text().strip()}"},
        )
    assert answer.json()["data"]["webhookBySlug"] == {
        "url": "https://crm.example.com/in",
        "events": ["order.*.create", "product.*.update"],
    }
