"""Rows by id, gathered: one read for all that an operation asks for at a time. Each Context has
loaders of its own. Every read is bound to the caller's workspace: a foreign id is an id that does
not exist.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.models import Model

from api.context import Context
from hookline.db.connection import faults_as_unavailable
from hookline.deliveries import manual
from hookline.models import Attempt, Delivery, Email, Event, Webhook

LARGEST_BATCH = 1_000

Row = TypeVar("Row", bound=Model)


class Loaders:
    """Loaders by id: of the row, or None. Each is made when it is first asked for: a publish needs
    none (five at once cost 20 µs, November 2026).
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    @cached_property
    def webhook(self) -> DataLoader[UUID, Webhook | None]:
        """Webhooks, deleted ones too."""
        return self._by_id(Webhook)

    @cached_property
    def event(self) -> DataLoader[UUID, Event | None]:
        return self._by_id(Event)

    @cached_property
    def delivery(self) -> DataLoader[UUID, Delivery | None]:
        return self._by_id(Delivery)

    @cached_property
    def attempt(self) -> DataLoader[UUID, Attempt | None]:
        return self._by_id(Attempt)

    @cached_property
    def backlog(self) -> DataLoader[UUID, int]:
        """Number of a webhook's open deliveries, counted up to 10,000."""
        return DataLoader(load_fn=self._count, max_batch_size=LARGEST_BATCH)

    @cached_property
    def body(self) -> DataLoader[UUID, bytes | None]:
        """Body that a template made for a delivery; None when it sends the event itself."""
        return DataLoader(load_fn=self._bodies, max_batch_size=LARGEST_BATCH)

    @cached_property
    def emails(self) -> DataLoader[UUID, list[Email]]:
        """Mails of a notification, by address."""
        return DataLoader(load_fn=self._emails, max_batch_size=LARGEST_BATCH)

    def _by_id(self, model: type[Row]) -> DataLoader[UUID, Row | None]:
        workspace_id = self._context.actor.workspace_id

        async def load(keys: list[UUID]) -> Sequence[Row | None]:
            with faults_as_unavailable():
                found: dict[Any, Row] = {
                    row.pk: row
                    # an id of another workspace is not found, whatever refers to it
                    for row in await model.filter(id__in=keys, workspace_id=workspace_id)
                }
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load, max_batch_size=LARGEST_BATCH)

    async def _emails(self, keys: list[UUID]) -> list[list[Email]]:
        found: dict[UUID, list[Email]] = {key: [] for key in keys}
        with faults_as_unavailable():
            for row in await Email.filter(
                notification_id__in=keys, workspace_id=self._context.actor.workspace_id
            ).order_by("address"):
                found[row.notification_id].append(row)
        return [found[key] for key in keys]

    async def _bodies(self, keys: list[UUID]) -> list[bytes | None]:
        with faults_as_unavailable():
            found = await manual.bodies(self._context.runtime.database, keys)
        return [found.get(key) for key in keys]

    async def _count(self, keys: list[UUID]) -> list[int]:
        with faults_as_unavailable():
            counts = await manual.backlogs(self._context.runtime.database, keys)
        return [counts.get(key, 0) for key in keys]
