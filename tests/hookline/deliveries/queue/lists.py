"""Lists as the API reads them, with the indexes that they should find. For test_queue_plans and
test_sqlite_plans.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import strawberry
from tortoise.queryset import QuerySet

from api.schema.attempt_filter import AttemptFilter
from api.schema.attempt_filter import filtered as attempts
from api.schema.delivery_filter import DeliveryFilter, DeliveryStatus
from api.schema.delivery_filter import parts_of as deliveries
from api.schema.enums import AttemptOutcome
from api.schema.event import EventFilter
from api.schema.event import _filtered as filtered_events
from hookline import clock, ids
from hookline.models import Attempt, Delivery, Event
from tests.making import WORKSPACE

RARE = {"event_type": "order.order.refund"}
STAGING = {"environment": "staging"}
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


Pages = dict[str, list[list[QuerySet[Any]]]]
"""Lists in their parts, by the indexes that give them their order or their few rows."""


def first_pages(webhook_id: UUID, event_id: UUID, delivery_id: UUID) -> Pages:
    webhook = strawberry.ID(ids.encode("wh", webhook_id))
    event = strawberry.ID(ids.encode("evt", event_id))
    delivery = strawberry.ID(ids.encode("dlv", delivery_id))
    return {**_of_events(), **_of_deliveries(webhook, event), **_of_attempts(webhook, delivery)}


def _of_events() -> Pages:
    events = Event.filter(workspace_id=WORKSPACE)

    def events_of(**wanted: Any) -> list[QuerySet[Any]]:
        return [filtered_events(events, EventFilter(**wanted))]

    return {
        "event_pkey": [[events], events_of(since=clock.now()), events_of(until=LONG_AGO)],
        "event_type_list": [events_of(type="order.order.refund")],
        "event_environment": [events_of(**STAGING)],
    }


def _of_deliveries(webhook: strawberry.ID, event: strawberry.ID) -> Pages:
    on_wire = [UUID(int=number) for number in range(500)]
    sent, failed = Delivery.filter(workspace_id=WORKSPACE), [DeliveryStatus.FAILED]

    def deliveries_of(**wanted: Any) -> list[QuerySet[Any]]:
        return deliveries(sent, DeliveryFilter(**wanted), on_wire)

    return {
        "delivery_pkey": [
            [sent],
            deliveries_of(since=clock.now()),
            deliveries_of(until=LONG_AGO),
            deliveries_of(status=[DeliveryStatus.IN_PROGRESS], webhook_id=webhook),
        ],
        "delivery_list": [
            deliveries_of(webhook_id=webhook),
            deliveries_of(webhook_id=webhook, status=[DeliveryStatus.SUCCEEDED]),
        ],
        "delivery_event": [deliveries_of(event_id=event)],
        "delivery_open": [deliveries_of(status=[DeliveryStatus.PENDING])],
        "delivery_failed": [deliveries_of(status=failed)],
        "delivery_failed delivery_webhook_failed": [
            deliveries_of(status=failed, webhook_id=webhook)
        ],
        "delivery_open delivery_type": [deliveries_of(**RARE)],
        "delivery_open delivery_environment": [deliveries_of(**STAGING)],
    }


def _of_attempts(webhook: strawberry.ID, delivery: strawberry.ID) -> Pages:
    tried = Attempt.filter(workspace_id=WORKSPACE)

    def attempts_of(**wanted: Any) -> list[QuerySet[Any]]:
        return [attempts(tried, AttemptFilter(**wanted))]

    return {
        "attempt_pkey": [[tried], attempts_of(since=clock.now()), attempts_of(until=LONG_AGO)],
        "attempt_list": [attempts_of(webhook_id=webhook)],
        "attempt_webhook_failed": [
            attempts_of(webhook_id=webhook, outcome=[AttemptOutcome.FAILED])
        ],
        "attempt_number": [attempts_of(delivery_id=delivery)],
        "attempt_failed": [
            attempts_of(outcome=[AttemptOutcome.FAILED]),
            attempts_of(outcome=[AttemptOutcome.FAILED, AttemptOutcome.UNKNOWN]),
        ],
        "attempt_class": [attempts_of(status_class=[4])],
        "attempt_type": [attempts_of(**RARE)],
        "attempt_environment": [attempts_of(**STAGING)],
    }
