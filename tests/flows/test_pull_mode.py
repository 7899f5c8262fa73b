"""A server that follows a folder of webhooks by itself, as somebody who runs it and writes the
files sees it.
"""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.flows.installation import Installation
from tests.processes import kill_group
from tests.servers import free_port
from tests.waiting import eventually

FILE = """version: 1
set: shop
webhooks:
  orders:
    url: https://crm.example.com/in
    environments: [production]
    events: [order.*.create]
    timeout: 20s
    secretHeader: { name: X-Webhook-Secret, value: "${env:SHOP_KEY}" }
    basicAuth: { username: shop, password: "${file:SECRETS/crm}" }
"""
SOURCE = """{ syncSources { nodes { path set interval degradedAt appliedAt checkedAt driftCount
    problem { code file line column message } } } }"""


async def source(shop: Installation) -> Any:
    """The followed folder, as the API has it; None before the first look."""
    nodes = (await shop.graphql(SOURCE))["syncSources"]["nodes"]
    return nodes[0] if nodes else None


async def timeout(shop: Installation) -> str | None:
    nodes = (await shop.graphql("{ webhooks { nodes { timeout } } }"))["webhooks"]["nodes"]
    return nodes[0]["timeout"] if nodes else None


def has_timeout(shop: Installation, wanted: str) -> Callable[[], Awaitable[bool]]:
    async def has() -> bool:
        return await timeout(shop) == wanted

    return has


def is_degraded(shop: Installation, code: str | None) -> Callable[[], Awaitable[Any]]:
    """None: applied again."""

    async def found() -> Any:
        row = await source(shop)
        has = row and (row["problem"] or {}).get("code")
        return row if row and row["checkedAt"] and has == code else None

    return found


def follow(shop: Installation, folder: Path, *options: str) -> None:
    shop.start_process("serve", "--sync", str(folder), "--sync-interval", "1s", *options)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Nothing of it runs yet; its settings name what followed files may refer to."""
    secrets, folder = tmp_path / "secrets", tmp_path / "hooks"
    secrets.mkdir()
    folder.mkdir()
    (secrets / "crm").write_text("crm-password-in-clear\n")
    write(folder, FILE.replace("SECRETS", str(secrets)))
    async with Installation(tmp_path, database_url) as shop:
        shop.environment |= {
            "SHOP_KEY": "shop-key-in-clear",
            "HOOKLINE_SYNC_ENV_PREFIX": "SHOP_",
            "HOOKLINE_SYNC_FILE_ROOT": str(secrets),
            "HOOKLINE_SYNC_ALERT_EMAILS": "ops@example.com",
            "HOOKLINE_METRICS_TOKEN": "metrics-token-of-16",
        }
        yield shop


def write(folder: Path, text: str) -> None:
    (folder / "webhooks.yaml").write_text(text)


async def test_a_folder_is_applied_and_a_broken_commit_is_told_with_its_place_until_it_is_mended(
    shop: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "hooks"
    good = (folder / "webhooks.yaml").read_text()
    follow(shop, folder)
    if not shop.is_sqlite:
        shop.start_process("worker")
    await eventually(shop.is_ready)
    await eventually(has_timeout(shop, "20s"))
    write(folder, good.replace("20s", "25s"))
    await eventually(has_timeout(shop, "25s"))

    write(folder, good.replace("timeout: 20s", "timeout: soon"))
    problem = (await eventually(is_degraded(shop, "format")))["problem"]
    file = str(folder / "webhooks.yaml")
    assert (problem["file"], problem["line"], problem["column"]) == (file, 8, 14)
    assert await timeout(shop) == "25s"
    status = shop.run("sync", "status").stdout
    assert "not applied since" in status
    assert f"{file}:8:14: error[format]" in status
    told = json.loads(shop.run("sync", "status", "--format", "json").stdout)
    assert told["sources"][0]["problem"]["line"] == 8
    await eventually(shows(shop, "hookline_sync_source_degraded 1.0"))
    await eventually(lambda: mails(shop) == ["Webhooks files can't be applied"])

    write(folder, good.replace("20s", "30s"))
    await eventually(is_degraded(shop, None))
    assert await timeout(shop) == "30s"
    await eventually(shows(shop, "hookline_sync_source_degraded 0.0"))
    await eventually(lambda: len(mails(shop)) == 2)
    assert await sources_events(shop) == ["SOURCE_DEGRADED", "SOURCE_RECOVERED"]
    assert "in-clear" not in shop.log.read_text() + status

    assert f"from {folder}, pulled by the server\n" in shop.run("sync", "status").stdout
    await killed_at_work(shop, folder, good.replace("20s", "35s"))
    assert await timeout(shop) == "35s"
    revisions = await shop.graphql('{ syncRevisions(set: "shop") { totalCount } }')
    assert revisions["syncRevisions"]["totalCount"] == 4


@pytest.mark.engines("postgres")
async def test_of_several_processes_of_a_server_one_looks_and_another_one_goes_on_when_it_is_killed(
    shop: Installation, tmp_path: Path
) -> None:
    folder = tmp_path / "hooks"
    good = (folder / "webhooks.yaml").read_text()
    follow(shop, folder, "--workers", "3")
    await eventually(shop.is_ready)
    await eventually(has_timeout(shop, "20s"))
    [first] = leaders(shop)
    write(folder, good.replace("20s", "25s"))
    await eventually(has_timeout(shop, "25s"))
    os.kill(first, signal.SIGKILL)
    # By a connection to one that lives.
    await eventually(shop.is_ready)
    write(folder, good.replace("20s", "30s"))
    await eventually(has_timeout(shop, "30s"))
    old, new = leaders(shop)
    assert (old, new != old) == (first, True)
    # Each content was applied by one of them, once.
    assert shop.log.read_text().count("sync applied set=shop") == 3
    revisions = await shop.graphql('{ syncRevisions(set: "shop") { totalCount } }')
    assert revisions["syncRevisions"]["totalCount"] == 3


def leaders(shop: Installation) -> list[int]:
    """Process ids of those that looked at the files, one after the other."""
    found = re.findall(r"this process looks at .* pid=(\d+)", shop.log.read_text())
    return [int(pid) for pid in found]


async def killed_at_work(shop: Installation, folder: Path, text: str) -> None:
    """kill -9 of the server that follows when a change has just come: on PostgreSQL one that runs
    beside it goes on, on SQLite the next one.
    """
    port = shop.port if shop.is_sqlite else free_port()
    leader = shop.processes.pop("serve")
    if not shop.is_sqlite:
        follow(shop, folder, "--port", str(port))
        shop.client.base_url = f"http://127.0.0.1:{port}"
        await eventually(shop.is_ready)
    write(folder, text)
    await asyncio.to_thread(kill_group, leader)
    if shop.is_sqlite:
        follow(shop, folder)
        await eventually(shop.is_ready)
    await eventually(has_timeout(shop, "35s"))


async def sources_events(shop: Installation) -> list[str]:
    found = await shop.graphql("{ notifications { nodes { kind } } }")
    return sorted(one["kind"] for one in found["notifications"]["nodes"])


def shows(shop: Installation, line: str) -> Callable[[], Awaitable[bool]]:
    async def found() -> bool:
        return line in await metrics(shop)

    return found


async def metrics(shop: Installation) -> str:
    token = shop.environment["HOOKLINE_METRICS_TOKEN"]
    answer = await shop.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    return answer.text


def mails(shop: Installation) -> list[str]:
    """Subjects of what was sent to the address of the operators."""
    found = []
    for path in sorted((Path(shop.environment["HOOKLINE_HOME"]) / "outbox").glob("*.eml")):
        lines = path.read_text().splitlines()
        assert "To: ops@example.com" in lines
        [subject] = [line for line in lines if line.startswith("Subject: ")]
        found.append(subject.removeprefix("Subject: [Hookline] "))
    return found
