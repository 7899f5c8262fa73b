"""A worker in a process of its own, to be killed: `python -m tests.workers.pumping_process
DATABASE_URL HOME`.
"""

import asyncio
import sys

from hookline.settings.fields import read_settings
from hookline.wiring import open_runtime
from tests.conftest import LOOPBACK
from tests.working import pumping


async def pump_for_ever(database_url: str, home: str) -> None:
    async with (
        open_runtime(read_settings(database_url=database_url, home=home), LOOPBACK) as runtime,
        pumping(runtime),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(pump_for_ever(*sys.argv[1:]))
