"""Filter of attempts, listed or followed live: its input, and the rows that it leaves."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated

import strawberry
from tortoise.expressions import RawSQL, Subquery
from tortoise.queryset import QuerySet

from api.execution.errors import BadInput
from api.schema.enums import AttemptCause, AttemptOutcome
from api.schema.filters import check_pattern, exactly, of_pattern, within
from api.schema.node import Info, key_of
from hookline.form.event_names import pattern_test
from hookline.models import Attempt as AttemptRow
from hookline.models import Delivery as DeliveryRow

_STATUS_CLASS = RawSQL("status_code / 100")  # as the index attempt_class has it


@strawberry.input(
    description="Conditions on attempts. An attempt must meet all that are given; null "
    "and an empty list set no condition."
)
class AttemptFilter:
    webhook_id: strawberry.ID | None = strawberry.field(
        default=None, description="ID of the webhook (wh_…) that the attempts were sent to."
    )
    delivery_id: strawberry.ID | None = strawberry.field(
        default=None, description="ID of the delivery (dlv_…) that the attempts belong to."
    )
    outcome: list[AttemptOutcome] | None = strawberry.field(
        default=None, description="Outcomes, any of which matches."
    )
    status_class: list[int] | None = strawberry.field(
        default=None,
        description="Classes of HTTP status codes, any of which matches: 2 for 200 to 299, 3 "
        "for 300 to 399, and so on.",
    )
    cause: list[AttemptCause] | None = strawberry.field(
        default=None, description="Reasons for the attempt, any of which matches."
    )
    event_type: str | None = strawberry.field(
        default=None,
        description="Exact type of the event, such as order.order.created. No patterns.",
    )
    event_id: strawberry.ID | None = strawberry.field(
        default=None, description="ID of the event (evt_…) that was sent."
    )
    event_pattern: str | None = strawberry.field(
        default=None,
        description="Pattern object.model.action that the event's type matches; * stands for any "
        "one segment, such as order.*.created.",
    )
    environment: str | None = strawberry.field(
        default=None, description="Environment of the event."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Start of the time range (`startedAt`), inclusive."
    )
    until: datetime | None = strawberry.field(
        default=None, description="End of the time range (`startedAt`), exclusive."
    )


Given = Annotated[
    AttemptFilter | None,
    strawberry.argument(
        description="Conditions that the attempts must meet. All attempts by default."
    ),
]
"""The argument `filter` of a list of them."""


def rows_of(info: Info) -> QuerySet[AttemptRow]:
    """Returns all attempts of the caller's workspace."""
    return AttemptRow.filter(workspace_id=info.context.actor.workspace_id)


def filtered(rows: QuerySet[AttemptRow], wanted: AttemptFilter | None) -> QuerySet[AttemptRow]:
    """Returns the rows that a filter leaves.

    Raises MalformedId, and BadInput for a condition that no row can meet.
    """
    if wanted is None:
        return rows
    if wanted.webhook_id is not None:
        rows = rows.filter(webhook_id=key_of("wh", wanted.webhook_id))
    if wanted.delivery_id is not None:
        rows = rows.filter(delivery_id=key_of("dlv", wanted.delivery_id))
    if wanted.outcome:
        rows = _one_of("outcome", rows, {int(outcome) for outcome in wanted.outcome})
        # the condition of the partial indexes of failed attempts, which no planner uses without it
        if AttemptOutcome.SUCCEEDED not in wanted.outcome:
            rows = rows.filter(outcome__gt=int(AttemptOutcome.SUCCEEDED))
    if wanted.status_class:
        classes = _classes(wanted.status_class)
        rows = _one_of("status_class", rows.annotate(status_class=_STATUS_CLASS), classes)
        if 2 not in classes:  # 2xx is success, and success is 2xx
            rows = rows.filter(outcome__gt=int(AttemptOutcome.SUCCEEDED))
    if wanted.cause:
        rows = rows.filter(cause__in=[int(cause) for cause in wanted.cause])
    if wanted.event_id is not None:
        # By the deliveries, of which an event has an index: one of attempts would be written for
        # each of them.
        deliveries = DeliveryRow.filter(event_id=key_of("evt", wanted.event_id))
        rows = rows.filter(delivery_id__in=Subquery(deliveries.values("id")))
    rows = of_pattern(rows, "event_type", wanted.event_pattern)
    rows = exactly(rows, event_type=wanted.event_type, environment=wanted.environment)
    return within(rows, "started_at", wanted.since, wanted.until)


def predicate(wanted: AttemptFilter) -> Callable[[AttemptRow], bool]:
    """The same conditions on a row in memory, for what follows attempts live: one feed of the
    workspace serves all, whatever they want.

    Raises as `filtered` does.
    """
    exact = {
        "webhook_id": wanted.webhook_id and key_of("wh", wanted.webhook_id),
        "delivery_id": wanted.delivery_id and key_of("dlv", wanted.delivery_id),
        "event_id": wanted.event_id and key_of("evt", wanted.event_id),
        "event_type": wanted.event_type,
        "environment": wanted.environment,
    }
    equal = {name: value for name, value in exact.items() if value is not None}
    outcomes = {int(outcome) for outcome in wanted.outcome or ()}
    causes = {int(cause) for cause in wanted.cause or ()}
    classes = _classes(wanted.status_class or ())
    since, until = wanted.since, wanted.until
    if wanted.event_pattern is not None:
        check_pattern(wanted.event_pattern)
    has_type = pattern_test(wanted.event_pattern or "*.*.*")

    def is_wanted(row: AttemptRow) -> bool:
        return (
            all(getattr(row, name) == value for name, value in equal.items())
            and has_type(row.event_type)
            and (not outcomes or row.outcome in outcomes)
            and (not causes or row.cause in causes)
            and (not classes or (row.status_code is not None and row.status_code // 100 in classes))
            and (since is None or row.started_at >= since)
            and (until is None or row.started_at < until)
        )

    return is_wanted


def _classes(given: Collection[int]) -> set[int]:
    classes = set(given)
    if not classes <= set(range(1, 10)):
        raise BadInput("statusClass must be from 1 to 9, such as 2 for 200 to 299.")
    return classes


def _one_of(column: str, rows: QuerySet[AttemptRow], numbers: set[int]) -> QuerySet[AttemptRow]:
    # a list of one is not the same to a planner: only of a single value does an index give the rows
    # in order
    return rows.filter(
        **(
            {column: next(iter(numbers))}
            if len(numbers) == 1
            else {f"{column}__in": sorted(numbers)}
        )
    )
