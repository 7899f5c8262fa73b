"""Findings of the doctor in a healthy installation, and in each that something is wrong with:
always with the way to mend it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hookline.db.connection import Database
from hookline.db.migrate import migrate
from hookline.doctor import CheckState, Finding, examine
from hookline.settings.fields import Settings, read_settings
from hookline.wiring import open_runtime
from tests.servers import Valkey, free_port
from tests.sharing import VirtualHost

OTHER_KEY = "A" * 43 + "="


async def findings(settings: Settings) -> dict[str, Finding]:
    return {found.name: found async for found in examine(settings)}


def problems(found: dict[str, Finding]) -> list[str]:
    return [one.name for one in found.values() if one.state is CheckState.PROBLEM]


async def test_a_healthy_installation_has_no_problem(settings: Settings) -> None:
    async with open_runtime(settings) as runtime:
        await runtime.queue.register(uuid4(), "a worker that has just begun")
    found = await findings(settings)
    assert {one.state for one in found.values()} <= {CheckState.OK, CheckState.WARNING}
    assert found["workers"].text == "1 running"
    assert list(found) == (
        [
            "settings",
            "descriptors",
            "database",
            "schema",
            "keys",
            "workers",
            "hub",
            "broker",
            "mails",
        ]
    )


async def test_nothing_is_made_by_looking(settings: Settings) -> None:
    found = await findings(settings)
    assert problems(found) == []
    assert "first start" in found["keys"].text
    assert "hookline" in found["workers"].text
    assert found["workers"].state is CheckState.WARNING
    assert not (settings.home / "key").exists()


async def test_a_low_limit_of_descriptors_is_told(tmp_path: Path) -> None:
    # A process of its own: a hard limit never goes up again.
    script = (
        "import asyncio, resource, sys; from pathlib import Path\n"
        "from hookline.doctor import examine; from hookline.settings.fields import read_settings\n"
        "async def main():\n"
        "    async for found in examine(read_settings(home=Path(sys.argv[1]))):\n"
        "        if found.name == 'descriptors': print(found.state.value, found.text)\n"
        "for limit in (4_096, 4_095):\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limit))\n"
        "    asyncio.run(main())"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout.splitlines()
    for line, limit, state in zip(
        found, ("4,096", "4,095"), (CheckState.OK, CheckState.WARNING), strict=True
    ):
        said = f"{state.value} {limit}, of which clients' connections take up to 3,0"
        assert line.startswith(said)
        assert ("ulimit -Hn" in line) is (state is CheckState.WARNING)


async def test_a_missing_database_is_told_once(tmp_path: Path) -> None:
    found = await findings(read_settings(home=tmp_path))
    assert problems(found) == ["database"]
    assert found["database"].text.endswith("Run: hookline migrate")
    found = await findings(
        read_settings(home=tmp_path, database_url=f"postgres://u:hunter2@127.0.0.1:{free_port()}/n")
    )
    assert problems(found) == ["database"]
    assert "HOOKLINE_DATABASE_URL" in found["database"].text
    assert "hunter2" not in found["database"].text
    assert [found[name].state for name in ("schema", "keys", "workers", "hub")] == [
        CheckState.SKIPPED
    ] * 4


async def test_an_older_schema_is_told_with_the_command(settings: Settings) -> None:
    database = Database(settings)
    await database.open()
    async with database.unit_of_work() as work:
        await work.execute("delete from tortoise_migrations where name = '0001_initial'")
    await database.close()
    found = await findings(settings)
    assert (problems(found), "Run: hookline migrate" in found["schema"].text) == (["schema"], True)


async def test_a_newer_schema_is_told(settings: Settings) -> None:
    database = Database(settings)
    await database.open()
    async with database.unit_of_work() as work:
        await work.execute(
            "update tortoise_migrations set name = '9999_later' where name = '0001_initial'"
        )
    await database.close()
    found = await findings(settings)
    assert (problems(found), "newer Hookline" in found["schema"].text) == (["schema"], True)


async def test_another_key_ring_is_told(settings: Settings) -> None:
    async with open_runtime(settings):
        pass
    found = await findings(
        settings.model_copy(
            update={"secret_keys": read_settings(secret_keys=OTHER_KEY).secret_keys}
        )
    )
    assert (problems(found), "HOOKLINE_SECRET_KEYS" in found["keys"].text) == (["keys"], True)
    (settings.home / "key").unlink()
    found = await findings(settings)
    assert (problems(found), "bring" in found["keys"].text) == (["keys"], True)


@pytest.mark.engines("postgres")
async def test_brokers_and_hubs_that_answer_are_told(
    settings: Settings, valkey_server: Valkey, rabbitmq_server: VirtualHost
) -> None:
    found = await findings(
        settings.model_copy(
            update={"broker_url": rabbitmq_server.url, "pubsub_url": valkey_server.url}
        )
    )
    assert problems(found) == []
    assert "guest:********@" in found["broker"].text
    assert "come back" in found["hub"].text


async def test_a_broker_that_is_not_there_is_told(settings: Settings) -> None:
    await migrate(settings)
    for scheme in ("redis", "amqp"):
        found = await findings(
            settings.model_copy(update={"broker_url": f"{scheme}://127.0.0.1:{free_port()}"})
        )
        assert (problems(found), "HOOKLINE_BROKER_URL" in found["broker"].text) == (
            ["broker"],
            True,
        )


async def test_a_redis_that_evicts_is_told(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    folder.mkdir()
    with Valkey(folder, "--maxmemory-policy", "allkeys-lru") as server:
        found = await findings(settings.model_copy(update={"broker_url": server.url}))
    assert (problems(found), "noeviction" in found["broker"].text) == (["broker"], True)


@pytest.mark.parametrize(
    ("given", "state", "said"),
    [
        ({"smtp_url": ""}, CheckState.OK, "outbox"),
        ({"public_url": ""}, CheckState.WARNING, "HOOKLINE_PUBLIC_URL"),
        ({"mail_other_domains": "allow", "public_url": ""}, CheckState.OK, "to others too"),
        ({"allowed_hosts": ("other.example",)}, CheckState.WARNING, "HOOKLINE_ALLOWED_HOSTS"),
        ({"allowed_hosts": ("Hooks.example.com",)}, CheckState.OK, "once they are confirmed"),
        ({"mail_domains": ("example.com",)}, CheckState.OK, "to example.com at once"),
    ],
)
async def test_addresses_that_nobody_can_ask_are_told(
    tmp_path: Path, given: dict[str, Any], state: CheckState, said: str
) -> None:
    usual: dict[str, Any] = {
        "home": tmp_path,
        "smtp_url": "smtp://127.0.0.1?from=a@example.org",
        "public_url": "https://hooks.example.com",
    }
    found = await findings(Settings(**{**usual, **given}))
    assert (found["mails"].state, said in found["mails"].text) == (state, True)
