"""What the actors of a process work on: pump, mails, and the scheduler that finds what no message named. One per worker process.

Opened by `workers.main` and `workers.embedded`, on the loop that owns the database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from dramatiq import Broker

from hookline.mail import Mailer
from hookline.runtime import Runtime
from hookline.smtp_url import read_smtp_url
from hookline.tasks import end_tasks
from workers.mails import Mails
from workers.pump import Pump
from workers.scheduler import Scheduler
from workers.sending import Sender


@dataclass(frozen=True, slots=True)
class Engine:
    runtime: Runtime
    pump: Pump
    mails: Mails


@asynccontextmanager
async def running(runtime: Runtime, broker: Broker) -> AsyncIterator[Engine]:
    """Works until the block ends, and looks for what no message named.

    broker: with the actors; the caller runs Dramatiq's worker behind it, and ends it first.
    """
    async with opened(runtime, broker) as engine:
        scheduling = asyncio.create_task(Scheduler(runtime, broker).run())
        try:
            yield engine
        finally:
            await end_tasks(scheduling)


@asynccontextmanager
async def opened(runtime: Runtime, broker: Broker) -> AsyncIterator[Engine]:
    """Without the scheduler. At the end what is on the wire is finished (up to the deadline) and recorded."""
    async with Sender(runtime.addresses, ca_file=runtime.settings.ca_file) as sender:
        pump, mails = Pump(runtime, sender), Mails(runtime, make_mailer(runtime))
        with runtime.enqueuer.sending_to(broker):
            await pump.start()
            try:
                yield Engine(runtime, pump, mails)
            finally:
                await mails.close()
                await pump.stop(runtime.settings.shutdown_seconds)


def make_mailer(runtime: Runtime) -> Mailer:
    url = runtime.settings.smtp_url.get_secret_value()
    return Mailer(read_smtp_url(url) if url else None, runtime.settings.home / "outbox", runtime.settings.mail_domains, runtime.settings.ca_file)
