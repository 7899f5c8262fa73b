"""Subscriptions that share their answers: who may, who may not, and what each is told
all the same.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

import orjson
import pytest

from api.context import Context
from api.execution.execute import Answer, Encoded, Request
from hookline.access.actor import Actor
from hookline.activity.shared_feed import SharedFeed
from hookline.runtime import Runtime
from tests.api.schema.asking import EXECUTION, Asker
from tests.making import WORKSPACE, Hand, enqueue, make_webhook, succeeded
from tests.waiting import eventually

pytestmark = pytest.mark.engines("sqlite")

NAMES = """subscription ($after: String, $first: Int = 1) { attempts(after: $after) {
    cursor node { webhook { name } delivery { attempts(first: $first) { edges { cursor } } } } }
      }"""


async def told(
    asker: Asker, text: str, variables: dict[str, Any] | None = None, request_id: str = "request-1"
) -> Encoded:
    """The first that a subscription is told."""
    return await told_in(asker.context(request_id), text, variables)


async def told_in(context: Context, text: str, variables: dict[str, Any] | None = None) -> Encoded:
    request = Request(text, None, variables)
    stream = await EXECUTION.subscribe(EXECUTION.select(request), request, context)
    assert not isinstance(stream, Answer), stream.errors
    try:
        async with asyncio.timeout(60):
            return (await anext(stream))[0]
    finally:
        await stream.aclose()


def shared_feeds(runtime: Runtime) -> list[SharedFeed]:
    feed = runtime.feeds._feeds.get(WORKSPACE)
    return list(feed._shared.values()) if feed else []


async def told_of_one(runtime: Runtime, followers: list[Awaitable[Encoded]]) -> list[Encoded]:
    """Messages of each subscriber about one attempt that ends when all follow."""
    webhook, hand = await make_webhook(runtime), await Hand.begin(runtime)
    hearing = [asyncio.ensure_future(following) for following in followers]
    await eventually(
        lambda: sum(len(shared._waiting) for shared in shared_feeds(runtime)) == len(followers)
    )
    await enqueue(runtime, webhook.id)
    await hand.record(succeeded(await hand.claim_one(webhook.id)))
    runtime.hub.publish("activity", f"{WORKSPACE} 0")
    return list(await asyncio.gather(*hearing))


async def test_tokens_of_equal_scopes_are_told_the_same_bytes_wherever_they_begin(
    admin: Asker,
) -> None:
    cursor = await admin.runtime.feeds.live_cursor(WORKSPACE)
    begins: list[dict[str, Any]] = [{}, {"after": None}, {"after": cursor}]
    first, *others = await told_of_one(
        admin.runtime, [told(admin.as_role("viewer"), NAMES, begin) for begin in begins]
    )
    assert isinstance(first, bytes)
    assert orjson.loads(first)["data"]["attempts"]["node"]["webhook"]["name"] == "Orders"
    assert all(other is first for other in others)


async def test_other_scopes_are_told_what_they_may_see(admin: Asker) -> None:
    partly = admin.with_scopes("deliveries:read")
    whole, part = await told_of_one(admin.runtime, [told(admin, NAMES), told(partly, NAMES)])
    assert isinstance(whole, bytes)
    assert isinstance(part, Answer)
    assert (part.codes, part.data) == (
        ["FORBIDDEN"],
        {"attempts": {"cursor": orjson.loads(whole)["data"]["attempts"]["cursor"], "node": None}},
    )


async def test_errors_carry_the_request_id_of_each(admin: Asker) -> None:
    partly = admin.with_scopes("deliveries:read")
    answers = await told_of_one(
        admin.runtime,
        [told(partly, NAMES, request_id=request_id) for request_id in ("mine", "yours")],
    )
    assert [
        one.errors[0]["extensions"]["requestId"] for one in answers if isinstance(one, Answer)
    ] == ["mine", "yours"]


async def test_other_variables_are_told_other_answers(admin: Asker) -> None:
    one, same, other = await told_of_one(
        admin.runtime,
        [
            told(admin, NAMES, {"first": 1}),
            told(admin, NAMES, {"first": 1}),
            told(admin, NAMES, {"first": 2}),
        ],
    )
    assert one is same
    assert other is not one


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("subscription ($begin: String) { attempts(after: $begin) { cursor } }", "begin"),
        (
            "subscription ($a: String) { attempts(after: $a) { node { delivery { attempts(first: "
            "1, after: $a) { edges { cursor } } } } } }",
            None,
        ),
        ("subscription ($a: String) { attempts(environment: $a) { cursor } }", None),
        ("subscription { attempts(after: null) { cursor } }", None),
    ],
)
def test_only_a_variable_that_says_nothing_else_may_differ(text: str, variable: str | None) -> None:
    assert EXECUTION.select(Request(text)).cursor_variable == variable


async def test_what_is_shared_is_made_for_nobody(admin: Asker) -> None:
    context = admin.context("mine")
    shared = context.of_nobody()
    assert (shared.actor, shared.request_id) == (Actor(WORKSPACE, "", admin.scopes), "")


async def test_a_large_event_that_is_too_slow_is_executed_once_and_ends_the_subscription(
    admin: Asker,
) -> None:
    given, contexts = admin.context(), list[Context]()

    def count(context: Context) -> Any:
        contexts.append(context)
        return given._make_loaders(context)

    context = Context(admin.runtime, given.actor, "request-1", given._read_cursor, count, 0)
    page = "(first: 50) { nodes { %s } }"
    below = f"deliveries{page} " % (f"attempts{page}" % "id")
    text = f"subscription {{ attempts {{ node {{ webhook {{ {below} }} }} }} }}"
    [last] = await told_of_one(admin.runtime, [told_in(context, text)])
    assert isinstance(last, Answer)
    assert last.codes == ["UNAVAILABLE"]
    # Its own, the one for nobody, and one for what was executed with that: not again, nor alone.
    assert len(contexts) == 3
    assert {one.caller for one in contexts} == {given.caller}
