"""Another process, which shares only the database: records attempts and cuts the hub's connections.

Usage: python -m tests.api.schema.recording URL HOME ROUNDS EACH WEBHOOKS. Prints the attempts' ids
by webhook, in order, as JSON.
"""

import asyncio
import json
import sys
from collections import defaultdict
from pathlib import Path

from hookline import ids
from hookline.runtime import Runtime
from hookline.settings.fields import read_settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.making import WORKSPACE, Hand, enqueue, make_webhook, succeeded
from tests.waiting import eventually

CUT = (
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'hookline "
    "hub' and datname = current_database()"
)

LISTENERS = """select 1 from pg_stat_activity where application_name = 'hookline hub' and datname =
  current_database() and query not like '%pg_notify%'
having count(*) = 2"""
"""Both processes listen."""


async def record(runtime: Runtime, rounds: int, each: int, webhooks: int) -> dict[str, list[str]]:
    hooks, hand, ended = (
        [await make_webhook(runtime) for _ in range(webhooks)],
        await Hand.begin(runtime),
        defaultdict[str, list[str]](list),
    )
    for number in range(rounds):
        if number % 4 == 1:
            assert await runtime.database.reader().rows(CUT)
        for hook in hooks:
            await enqueue(runtime, hook.id, each)
            results = [succeeded(row) for row in await hand.claim(hook.id, room=each)]
            await hand.record(*results)
            runtime.hub.publish("activity", f"{WORKSPACE} 0")
            ended[ids.encode("wh", hook.id)] += [
                ids.encode("att", result.attempt_id) for result in results
            ]
        if number % 4 == 3:  # some rounds find the hub away, some find it back
            await eventually(lambda: runtime.database.reader().rows(LISTENERS))
    return ended


async def main(url: str, home: str, *counts: str) -> None:
    async with open_runtime(read_settings(database_url=url, home=Path(home)), LOOPBACK) as runtime:
        # it is what the caller reads
        print(json.dumps(await record(runtime, *map(int, counts))))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
