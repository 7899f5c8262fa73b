"""What a worker does besides delivering: mails, jobs, the hourly word about failures, statistics, retention. Any number of workers share it.

None of it waits for a delivery, and no delivery waits for it.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hookline import jobs, notifications, retention, statistics
from hookline.db.connection import FAULTS
from hookline.errors import Unavailable
from hookline.mail import Mailer
from hookline.runtime import Runtime
from hookline.smtp_url import read_smtp_url
from hookline.tasks import end_tasks

log = logging.getLogger("hookline.chores")

Chore = Callable[[], Awaitable[int]]
"""Does a part of what there is to do; 0: nothing was left."""


@asynccontextmanager
async def doing_chores(runtime: Runtime) -> AsyncIterator[None]:
    """Goes on until the block ends."""
    mailer = make_mailer(runtime)
    tasks = [
        asyncio.create_task(_repeat("mails", 1, lambda: notifications.send_due(runtime, mailer))),
        asyncio.create_task(_repeat("jobs", 1, lambda: jobs.step(runtime))),
        asyncio.create_task(_repeat("statistics", 60, lambda: statistics.fold_minutes(runtime))),
        asyncio.create_task(_repeat("retention", 60, lambda: retention.sweep(runtime))),
        asyncio.create_task(_repeat("failed deliveries", 30, lambda: notifications.tell_of_failed(runtime))),
    ]
    try:
        yield
    finally:
        await end_tasks(*tasks)


def make_mailer(runtime: Runtime) -> Mailer:
    url = runtime.settings.smtp_url.get_secret_value()
    return Mailer(read_smtp_url(url) if url else None, runtime.settings.home / "outbox", runtime.settings.mail_domains, runtime.settings.ca_file)


async def _repeat(name: str, every_seconds: float, chore: Chore) -> None:
    while True:
        done = 0
        try:
            done = await chore()
        except (*FAULTS, Unavailable) as error:
            log.warning("%s must wait, the database is away: %r", name, error)
        except Exception:  # one bad row must not end the chore for ever
            log.exception("%s failed, tried again", name)
        await asyncio.sleep(0 if done else every_seconds * random.uniform(0.7, 1.0))
