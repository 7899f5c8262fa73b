"""The objects that the actors of a process work on: pump, mails, slots for jobs; and the scheduler.
One per worker process.

Opened by `workers.main` and `workers.embedded`, on the loop that owns the database.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hookline.errors import Unavailable
from hookline.messaging.memory_broker import WorkerBroker
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from hookline.settings.smtp_url import read_smtp_url
from hookline.shutdown import end_tasks
from workers.mails import Mails
from workers.pump import Pump
from workers.reporting import Reporting
from workers.scheduler import PERIODS, Scheduler
from workers.sending import Sender

log = logging.getLogger(__name__)

# So that mails and deliveries always find one of Dramatiq's threads: THREADS of
# hookline/cli/worker.py, one less inside the API.
JOBS_AT_ONCE: Final = 2
THREADS_HELD: Final = JOBS_AT_ONCE + len(PERIODS)
"""Dramatiq's threads that are held at a time at most: by jobs, and by one message of each actor
that has a period. The other actors return at once.
"""


@dataclass(frozen=True, slots=True)
class WorkerContext:
    runtime: Runtime
    pump: Pump
    mails: Mails
    job_slots: asyncio.Semaphore
    """Jobs that may be worked on at once, so that they never hold all of Dramatiq's threads."""


class ContextHolder:
    """The part of a worker's middleware that its actors ask. opened: None while it is closed."""

    opened: WorkerContext | None = None

    def context(self) -> WorkerContext:
        """Raises Unavailable while it is closed."""
        if self.opened is None:
            raise Unavailable("The worker is not open.")
        return self.opened


@asynccontextmanager
async def running_worker(runtime: Runtime, broker: WorkerBroker) -> AsyncIterator[WorkerContext]:
    """Runs the worker and its scheduler until the block ends.

    broker: with the actors; the caller runs Dramatiq's worker behind it, and ends it first.
    """
    async with opened_worker(runtime, broker) as context:
        # It begins last and ends first: it enqueues work that needs everything else open.
        scheduling = asyncio.create_task(Scheduler(runtime, broker).run())
        try:
            yield context
        finally:
            await end_tasks(scheduling)


@asynccontextmanager
async def opened_worker(runtime: Runtime, broker: WorkerBroker) -> AsyncIterator[WorkerContext]:
    """Opens the worker without the scheduler. At the end, requests on the wire may finish (up to
    the deadline) and are recorded.
    """
    if runtime.settings.asks_others and not runtime.settings.public_url:
        log.warning(
            "HOOKLINE_PUBLIC_URL is not set: no address outside HOOKLINE_MAIL_DOMAINS can be asked "
            "to confirm, and so none of them gets mails"
        )
    for middleware in broker.middleware:
        if isinstance(middleware, Reporting):
            runtime.metrics.include(middleware.registry)
    async with Sender(runtime.addresses, ca_file=runtime.settings.ca_file) as sender:
        pump, mails = Pump(runtime, sender), Mails(runtime, make_mailer(runtime))
        # Before the pump: its first record may have mails to enqueue.
        with runtime.enqueuer.sending_to(broker):
            await pump.start()
            try:
                yield WorkerContext(runtime, pump, mails, asyncio.Semaphore(JOBS_AT_ONCE))
            finally:
                within_seconds = runtime.settings.shutdown_seconds
                # Side by side: each may use the whole time that a stop has, and one after the other
                # would need twice that.
                await asyncio.gather(mails.close(within_seconds), pump.stop(within_seconds))


def make_mailer(runtime: Runtime) -> Mailer:
    url = runtime.settings.smtp_url.get_secret_value()
    return Mailer(
        read_smtp_url(url) if url else None,
        runtime.settings.home / "outbox",
        runtime.settings.only_mail_domains,
        runtime.settings.ca_file,
    )
