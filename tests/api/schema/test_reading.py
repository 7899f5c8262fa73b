"""Every object type with its scope, and every path to it: an answer shows nothing that its token
may not read. Made from the schema, so that a new type or field is judged too.
"""

from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type

from api.auth import Forbidden
from api.schema.reading import OWN, READING, scopes_of
from hookline import ids
from hookline.access.actor import Actor
from hookline.access.scopes import SCOPES
from hookline.events import types
from hookline.models import Job, Webhook
from tests.api.schema.asking import Asker
from tests.making import SOMEBODY, WORKSPACE, enqueue, make_webhook
from tests.served_schema import SCHEMA as SERVED
from tests.tables import each_of

SCHEMA = SERVED._schema
TYPES = {
    kind.name: kind
    for kind in SCHEMA.type_map.values()
    if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
}
ROOTS = ("Query", "Mutation", "Subscription")
# What a token without any scope may see the shape of: answers of mutations around what they show,
# the events of subscriptions, and what says who the caller is.
OPEN = set(
    "AttemptEvent AuditEntryBatch DeliveryBatch DeliveryPayload EventBatch "
    "EventPublishBatchPayload EventPublishPayload EventPublishResult EventTypePayload JobBatch "
    "JobPayload ListenerAnswerPayload ListenerEvent ListenerPayload NotificationEvent Retention "
    "Server SyncApplyPayload SyncEvent SyncPlanPayload "
    "SyncProblem TokenCreatePayload TokenPayload UserError Viewer WebhookChangeEvent "
    "WebhookDryRunPayload WebhookPayload WebhookResult WebhookSecretPayload "
    "WebhookTestMailPayload WebhookTestPayload WebhooksPayload Workspace WorkspacePayload".split()
)
EDGES = [
    (parent.name, name, field)
    for parent in TYPES.values()
    for name, field in parent.fields.items()
    if scopes_of(get_named_type(field.type).name)
]


def info_of(*scopes: str) -> Any:
    """The `info` of a resolver: a context with a token of these scopes."""
    return SimpleNamespace(context=SimpleNamespace(actor=Actor(WORKSPACE, "a", frozenset(scopes))))


@each_of("parent, name, field", EDGES)
def test_every_path_to_an_object_asks_for_its_scopes(
    parent: str, name: str, field: GraphQLField
) -> None:
    assert field.resolve is not None
    for scope in () if (parent, name) in OWN else scopes_of(get_named_type(field.type).name):
        with pytest.raises(Forbidden, match=scope):
            field.resolve(None, info_of(*(SCOPES.keys() - {scope})))


def test_what_is_reached_without_a_scope_is_what_this_list_says() -> None:
    reached, waiting = set(ROOTS), deque(ROOTS)
    while waiting:
        for field in TYPES[waiting.popleft()].fields.values():
            named = get_named_type(field.type)
            is_new = named.name in TYPES and named.name not in reached
            if is_new and not scopes_of(named.name):
                reached.add(named.name)
                waiting.append(named.name)
    assert reached - set(ROOTS) == OPEN


def test_every_type_of_the_table_is_one_and_says_what_it_requires() -> None:
    for name, scopes in READING.items():
        assert set(scopes) <= SCOPES.keys()
        assert f"{' and '.join(scopes)} wherever it is returned." in (TYPES[name].description or "")
    assert {(parent, name) for parent, name, _ in EDGES} >= OWN


def test_every_object_with_an_id_is_in_the_table_or_open() -> None:
    nodes = {name for name, kind in TYPES.items() if SCHEMA.get_type("Node") in kind.interfaces}
    assert nodes - READING.keys() == {"Workspace"}


NOW = "2026-01-01T00:00:00Z"
FORM = (
    '{name: "New", url: "https://a.example.com/", events: ["a.b.c"], environments: ["production"]}'
)
BLIND = [
    ("webhookCreate", FORM, "webhooks:write", "webhook"),
    ("webhookUpdate", '{id: "$wh", name: "New"}', "webhooks:write", "webhook"),
    ("webhookSetActive", '{id: "$wh", active: false}', "webhooks:write", "webhook"),
    ("webhookRelease", '{id: "$wh"}', "webhooks:write", "webhook"),
    ("webhookDelete", '{id: "$wh"}', "webhooks:write", "webhook"),
    ("webhookSecretRotate", '{id: "$wh"}', "webhooks:write", "webhook"),
    ("webhookSecretReveal", '{id: "$wh"}', "secrets:read", "webhook"),
    ("eventTypeSave", '{name: "a.b.c"}', "webhooks:write", "eventType"),
    ("deliveryRetry", '{id: "$dlv"}', "deliveries:retry", "delivery"),
    ("deliveryCancel", '{id: "$dlv"}', "deliveries:retry", "delivery"),
    (
        "deliveriesRetry",
        f'{{webhookId: "$wh", which: ALL, since: "{NOW}"}}',
        "deliveries:retry",
        "job",
    ),
]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(("name", "given", "scope", "field"), BLIND)
async def test_a_mutation_is_done_and_shows_nothing_that_the_token_may_not_read(
    admin: Asker, name: str, given: str, scope: str, field: str
) -> None:
    webhook = await make_webhook(admin.runtime)
    [delivery] = await enqueue(admin.runtime, webhook.id)
    for kind, key in (("wh", webhook.id), ("dlv", delivery)):
        given = given.replace(f"${kind}", ids.encode(kind, key))
    text = f"{{ done: {name}(input: {given}) {{ {field} {{ id }} userErrors {{ code }} }} }}"
    answer = await admin.with_scopes(scope).answer(f"mutation {text}")
    assert answer.codes == ["FORBIDDEN"]
    assert answer.data == {"done": {field: None, "userErrors": []}}


@pytest.mark.engines("sqlite")
async def test_what_a_blind_mutation_did_is_done(admin: Asker) -> None:
    blind = admin.with_scopes("webhooks:write", "deliveries:retry")
    await blind.answer(f"mutation {{ webhookCreate(input: {FORM}) {{ webhook {{ id }} }} }}")
    [webhook] = await Webhook.all()
    assert webhook.name == "New"
    given = f'{{webhookId: $id, which: FAILED, since: "{NOW}"}}'
    asked = f"mutation ($id: ID!) {{ deliveriesRetry(input: {given}) {{ job {{ id }} }} }}"
    await blind.answer(asked, id=ids.encode("wh", webhook.id))
    assert await Job.all().count() == 1


@pytest.mark.engines("sqlite")
async def test_a_subscription_shows_no_webhook_without_its_scope(admin: Asker) -> None:
    blind = admin.with_scopes("deliveries:read")
    assert await blind.refused_subscription("subscription { webhookChanges { node { id } } }") == [
        "FORBIDDEN"
    ]
    assert await admin.with_scopes("webhooks:read").refused_subscription(
        "subscription { attempts { node { id } } }"
    ) == ["FORBIDDEN"]


@pytest.mark.engines("sqlite")
async def test_a_publisher_gets_its_own_event_and_nothing_behind_it(admin: Asker) -> None:
    publisher = admin.as_role("publisher")
    event = '{type: "a.b.c", environment: "production", data: 1}'
    text = "mutation {{ eventPublish(input: {}) {{ event {{ type data {} }} }} }}"
    assert await publisher.codes(text.format(event, "")) == []
    behind = text.format(event, "deliveries { nodes { id } }")
    assert await publisher.codes(behind) == ["FORBIDDEN"]


@pytest.mark.engines("sqlite")
async def test_a_list_does_not_even_count_without_its_scope(admin: Asker) -> None:
    await types.save(admin.runtime.database, admin.runtime.hub, SOMEBODY, {"name": "a.b.c"})
    webhook = await make_webhook(admin.runtime)
    text = "query ($id: ID!) { webhook(id: $id) { deliveries { totalCount } } }"
    answer = await admin.with_scopes("webhooks:read").answer(text, id=ids.encode("wh", webhook.id))
    assert answer.codes == ["FORBIDDEN"]
