"""A worker in a process of its own, to be killed."""

import asyncio
import sys

from hookline.settings.fields import Settings, read_settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.processes import PROJECT, Process, start_python
from tests.working import pumping


def start_pumping(settings: Settings) -> Process:
    return start_python(
        "tests.workers.pumping_process",
        settings.database_url,
        str(settings.home),
        folder=PROJECT,
        output=2,
    )


async def pump_for_ever(database_url: str, home: str) -> None:
    async with (
        open_runtime(read_settings(database_url=database_url, home=home), LOOPBACK) as runtime,
        pumping(runtime),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(pump_for_ever(*sys.argv[1:]))
