"""Counts of operations, never less than what comes back: asked of every list of the schema, and
of some with every way to say how long its page is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)

from api.execution.execute import Execution, Request
from api.execution.limits import Limits
from api.schema.sizes import OF_WHAT_WAS_SENT, SIZES
from hookline import clock, ids
from hookline.access import tokens
from hookline.db.connection import UnitOfWork
from hookline.events import types as event_types
from hookline.ids import uuid7
from hookline.models import Delivery, Email, Notification, Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active, update_webhook
from tests.api.schema.asking import Asker
from tests.hookline.sync.apply.state import BY_HAND, FORCER
from tests.hookline.sync.files import ORDERS, apply, webhooks
from tests.making import SOMEBODY, WORKSPACE, Hand, enqueue, failed, make_webhook, publish
from tests.served_schema import SCHEMA

pytestmark = pytest.mark.engines("sqlite")

ROWS: Final = 26
"""More than a page has by default, and less than the largest has."""

WITHOUT_BUDGET = Execution(SCHEMA, SIZES, Limits(cost=10**12, aliases=10**6))

PAGES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("", {}),
    ("(first: null)", {}),
    ("(first: 100)", {}),
    ("(last: 7)", {}),
    ("(first: null, last: 100)", {}),
    ("(first: 100, last: null)", {}),
    ("(first: $some, last: $most)", {}),
    ("(first: $some, last: 100)", {}),
    ("(first: $some, last: 100)", {"some": None}),
    ("(first: $some, last: $most)", {"some": None, "most": 100}),
    ("(first: $usual)", {}),
    ("(first: $usual)", {"usual": 100}),
    ("(last: $usual)", {"usual": 100}),
    ("(first: $usual, last: $some)", {"usual": None, "some": 100}),
)
PAGE_ENDS: Final = ("first", "last")
USUAL_PAGES: Final = ("", "(first: 100)", "(last: 7)")
ALL_WAYS: Final = ("Query.attempts", "Query.syncDrift", "Webhook.deliveries")
"""Lists that are asked for in every way, the others in the usual ones: a page's length is read from
arguments that all lists have alike, which a test holds.
"""
SPANS: Final[tuple[tuple[str, dict[str, Any]], ...]] = tuple(
    (f"(since: $since, step: {step}{until})", {})
    for step in ("MINUTE", "HOUR", "DAY")
    for until in ("", ", until: null", ", until: $until")
)
VARIABLES: Final = {
    "$some": "Int",
    "$most": "Int",
    "$usual": "Int = 25",
    "$since": "DateTime!",
    "$until": "DateTime",
    "$webhook": "ID!",
}
REQUIRED: Final = {
    "webhook": "(id: $webhook)",
    "failureCounts": "(since: $since)",
    "eventPatternCounts": '(patterns: ["a.b.c", "*.*.*"])',
    "syncFile": '(yaml: "version: 2")',
    "syncSet": '(name: "storefront")',
    "syncRevisions": '(set: "storefront")',
    "syncDrift": '(set: "storefront")',
    "syncExport": '(set: "storefront")',
}
OF_A_SET: Final = {"syncRevisions", "syncDrift"}
BY_NO_LIST: Final = {"node", "webhookBySlug", "job", "syncRevision"}


def composite(field: GraphQLField) -> GraphQLObjectType | None:
    kind = get_named_type(field.type)
    return kind if isinstance(kind, GraphQLObjectType) else None


def is_list(field: GraphQLField) -> bool:
    return is_list_type(get_nullable_type(field.type))


def is_connection(field: GraphQLField) -> bool:
    return "first" in field.args


def object_types() -> Iterator[GraphQLObjectType]:
    for name, kind in SCHEMA._schema.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            yield kind


def fields() -> dict[str, GraphQLField]:
    return {
        f"{kind.name}.{name}": field
        for kind in object_types()
        for name, field in kind.fields.items()
    }


@dataclass(frozen=True)
class Place:
    """A type and the way to it from the top: text around what is selected of it."""

    kind: GraphQLObjectType
    before: str = "{ "
    after: str = " }"

    def inside(self, name: str, arguments: str, field: GraphQLField) -> "Place":
        kind = composite(field)
        assert kind is not None
        return Place(kind, f"{self.before}{name}{arguments} {{ ", f" }}{self.after}")


def places() -> list[Place]:
    """Every type that a query reaches, by the shortest way."""
    query = SCHEMA._schema.query_type
    assert query is not None
    found = {query.name: Place(query)}
    waiting = [found[query.name]]
    for place in waiting:
        for name, field in place.kind.fields.items():
            kind = composite(field)
            if kind is None or kind.name in found or name in BY_NO_LIST or name == "stats":
                continue
            found[kind.name] = place.inside(name, REQUIRED.get(name, ""), field)
            waiting.append(found[kind.name])
    return list(found.values())


def leaves(kind: GraphQLObjectType | GraphQLInterfaceType | None) -> str:
    """Lists of a type that have no selections and need no arguments; nothing for a leaf. Of its
    other leaves none is counted, nor comes as more than itself.
    """
    if kind is None:
        return ""
    names = [
        name
        for name, field in kind.fields.items()
        if is_leaf_type(get_named_type(field.type)) and is_list(field)
        if not any(is_required_argument(argument) for argument in field.args.values())
    ]
    return "{ " + " ".join(["__typename", *names]) + " }"


def pages(name: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Ways to say how long a page of this list is."""
    is_special = name in ALL_WAYS or name in SIZES.sized
    return tuple(way for way in PAGES if is_special or way[0] in USUAL_PAGES)


def questions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every list that a query reaches, asked for with its pages."""
    for place in places():
        for name, field in place.kind.fields.items():
            if is_connection(field):
                connection = composite(field)
                assert connection is not None
                node = composite(connection.fields["nodes"])
                selection = (
                    f"{{ nodes {leaves(node)} again: nodes {{ __typename }} "
                    f"edges {{ cursor node {leaves(node)} }} totalCount "
                    "pageInfo { hasNextPage endCursor } }"
                )
                ways = pages(f"{place.kind.name}.{name}")
            elif is_list(field):
                selection = leaves(composite(field))
                ways = SPANS if name == "stats" else (("", {}),)
            else:
                continue
            if name in OF_A_SET:
                ways = tuple((of_the_set(page), given) for page, given in ways)
            for arguments, variables in ways:
                text = f"{place.before}{name}{arguments} {selection}{place.after}"
                yield declared(text), variables


def of_the_set(arguments: str) -> str:
    """Arguments of a page, of the one set."""
    return f'(set: "storefront", {arguments[1:]}' if arguments else '(set: "storefront")'


def declared(text: str) -> str:
    """The document with the variables that it uses."""
    used = ", ".join(f"{name}: {kind}" for name, kind in VARIABLES.items() if name in text)
    return f"query ({used}) {text}" if used else text


def returned(answer: Any) -> int:
    """Objects, and items of lists, in an answer."""
    if isinstance(answer, dict):
        return 1 + sum(returned(value) for value in answer.values())
    if isinstance(answer, list):
        return sum(max(1, returned(item)) for item in answer)
    return 0


async def populate(runtime: Runtime) -> UUID:
    """As much of everything as lists can show. Returns a webhook."""
    webhook = await make_webhook(
        runtime,
        events=[f"order.model{number}.*" for number in range(99)] + ["order.*.*"],
        headers=[{"name": f"X-Mine-{number}", "value": "v"} for number in range(20)],
        labels=[{"key": f"k{number}", "value": "v"} for number in range(20)],
        retry={"schedule": ["1s"] * 20},
        notificationEmails=[f"a{number}@example.com" for number in range(20)],
        notifyOn=["AUTO_DISABLED", "FAILING", "RECOVERED", "DELIVERY_FAILED", "SYNC_FAILED"],
    )
    hand = await Hand.begin(runtime)
    await enqueue(runtime, webhook.id, ROWS)
    rows = await hand.claim(webhook.id)
    many = "[" + ",".join(f'["Name-{number}","value"]' for number in range(100)) + "]"
    few = "[" + ",".join(f'["Name-{number}","value"]' for number in range(36)) + "]"
    await hand.record(*(failed(row, request_headers=few, response_headers=many) for row in rows))
    for number in range(ROWS):
        await make_webhook(runtime, active=False)
        await tokens.create(runtime.database, WORKSPACE, f"token {number}", ["webhooks:read"])
        given = {"name": f"order.order.x{number}", "strict": False}
        usual = {"description": None, "schema": {"type": "object"}, "sample": {"a": 1}}
        await event_types.save(runtime.database, runtime.hub, SOMEBODY, {**given, **usual})
    await drift_of_revisions(runtime)
    # The webhook gets the first of them and misses the others.
    await publish(runtime, ROWS)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await publish(runtime, ROWS)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    async with runtime.database.unit_of_work() as work:
        for _ in range(ROWS):
            await _notify(work, webhook.id)
    return webhook.id


async def drift_of_revisions(runtime: Runtime) -> None:
    """A set with as many revisions, changes and webhooks that were changed by hand."""
    for number in range(ROWS):
        bodies = {f"s{one}": f"{ORDERS}timeout: {number + 1}s" for one in range(ROWS)}
        await apply(runtime, webhooks(**bodies))
    for number in range(ROWS):
        owned = await Webhook.get(slug=f"s{number}")
        await update_webhook(runtime, FORCER, owned.id, {"timeout": "29s"}, force=BY_HAND)


async def _notify(work: UnitOfWork, webhook_id: UUID) -> None:
    now = clock.now()
    notice = await Notification.create(
        id=uuid7(), workspace_id=WORKSPACE, kind=1, webhook_id=webhook_id, created_at=now
    )
    for number in range(20):
        await Email.create(
            id=uuid7(),
            workspace_id=WORKSPACE,
            notification_id=notice.id,
            address=f"a{number}@example.com",
            next_try_at=now,
        )


@pytest.mark.engines("sqlite")
@pytest.mark.timeout(300)
async def test_no_list_returns_more_than_was_counted(runtime: Runtime, admin: Asker) -> None:
    webhook_id = await populate(runtime)
    usual = {
        "webhook": ids.encode("wh", webhook_id),
        "since": (clock.now() - timedelta(hours=40)).isoformat(),
        "until": (clock.now() - timedelta(hours=1)).isoformat(),
    }
    wrong, longest = [], dict[str, int]()
    for text, variables in questions():
        request = Request(text, None, {**usual, **variables})
        operation = WITHOUT_BUDGET.select(request)
        context = admin.context()
        executor = await WITHOUT_BUDGET._build(operation, request, context)
        counted = operation.measure.cost(executor.variable_values, context.now)
        answer = await WITHOUT_BUDGET.run(operation, request, context)
        came = 0 if answer.data is None else sum(map(returned, answer.data.values()))
        if came > counted:
            wrong.append((text, variables, counted, came))
        longest[text] = max(came, longest.get(text, 0))
    assert wrong == []
    # The test would see nothing if the lists were short.
    assert sum(came > ROWS for came in longest.values()) > 30


def test_every_list_with_pages_has_the_same_arguments_for_their_length() -> None:
    declared_as = {
        tuple((str(field.args[end].type), field.args[end].default_value) for end in PAGE_ENDS)
        for field in fields().values()
        if is_connection(field)
    }
    assert declared_as == {(("Int", None), ("Int", None))}


def test_every_list_of_the_schema_has_a_size() -> None:
    unknown = [
        key
        for key, field in fields().items()
        if is_list(field) and not is_connection(field)
        if key not in SIZES.items and key not in SIZES.sized
        if not key.split(".")[0].endswith("Connection")
    ]
    # As long as the list that was sent.
    assert set(unknown) == {
        "EventPatternCounts.counts",
        "EventPublishBatchPayload.results",
        "WebhooksPayload.results",
    }


def test_every_size_and_price_is_of_a_field_that_there_is() -> None:
    named = {*SIZES.items, *SIZES.sized, *SIZES.prices}
    assert named - fields().keys() == set()
    for key in SIZES.items:
        assert is_list(fields()[key])


def test_what_was_sent_is_the_answer_of_mutations_only() -> None:
    reached = {place.kind.name for place in places()}
    assert {key for key in OF_WHAT_WAS_SENT if key.split(".")[0] in reached} == set()


def test_every_count_and_every_large_text_has_a_price() -> None:
    costly = {"totalCount", "totalCountExact", "hasNextPage", "hasPreviousPage", "backlog"}
    texts = {"data", "requestBody", "responseBody", "responseBodyBase64"}
    unpriced = {
        key for key in fields() if key.split(".")[1] in costly | texts and key not in SIZES.prices
    }
    # The figure of its time, out of the notification's own row.
    assert unpriced == {"Notification.backlog"}


async def test_a_batch_is_as_long_as_its_events(admin: Asker) -> None:
    text = (
        "mutation ($events: [EventPublishInput!]!) { eventPublishBatch(input: {events: $events}) "
        "{ results { event { data } } } }"
    )
    event = {"type": "order.order.create", "environment": "production", "data": 1}
    assert await admin.codes(text, events=[event] * 400) == []
    assert await admin.codes(text, events=[event] * 600) == ["QUERY_TOO_COSTLY"]


async def test_a_batch_that_was_tried_is_never_refused_for_its_cost(admin: Asker) -> None:
    many = " ".join(f"r{number}: results {{ event {{ id }} }}" for number in range(50))
    text = (
        "mutation ($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) { "
        f"{many} }} }}"
    )
    event = {"type": "order.order.create", "environment": "production", "data": 1}
    batch = {"events": [event] * 600}
    # Compiled: the resolver runs before anything else looks at the document again.
    assert await admin.with_scopes().codes(text, input=batch) == ["FORBIDDEN"]
    assert await admin.codes(text, input=batch) == []


async def test_costly_mutations_are_refused_together_before_any_of_them_runs(admin: Asker) -> None:
    webhook = await make_webhook(admin.runtime)
    given = f'(input: {{ id: "{ids.encode("wh", webhook.id)}" }})'
    plan = 'syncPlan(input: { set: "a", document: "{}" }) { plan { digest } }'
    tests = f"webhookTest{given} {{ delivery {{ id }} }}"
    for field, count in ((f"webhookDryRun{given} {{ matches }}", 50), (tests, 20), (plan, 5)):
        text = "mutation { " + " ".join(f"a{number}: {field}" for number in range(count)) + " }"
        assert await admin.codes(text) == ["QUERY_TOO_COSTLY"]
    assert await Delivery.all().count() == 0
    twenty = " ".join(f"a{number}: webhookDryRun{given} {{ matches }}" for number in range(20))
    assert await admin.data(f"mutation {{ {twenty} }}") == {
        f"a{number}": {"matches": True} for number in range(20)
    }
