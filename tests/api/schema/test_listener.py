"""Listeners as their command uses them, by the API: what it may ask for, what is refused, and what
nobody else can make of one.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from api.app import context_maker
from api.context import Context
from api.execution.execute import Answer
from hookline import ids
from hookline.access.actor import Actor
from hookline.models import Attempt, Webhook
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker, told
from tests.hookline.sync.files import preview, webhooks
from tests.making import publish
from tests.tables import each_of
from tests.waiting import eventually
from tests.working import pumping

CREATE = """mutation ($input: ListenerCreateInput!) { listenerCreate(input: $input) {
  listenerId expiresAt webhook { slug url status listener { expiresAt } }
  userErrors { code field message } } }"""
RENEW = """mutation ($id: ID!) { listenerRenew(input: {id: $id}) {
  expiresAt userErrors { code field message } } }"""
DELETE = """mutation ($id: ID!) { listenerDelete(input: {id: $id}) {
  webhook { deletedAt } userErrors { code field message } } }"""
FOLLOW = """subscription ($id: ID!) { listenerRequests(id: $id) {
  ended request { id deliveryId body timeoutMs headers { name value } } } }"""
ANSWER = """mutation ($input: ListenerAnswerInput!) { listenerAnswer(input: $input) {
  userErrors { code field message } } }"""
FORM = {"name": "Laptop", "events": ["order.*.*"], "environments": ["production"]}


@dataclass(frozen=True)
class Holder(Asker):
    """Somebody who keeps their token from one request to the next."""

    token_id: UUID = field(default_factory=ids.uuid7)

    def context(self, request_id: str = "request-1") -> Context:
        actor = Actor(self.workspace_id, "laptop", self.scopes, token_id=self.token_id)
        return context_maker(self.runtime)(actor, request_id)


@pytest.fixture
def holder(runtime: Runtime) -> Holder:
    return Holder(runtime, frozenset({"webhooks:listen", "deliveries:read", "webhooks:read"}))


async def created(holder: Asker, **fields: Any) -> Any:
    payload = (await holder.data(CREATE, input={**FORM, **fields}))["listenerCreate"]
    assert payload["userErrors"] == []
    return payload


async def next_event(stream: AsyncGenerator[Answer, None]) -> Any:
    answer = await asyncio.wait_for(anext(stream), 60)
    assert answer.errors == []
    assert answer.data is not None
    return answer.data["listenerRequests"]


async def test_a_workspace_has_no_more_than_a_hundred_listeners_however_many_are_made_at_once(
    runtime: Runtime, holder: Holder
) -> None:
    first = await Webhook.get(slug=(await created(holder))["webhook"]["slug"])
    copies = [first.clone(pk=ids.uuid7()) for _ in range(97)]
    for number, copy in enumerate(copies):
        copy.slug = f"copy-{number}"
    await Webhook.bulk_create(copies)
    at_once = [holder.data(CREATE, input={**FORM, "name": f"L{n}"}) for n in range(6)]
    payloads = [data["listenerCreate"] for data in await asyncio.gather(*at_once)]
    refused = [payload["userErrors"] for payload in payloads if payload["userErrors"]]
    assert refused == 4 * [
        [
            {
                "code": "TOO_MANY",
                "field": ["input"],
                "message": "There are 100 listeners already. End one, or wait until one has ended.",
            }
        ]
    ]
    assert await Webhook.filter(listener_expires_at__isnull=False).count() == 100


async def test_a_listener_is_made_followed_answered_renewed_and_deleted(
    runtime: Runtime, holder: Holder
) -> None:
    made = await created(holder)
    key = made["listenerId"]
    assert made["webhook"] == {
        "slug": "laptop",
        "url": f"listen://{key}",
        "status": "ACTIVE",
        "listener": {"expiresAt": made["expiresAt"]},
    }
    async with pumping(runtime), holder.following(FOLLOW, id=key) as stream:
        await publish(runtime, data={"a": "é"})
        request = (await next_event(stream))["request"]
        assert '"data":{"a":"é"}' in request["body"]
        assert {"name": "Content-Type", "value": "application/json"} in request["headers"]
        given = {
            "id": request["id"],
            "statusCode": 999,
            "durationMs": 0,
            "headers": [{"name": "X-\u0000", "value": "\u009b2J\xff"}],
            "bodyBase64": b64encode(b"\x1b[2J\xe2\x80\xae").decode(),
        }
        assert told((await holder.data(ANSWER, input=given))["listenerAnswer"]) == set()
        again = told((await holder.data(ANSWER, input=given))["listenerAnswer"])
        assert again == {("NOT_FOUND", "input.id")}
        attempt = await eventually(lambda: Attempt.all().first())
        assert attempt is not None
        assert (attempt.status_code, attempt.response_body) == (999, b"\x1b[2J\xe2\x80\xae")
        assert attempt.response_headers == [["X-\u0000", "\u009b2J\xff"]]
        renewed = (await holder.data(RENEW, id=key))["listenerRenew"]
        assert renewed["expiresAt"] >= made["expiresAt"]
        deleted = (await holder.data(DELETE, id=key))["listenerDelete"]
        assert deleted["webhook"]["deletedAt"]
        assert await next_event(stream) == {"ended": True, "request": None}
    assert told((await holder.data(RENEW, id=key))["listenerRenew"]) == {("NOT_FOUND", "input.id")}


@pytest.mark.engines("sqlite")
async def test_a_listener_belongs_to_the_token_that_made_it(
    runtime: Runtime, holder: Holder
) -> None:
    key = (await created(holder))["listenerId"]
    other = Holder(runtime, holder.scopes)
    async with pumping(runtime), holder.following(FOLLOW, id=key) as stream:
        await publish(runtime)
        request = (await next_event(stream))["request"]
        given = {"id": request["id"], "statusCode": 200, "durationMs": 1}
        for answer in (
            (await other.data(ANSWER, input=given))["listenerAnswer"],
            (await other.data(RENEW, id=key))["listenerRenew"],
            (await other.data(DELETE, id=key))["listenerDelete"],
        ):
            assert told(answer) == {("NOT_FOUND", "input.id")}
        async with other.following(FOLLOW, id=key) as foreign:
            assert await next_event(foreign) == {"ended": True, "request": None}
        assert told((await holder.data(ANSWER, input=given))["listenerAnswer"]) == set()


@pytest.mark.engines("sqlite")
async def test_following_a_listener_needs_both_scopes(holder: Holder) -> None:
    key = (await created(holder))["listenerId"]
    for scopes in (["webhooks:listen"], ["deliveries:read"]):
        lacking = holder.with_scopes(*scopes)
        assert await lacking.refused_subscription(FOLLOW, id=key) == ["FORBIDDEN"]
        assert await lacking.codes(CREATE, input=FORM) == ["FORBIDDEN"]
    assert await holder.as_role("viewer").codes(CREATE, input=FORM) == ["FORBIDDEN"]
    assert await holder.as_role("editor").codes(CREATE, input=FORM) == []


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"statusCode": 99}, "OUT_OF_RANGE", "statusCode"),
    ({"statusCode": 1000}, "OUT_OF_RANGE", "statusCode"),
    ({}, "REQUIRED", "statusCode"),
    ({"statusCode": 200, "error": "TIMEOUT"}, "REQUIRED", "statusCode"),
    ({"statusCode": 200, "durationMs": -1}, "OUT_OF_RANGE", "durationMs"),
    ({"statusCode": 200, "bodyBase64": "A" * 21_852}, "TOO_LONG", "bodyBase64"),
    ({"statusCode": 200, "bodyBase64": "é"}, "INVALID", "bodyBase64"),
    (
        {"statusCode": 200, "headers": [{"name": "a", "value": "\u202e"}]},
        "INVALID",
        "headers.0.value",
    ),
]


@pytest.mark.engines("sqlite")
@each_of("answer, code, path", BAD)
async def test_an_answer_that_no_receiver_can_give_is_refused(
    holder: Holder, answer: dict[str, Any], code: str, path: str
) -> None:
    given = {"id": ids.encode("lrq", ids.uuid7()), "durationMs": 1, **answer}
    payload = (await holder.data(ANSWER, input=given))["listenerAnswer"]
    assert told(payload) == {(code, f"input.{path}")}


@pytest.mark.engines("sqlite")
async def test_a_listener_is_as_its_command_made_it(runtime: Runtime, admin: Asker) -> None:
    key = (await created(Holder(runtime, admin.scopes)))["listenerId"]
    mutations = {
        f'webhookUpdate(input: {{id: "{key}", url: "https://a.example.com/"}})': "webhookUpdate",
        f'webhookSetActive(input: {{id: "{key}", active: false}})': "webhookSetActive",
        f'webhookSecretRotate(input: {{id: "{key}"}})': "webhookSecretRotate",
    }
    for text, name in mutations.items():
        payload = (await admin.data(f"mutation {{ {text} {{ userErrors {{ code field }} }} }}"))[
            name
        ]
        assert told(payload) == {("NOT_ALLOWED", "input.id")}
    many = f'mutation {{ webhooksSetActive(input: {{webhooks: [{{id: "{key}"}}], active: false}}) '
    many += "{ results { userErrors { code field } } } }"
    [result] = (await admin.data(many))["webhooksSetActive"]["results"]
    assert told(result) == {("NOT_ALLOWED", "input.webhooks.0.id")}
    ordinary = f"""mutation {{ webhookCreate(input: {{name: "a", events: ["a.b.c"],
      environments: ["production"], url: "listen://{key}"}}) {{ userErrors {{ code field }} }} }}"""
    refused = (await admin.data(ordinary))["webhookCreate"]
    assert told(refused) == {("INVALID", "input.url")}
    [row] = await Webhook.all()
    assert (row.url, row.version) == (f"listen://{key}", 1)


@pytest.mark.engines("sqlite")
async def test_no_set_owns_a_listener_and_no_export_has_it(runtime: Runtime, admin: Asker) -> None:
    await created(Holder(runtime, admin.scopes))
    text = """{ syncExport(set: "default", unmanaged: true) { webhooks { totalCount } } }"""
    assert (await admin.data(text))["syncExport"]["webhooks"]["totalCount"] == 0
    url = "url: https://a.example.com/\nevents: [order.*.*]\nenvironments: [production]"
    outcome = await preview(runtime, webhooks(laptop=url))
    assert [(one.code, one.path) for one in outcome.problems] == [
        ("bad-slug", ("webhooks", "laptop"))
    ]
    assert "is the slug of a listener" in outcome.problems[0].message


@pytest.mark.engines("sqlite")
async def test_what_a_listener_lacks_is_told_as_for_a_webhook(holder: Holder) -> None:
    wrong = {"name": "", "events": ["order"], "environments": ["moon"], "signingSecret": "x"}
    payload = (await holder.data(CREATE, input=wrong))["listenerCreate"]
    assert {path for _, path in told(payload)} == {
        "input.name",
        "input.events.0",
        "input.environments.0",
        "input.signingSecret",
    }
