"""Code of the client's readme, run as it stands beside a real server."""

import asyncio
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from hookline.outbound.signing import decode_secret, new_secret, sign
from tests.client.published import stored_events
from tests.flows.installation import Installation

README = (Path(__file__).parents[2] / "clients/python/README.md").read_text("utf-8")


def blocks(section: str) -> list[str]:
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


async def run(code: str, hookline: Installation, **names: Any) -> dict[str, Any]:
    """Runs a block as the body of a function; returns the names that it has at its end."""
    here = code.replace("http://127.0.0.1:8000", hookline.url)
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
