"""Filters of the lists of deliveries, attempts, events and webhooks."""

from typing import Any

import pytest

from tests.api.schema.asking import Asker
from tests.tables import each_of


@pytest.mark.engines("sqlite")
@each_of(
    "field, wanted, said",
    [
        ("attempts", {"statusClass": [2, 0]}, "statusClass must be from 1 to 9"),
        ("attempts", {"statusClass": [99]}, "statusClass must be from 1 to 9"),
        ("attempts", {"eventType": "order.*.create"}, "which only the patterns of webhooks may"),
        ("attempts", {"environment": "mars"}, "environment must be one of "),
        ("deliveries", {"eventType": "\x00"}, "eventType has 1 part"),
        ("deliveries", {"environment": "x" * 60_000}, "environment must be one of "),
        ("events", {"type": "invoice.paid"}, "such as billing.invoice.paid"),
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
