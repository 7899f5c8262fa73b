"""Filters of the lists of deliveries, attempts, events and webhooks."""

from itertools import product
from typing import Any

import pytest

from api.schema.filters import of_pattern
from hookline import clock, ids
from hookline.form.event_names import pattern_test
from hookline.models import EventType
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.making import WORKSPACE
from tests.tables import each_of


def new_type(name: str) -> EventType:
    now = clock.now()
    return EventType(
        id=ids.uuid7(), workspace_id=WORKSPACE, name=name, created_at=now, modified_at=now
    )


@pytest.mark.engines("sqlite")
@each_of(
    "field, wanted, said",
    [
        ("attempts", {"statusClass": [2, 0]}, "statusClass must be from 1 to 9"),
        ("attempts", {"statusClass": [99]}, "statusClass must be from 1 to 9"),
        ("attempts", {"eventType": "order.*.create"}, "which only the patterns of webhooks may"),
        ("attempts", {"eventPattern": "order.*"}, "eventPattern has 2 parts"),
        ("attempts", {"environment": "mars"}, "environment must be one of "),
        ("deliveries", {"eventType": "\x00"}, "eventType has 1 part"),
        ("deliveries", {"environment": "x" * 60_000}, "environment must be one of "),
        ("events", {"type": "invoice.paid"}, "such as billing.invoice.paid"),
        ("events", {"pattern": "order.*"}, "pattern has 2 parts"),
        ("events", {"environment": ""}, "environment must be one of "),
        ("webhooks", {"event": "order.*.*"}, "which only the patterns of webhooks may"),
        ("webhooks", {"environment": "Production"}, "environment must be one of "),
    ],
)
async def test_a_filter_that_matches_nothing_ever_is_refused(
    admin: Asker, field: str, wanted: dict[str, Any], said: str
) -> None:
    kind = {"attempts": "Attempt", "deliveries": "Delivery", "events": "Event"}
    name = kind.get(field, "Webhook") + "Filter"
    answer = await admin.answer(
        f"query ($f: {name}) {{ {field}(filter: $f) {{ totalCount }} }}", f=wanted
    )
    [error] = answer.errors
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert said in error["message"]


@pytest.mark.engines("sqlite", "postgres")
async def test_a_pattern_finds_the_types_that_it_matches(runtime: Runtime) -> None:
    parts = ("a", "ab", "a_b", "axb")
    types = [".".join(type_) for type_ in product(parts, repeat=3)]
    await EventType.bulk_create([new_type(name) for name in types])
    for pattern in (".".join(parts) for parts in product(("*", "a", "a_b"), repeat=3)):
        found = await of_pattern(EventType.all(), "name", pattern).values_list("name", flat=True)
        is_matched = pattern_test(pattern)
        assert set(map(str, found)) == {name for name in types if is_matched(name)}, pattern
