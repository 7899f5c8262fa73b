"""A pump with its sender, and the chores beside it, for as long as a process delivers.

Opened by `workers.main` and `workers.embedded`, on the loop that owns the database.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hookline.runtime import Runtime
from workers.chores import doing_chores
from workers.pump import Pump
from workers.sending import Sender


@asynccontextmanager
async def pumping(runtime: Runtime) -> AsyncIterator[Pump]:
    """Delivers until the block ends; then what is on the wire is finished (up to the deadline) and recorded."""
    async with Sender(runtime.addresses, ca_file=runtime.settings.ca_file) as sender:
        pump = Pump(runtime, sender)
        await pump.start()
        try:
            async with doing_chores(runtime):
                yield pump
        finally:
            await pump.stop(runtime.settings.shutdown_seconds)
