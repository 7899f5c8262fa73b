"""Enqueues what is due and no message named: mails and jobs by their rows, the rest by the clock.
Runs in every worker.

It enqueues to the process itself: so a broker that is away, frozen or emptied delays nothing.
"""

import asyncio
import logging
import random
from typing import Final

from hookline.clock import monotonic
from hookline.db.faults import FAULTS
from hookline.deliveries import jobs
from hookline.errors import Unavailable
from hookline.messaging.memory_broker import WorkerBroker
from hookline.messaging.messages import ACTORS, OWN, ActorName, make_message
from hookline.notifications import mails
from hookline.outages import Outage
from hookline.runtime import Runtime

log = logging.getLogger(__name__)

# Spread, so that many workers don't ask at once.
_MIN_PERIOD_SECONDS, _MAX_PERIOD_SECONDS = 0.7, 1.0
# Both together fit into the queue, which holds 100 messages; more would push the oldest ones out.
ROWS: Final = 50
"""Mails and jobs that one look enqueues, of each."""
PERIODS: Final = {
    name: row.period_seconds for name, row in ACTORS.items() if row.period_seconds is not None
}
"""Seconds between two messages of this worker; every other worker sends as many to itself."""


class Scheduler:
    def __init__(self, runtime: Runtime, broker: WorkerBroker) -> None:
        self._runtime, self._broker = runtime, broker
        self._outage = Outage(log, "mails and jobs are not looked for, the database is away")
        # Spread over the first second, so that workers that start together don't look together.
        self._due_at = {actor: monotonic() + random.uniform(0, 1) for actor in PERIODS}

    async def run(self) -> None:
        while True:
            try:
                await self.enqueue_due()
                self._outage.back()
            except (*FAULTS, Unavailable) as error:
                self._outage.away(error)
            # Without this loop, what a lost message named would never be done.
            except Exception:
                log.exception("mails and jobs not looked for")
            await asyncio.sleep(random.uniform(_MIN_PERIOD_SECONDS, _MAX_PERIOD_SECONDS))

    async def enqueue_due(self) -> None:
        """One message for each mail, each job and each period that is due."""
        for actor, period in PERIODS.items():
            if monotonic() >= self._due_at[actor]:
                # Each worker keeps its own clock; the rows' leases make sure that each thing is
                # done once.
                self._due_at[actor] = monotonic() + period * random.uniform(0.8, 1.2)
                self._enqueue(actor)
        for job_id in await jobs.due(self._runtime.database, ROWS):
            self._enqueue(ActorName.RUN_JOB, str(job_id))
        for notification_id, address in await mails.due(self._runtime, ROWS):
            self._enqueue(ActorName.SEND_MAIL, str(notification_id), address)

    def _enqueue(self, actor: ActorName, *arguments: object) -> None:
        self._broker.enqueue(make_message(actor, *arguments, queue=OWN))
