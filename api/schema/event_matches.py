"""Reasons for which webhooks do not get an event, found for a page of webhooks one after the other.
Read by Event.matches.
"""

import asyncio
from uuid import UUID

import orjson

from api.schema.event_fields import data_of
from api.schema.node import Info
from hookline.events.publishing import AcceptedEvent
from hookline.form.filter_work import AskedEvent
from hookline.models import Event as EventRow
from hookline.models import Webhook as WebhookRow
from hookline.webhooks.match_reasons import NO_DATA, match_reasons

MOST_REASONS = 20


class EventMatches:
    """One event, as the webhooks of a page are asked about it."""

    def __init__(self, info: Info, row: EventRow | AcceptedEvent) -> None:
        self._info, self._row = info, row
        # One at a time: they share what an event has been looked at for, and one page is to take
        # one thread, not a hundred.
        self._lock = asyncio.Lock()
        self._asked: AskedEvent | None = None
        self._is_read = False
        self._found: dict[UUID, list[str]] = {}

    @property
    def event_id(self) -> UUID:
        return self._row.id

    async def reasons(self, webhook: WebhookRow) -> list[str]:
        """At most MOST_REASONS sentences; none when the webhook, as it is now, gets the event."""
        async with self._lock:
            if webhook.id not in self._found:
                self._found[webhook.id] = await self._find(webhook)
            return self._found[webhook.id]

    async def matches(self, webhook: WebhookRow) -> bool | None:
        """None when only the filter could say it, and the event's data is gone."""
        reasons = await self.reasons(webhook)
        return None if reasons == [NO_DATA] else not reasons

    async def _find(self, webhook: WebhookRow) -> list[str]:
        form = {
            "active": webhook.is_on,
            "environments": webhook.environments,
            "events": webhook.events,
            "filter": webhook.event_filter,
        }
        about = form, self._row.type, self._row.environment
        if not webhook.event_filter:
            return match_reasons(*about, None)
        # In a thread, as in a dry run: up to 20 ms, and more for the sentences of nested groups.
        asked = await self._read()
        return (await asyncio.to_thread(match_reasons, *about, asked))[:MOST_REASONS]

    async def _read(self) -> AskedEvent | None:
        if not self._is_read:
            data = await data_of(self._info, self._row)
            if data is not None:
                row = self._row
                self._asked = AskedEvent(row.type, row.environment, orjson.loads(data))
            self._is_read = True
        return self._asked
