"""Code of the client's readme, run as it stands beside a real server."""

import asyncio
import re
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hookline.outbound.signing import decode_secret, new_secret, sign
from tests.client.published import stored_events
from tests.flows.installation import Installation

CLIENT = Path(__file__).parents[2] / "clients/python"
README = (CLIENT / "README.md").read_text("utf-8")
URL = "http://127.0.0.1:8000"


def blocks(section: str, language: str = "python") -> list[str]:
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


async def run(code: str, hookline: Installation, **names: Any) -> dict[str, Any]:
    """Runs a block as the body of a function; returns the names that it has at its end."""
    here = code.replace(URL, hookline.url)
    body = textwrap.indent(here + "\nreturn locals()", "    ")
    scope: dict[str, Any] = {"token": hookline.token, **names}
    exec(f"async def block():\n{body}", scope)
    found: dict[str, Any] = await scope["block"]()
    return found


async def run_beside_the_loop(code: str, hookline: Installation) -> None:
    await asyncio.to_thread(asyncio.run, run(code, hookline))


async def test_publishing(hookline: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    plain, with_loop = blocks("Publish")
    await run_beside_the_loop(plain, hookline)
    await run(with_loop, hookline)

    event_id, count = capsys.readouterr().out.split()
    events = await stored_events(hookline)
    counts = await hookline.graphql("{ events(first: 1) { totalCount } }")
    assert counts["events"]["totalCount"] == 1_502
    assert {event["type"] for event in events} == {"product.stock.update"}
    assert event_id.startswith("evt_")
    assert count == "0"


async def test_errors(hookline: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    [code] = blocks("Errors")
    await run_beside_the_loop(code, hookline)
    assert capsys.readouterr().out == "1 type INVALID\n"
    assert await stored_events(hookline) == []


async def test_outbox(hookline: Installation, tmp_path: Path) -> None:
    make, relay = blocks("Outbox", "sh")
    [write] = blocks("Outbox")
    # The client is on the path; what would install it is tested in test_distribution.py.
    table = await asyncio.to_thread(typed, make.partition("\n")[2], hookline, tmp_path)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.executescript(f"create table orders (id text, total real);{table}")
        await run(write, hookline, connection=connection)

    said = await asyncio.to_thread(typed, relay, hookline, tmp_path)

    assert "published: 1," in said
    assert said.endswith("waiting: 0\nset aside: 0\n")
    [event] = await stored_events(hookline)
    assert event["data"] == {"id": "o-17", "total": 42.5}


def typed(text: str, hookline: Installation, folder: Path) -> str:
    """Output of commands in a shell."""
    module = f"'{sys.executable}' -m hookline_client.outbox"
    done = subprocess.run(
        ["sh", "-euc", text.replace("hookline-outbox", module).replace(URL, hookline.url)],
        cwd=folder,
        env={"PYTHONPATH": str(CLIENT / "src"), "HOOKLINE_TOKEN": hookline.token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


async def test_verifying(hookline: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    from time import time

    secret, body, stamp = new_secret(), b'{"a": 1}', int(time())
    [code] = blocks("Verify")
    receive = (await run(code, hookline, secret=secret))["receive"]
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign([decode_secret(secret)], "evt_1", stamp, body),
    }
    assert receive(body, headers) == 204
    assert receive(body + b" ", headers) == 400
    assert capsys.readouterr().out == "evt_1 {'a': 1}\nSIGNATURE\n"
