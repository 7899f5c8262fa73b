"""Bodies of deliveries: the event as JSON, or rendered by the webhook's template. For delivering.

A rendered body is kept before it is first sent, so that every retry sends the same. Bodies that are
made at the same time are kept together.
"""

import asyncio
from uuid import UUID

import orjson

from hookline.clock import rfc3339
from hookline.deliveries.queue.base import ClaimedDelivery, Queue
from hookline.deliveries.target import Target
from hookline.errors import HooklineError
from hookline.outbound.payloads import request_body
from hookline.outbound.rendering import Renderer, RenderFault
from hookline.outbound.templates import Facts, event_facts


class Bodies:
    def __init__(self, queue: Queue, renderer: Renderer) -> None:
        self._queue, self._renderer = queue, renderer
        self._waiting: dict[UUID, bytes] = {}
        self._keeping: asyncio.Task[None] | None = None

    async def body_of(
        self, row: ClaimedDelivery, message_id: str, target: Target
    ) -> tuple[bytes, str | None] | RenderFault:
        """The body, and the content type if it is a template's; or why there is none. message_id:
        the event's.

        Raises HooklineError when the event's data is gone, and the database's faults.
        """
        if row.body is not None:
            return row.body, target.content_type
        # An earlier attempt sent the event itself (the webhook had no template then): retries
        # repeat it, whatever the template is now.
        if target.template is None or (row.number > 1 and await self._queue.has_sent(row.id)):
            return plain(row, message_id), None
        body = await self._renderer.render(
            target.template, target.content_type, facts_of(row, message_id), target.facts
        )
        if isinstance(body, RenderFault):
            return body
        # Kept before it is sent: a crash in between must not let a retry send other bytes under the
        # same id.
        await self._keep(row.id, body)
        return body, target.content_type

    async def _keep(self, key: UUID, body: bytes) -> None:
        self._waiting[key] = body
        # The write under way may have begun before this body came; then it goes with the next one.
        while key in self._waiting:
            if self._keeping is None:
                self._keeping = asyncio.create_task(self._keep_waiting())
            # Shielded: one cancelled sender must not take the write from the others that wait for
            # it.
            await asyncio.shield(self._keeping)

    async def _keep_waiting(self) -> None:
        """Stores every waiting body in one statement. A fault reaches every caller that waits."""
        kept, self._waiting = self._waiting, {}
        try:
            await self._queue.store_bodies(list(kept.items()))
        finally:
            self._keeping = None


def plain(row: ClaimedDelivery, message_id: str) -> bytes:
    return request_body(
        message_id,
        row.event_type,
        row.environment,
        row.occurred_at,
        _data(row),
    )


def facts_of(row: ClaimedDelivery, message_id: str) -> Facts:
    data = orjson.Fragment(_data(row))
    return event_facts(
        message_id,
        row.event_type,
        row.environment,
        rfc3339(row.occurred_at),
        data,
    )


def _data(row: ClaimedDelivery) -> str:
    """Raises HooklineError when retention took the data after the delivery was asked for by hand:
    a body without it would be another event under the same id.
    """
    if row.data is None:
        raise HooklineError(
            "DATA_EXPIRED", "The event's data is older than it is kept for, so nothing was sent."
        )
    return row.data
