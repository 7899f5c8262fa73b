"""Rows by id, gathered: one read for all that an operation asks for at a time. Each Context has
loaders of its own. Every read is bound to the caller's workspace: a foreign id is an id that does
not exist.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader
from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.context import Context
from hookline.deliveries import manual, statistics
from hookline.models import Attempt, Delivery, Email, Event, SyncRevision, SyncSet, Webhook
from hookline.sync import drift, history

LARGEST_BATCH = 200
# Rows of one statement, which are decoded in one go: 50,000 would hold the loop for 50 ms and more.
BUCKETS_AT_ONCE: Final = 10_000
# Of which a page may hold megabytes: read for those who ask for them, at their price.
_LARGE_COLUMNS: Final[dict[type[Model], tuple[str, ...]]] = {
    Event: ("data",),
    Attempt: ("request_headers", "response_headers", "response_body"),
    SyncRevision: ("snapshot", "changes"),
}

Row = TypeVar("Row", bound=Model)


def without_large_columns(rows: QuerySet[Row]) -> QuerySet[Row]:
    """The rows without what loaders read apart: 10,000 attempts lead to 2.6 GB of events."""
    large = _LARGE_COLUMNS.get(rows.model, ())
    if not large:
        return rows
    return rows.only(*(name for name in rows.model._meta.fields_db_projection if name not in large))


class Loaders:
    """Loaders by id: of the row, or None. Each is made when it is first asked for: a publish needs
    none (five at once cost 20 µs, November 2026).
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    def forget(self) -> None:
        """Lets go of all rows. A loader and its function hold each other, and so the rows would
        stay until the collector finds them: megabytes behind a few objects, for which it does not
        come (24 MB for each page of large events; 2026-11).
        """
        context = self._context
        vars(self).clear()
        self._context = context

    @cached_property
    def webhook(self) -> DataLoader[UUID, Webhook | None]:
        """Webhooks, deleted ones too."""
        return self._by_id(Webhook)

    @cached_property
    def event(self) -> DataLoader[UUID, Event | None]:
        """Events without their data."""
        return self._by_id(Event)

    @cached_property
    def event_data(self) -> DataLoader[UUID, Event | None]:
        """Data of events, and nothing else of them."""
        return self._large(Event)

    @cached_property
    def delivery(self) -> DataLoader[UUID, Delivery | None]:
        return self._by_id(Delivery)

    @cached_property
    def delivery_to(self) -> DataLoader[tuple[UUID, UUID], Delivery | None]:
        """First deliveries of an event to a webhook each. A batch is a statement for each event."""
        return DataLoader(load_fn=self._deliveries_to, max_batch_size=LARGEST_BATCH)

    @cached_property
    def attempt(self) -> DataLoader[UUID, Attempt | None]:
        """Attempts without headers and bodies."""
        return self._by_id(Attempt)

    @cached_property
    def attempt_content(self) -> DataLoader[UUID, Attempt | None]:
        """Headers and bodies of attempts, and nothing else of them."""
        return self._large(Attempt)

    @cached_property
    def backlog(self) -> DataLoader[UUID, int]:
        """Number of a webhook's open deliveries, counted up to 10,000."""
        return DataLoader(load_fn=self._count, max_batch_size=LARGEST_BATCH)

    @cached_property
    def failed_events(self) -> DataLoader[UUID, int]:
        """Number of distinct events among a webhook's failures since its last success."""
        return DataLoader(load_fn=self._failed_events, max_batch_size=LARGEST_BATCH)

    @cached_property
    def stats(self) -> DataLoader[tuple[UUID, statistics.Span], statistics.Counts]:
        """Counters of a webhook's attempts in a span. A batch is a statement for each span, or
        several for very many buckets.
        """
        return DataLoader(load_fn=self._stats, max_batch_size=LARGEST_BATCH)

    @cached_property
    def last_attempt(self) -> DataLoader[UUID, UUID | None]:
        """Key of a webhook's newest attempt."""
        return DataLoader(load_fn=self._last_attempts, max_batch_size=LARGEST_BATCH)

    @cached_property
    def oldest_open(self) -> DataLoader[UUID, UUID | None]:
        """Key of a webhook's oldest open delivery, of the 10,000 that are due first."""
        return DataLoader(load_fn=self._oldest_open, max_batch_size=LARGEST_BATCH)

    @cached_property
    def is_on_wire(self) -> DataLoader[UUID, bool]:
        """True for deliveries whose requests are under way."""
        return DataLoader(load_fn=self._on_wire, max_batch_size=LARGEST_BATCH)

    @cached_property
    def causes(self) -> DataLoader[UUID, frozenset[int]]:
        """Causes of a delivery's attempts that are MANUAL or TEST."""
        return DataLoader(load_fn=self._causes, max_batch_size=LARGEST_BATCH)

    @cached_property
    def body(self) -> DataLoader[UUID, bytes | None]:
        """Body that a template made for a delivery; None when it sends the event itself."""
        return DataLoader(load_fn=self._bodies, max_batch_size=LARGEST_BATCH)

    @cached_property
    def emails(self) -> DataLoader[UUID, list[Email]]:
        """Mails of a notification, by address."""
        return DataLoader(load_fn=self._emails, max_batch_size=LARGEST_BATCH)

    @cached_property
    def revision(self) -> DataLoader[UUID, SyncRevision | None]:
        """Revisions of sets without what they changed."""
        return self._by_id(SyncRevision)

    @cached_property
    def sync_set(self) -> DataLoader[UUID, SyncSet | None]:
        return self._by_id(SyncSet)

    @cached_property
    def latest_revision(self) -> DataLoader[UUID, UUID | None]:
        """Key of a set's newest revision."""
        return self._read(history.latest_revisions, None)

    @cached_property
    def set_webhook_count(self) -> DataLoader[str, int]:
        """Number of the webhooks that a set's last applied file has, by the set's name."""
        return self._read(history.webhook_counts, 0)

    @cached_property
    def set_drift(self) -> DataLoader[str, list[drift.Drift]]:
        """Drift of a set, by its name. A batch reads the webhooks of its sets together."""
        return DataLoader(load_fn=self._drift, max_batch_size=LARGEST_BATCH)

    @cached_property
    def revision_change_count(self) -> DataLoader[UUID, int]:
        """Number of a revision's changes."""
        return self._read(history.change_counts, 0)

    @cached_property
    def revision_changes(self) -> DataLoader[history.Window, list[dict[str, Any]]]:
        """Some of a revision's changes."""
        return self._read(history.changes_of, [])

    def _read(self, read: Callable[..., Awaitable[Any]], otherwise: Any) -> DataLoader[Any, Any]:
        """A loader by a statement of the workspace. otherwise: for a key without a row."""

        async def load(keys: list[Any]) -> list[Any]:
            async with self._context.reading() as reader:
                found = await read(reader, self._context.actor.workspace_id, keys)
            return [found.get(key, otherwise) for key in keys]

        return DataLoader(load_fn=load, max_batch_size=LARGEST_BATCH)

    async def _drift(self, names: list[str]) -> list[list[drift.Drift]]:
        context = self._context
        found = await drift.find_drift(
            context.reading, context.runtime.vault, context.actor.workspace_id, names
        )
        return [found[name] for name in names]

    def _by_id(self, model: type[Row]) -> DataLoader[UUID, Row | None]:
        # an id of another workspace is not found, whatever refers to it
        rows = model.filter(workspace_id=self._context.actor.workspace_id)
        return self._loader(without_large_columns(rows))

    def _large(self, model: type[Row]) -> DataLoader[UUID, Row | None]:
        rows = model.filter(workspace_id=self._context.actor.workspace_id)
        return self._loader(rows.only("id", *_LARGE_COLUMNS[model]))

    def _loader(self, all_rows: QuerySet[Row]) -> DataLoader[UUID, Row | None]:
        async def load(keys: list[UUID]) -> Sequence[Row | None]:
            rows = all_rows.filter(id__in=keys)
            async with self._context.reading() as reader:
                found: dict[Any, Row] = {row.pk: row for row in await rows.using_db(reader.client)}
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load, max_batch_size=LARGEST_BATCH)

    async def _deliveries_to(self, keys: list[tuple[UUID, UUID]]) -> list[Delivery | None]:
        found: dict[tuple[UUID, UUID], Delivery] = {}
        for event_id in dict.fromkeys(event_id for event_id, _ in keys):
            wanted = [webhook_id for of, webhook_id in keys if of == event_id]
            rows = Delivery.filter(
                workspace_id=self._context.actor.workspace_id,
                event_id=event_id,
                webhook_id__in=wanted,
            )
            async with self._context.reading() as reader:
                # The last one that is written here is the first one that there was.
                for row in await rows.order_by("-id").using_db(reader.client):
                    found[event_id, row.webhook_id] = row
        return [found.get(key) for key in keys]

    async def _emails(self, keys: list[UUID]) -> list[list[Email]]:
        found: dict[UUID, list[Email]] = {key: [] for key in keys}
        rows = Email.filter(
            notification_id__in=keys, workspace_id=self._context.actor.workspace_id
        ).order_by("address")
        async with self._context.reading() as reader:
            for row in await rows.using_db(reader.client):
                found[row.notification_id].append(row)
        return [found[key] for key in keys]

    async def _causes(self, keys: list[UUID]) -> list[frozenset[int]]:
        async with self._context.reading() as reader:
            found = await manual.causes(reader, keys)
        return [found.get(key, frozenset()) for key in keys]

    async def _bodies(self, keys: list[UUID]) -> list[bytes | None]:
        async with self._context.reading() as reader:
            found = await manual.bodies(reader, keys)
        return [found.get(key) for key in keys]

    async def _failed_events(self, keys: list[UUID]) -> list[int]:
        async with self._context.reading() as reader:
            counts = await manual.failed_events(reader, keys)
        return [counts.get(key, 0) for key in keys]

    async def _stats(self, keys: list[tuple[UUID, statistics.Span]]) -> list[statistics.Counts]:
        found: dict[tuple[UUID, statistics.Span], statistics.Counts] = {}
        for span in dict.fromkeys(span for _, span in keys):
            wanted = [webhook_id for webhook_id, asked in keys if asked == span]
            at_once = max(1, BUCKETS_AT_ONCE // max(1, len(span.starts)))
            for begin in range(0, len(wanted), at_once):
                async with self._context.reading() as reader:
                    part = wanted[begin : begin + at_once]
                    counts = await statistics.counts(reader, part, span)
                found |= {(webhook_id, span): of_one for webhook_id, of_one in counts.items()}
        return [found.get(key, {}) for key in keys]

    async def _last_attempts(self, keys: list[UUID]) -> list[UUID | None]:
        async with self._context.reading() as reader:
            found = await manual.last_attempts(reader, keys)
        return [found.get(key) for key in keys]

    async def _oldest_open(self, keys: list[UUID]) -> list[UUID | None]:
        async with self._context.reading() as reader:
            found = await manual.oldest_open(reader, keys)
        return [found.get(key) for key in keys]

    async def _on_wire(self, keys: list[UUID]) -> list[bool]:
        async with self._context.reading() as reader:
            found = await manual.on_wire(reader)
        return [key in found for key in keys]

    async def _count(self, keys: list[UUID]) -> list[int]:
        async with self._context.reading() as reader:
            counts = await manual.backlogs(reader, keys)
        return [counts.get(key, 0) for key in keys]
