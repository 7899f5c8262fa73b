"""The objects that the actors of a process work on: pump, mails, slots for jobs; and the scheduler.
One per worker process.

Opened by `workers.main` and `workers.embedded`, on the loop that owns the database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hookline.errors import Unavailable
from hookline.messaging.memory_broker import WorkerBroker
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from hookline.settings.smtp_url import read_smtp_url
from hookline.tasks import end_tasks
from workers.mails import Mails
from workers.pump import Pump
from workers.scheduler import Scheduler
from workers.sending import Sender

JOBS_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Engine:
    runtime: Runtime
    pump: Pump
    mails: Mails
    job_slots: asyncio.Semaphore
    """Jobs that may be worked on at once, so that they never hold all of Dramatiq's threads."""


class EngineHost:
    """The part of a worker's middleware that its actors ask. opened: None while it is closed."""

    opened: Engine | None = None

    def engine(self) -> Engine:
        """Raises Unavailable while it is closed."""
        if self.opened is None:
            raise Unavailable("The worker is not open.")
        return self.opened


@asynccontextmanager
async def running(runtime: Runtime, broker: WorkerBroker) -> AsyncIterator[Engine]:
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
async def opened(runtime: Runtime, broker: WorkerBroker) -> AsyncIterator[Engine]:
    """Without the scheduler. At the end what is on the wire is finished (up to the deadline) and
    recorded.
    """
    async with Sender(runtime.addresses, ca_file=runtime.settings.ca_file) as sender:
        pump, mails = Pump(runtime, sender), Mails(runtime, make_mailer(runtime))
        with runtime.enqueuer.sending_to(broker):
            await pump.start()
            try:
                yield Engine(runtime, pump, mails, asyncio.Semaphore(JOBS_AT_ONCE))
            finally:
                within_seconds = runtime.settings.shutdown_seconds
                await asyncio.gather(mails.close(within_seconds), pump.stop(within_seconds))


def make_mailer(runtime: Runtime) -> Mailer:
    url = runtime.settings.smtp_url.get_secret_value()
    return Mailer(
        read_smtp_url(url) if url else None,
        runtime.settings.home / "outbox",
        runtime.settings.mail_domains,
        runtime.settings.ca_file,
    )
