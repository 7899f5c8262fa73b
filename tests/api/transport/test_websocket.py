"""graphql-transport-ws, as the `websockets` client sees it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection

from api.transport.socket_operation import SocketLimits
from tests.api.small_server import Small, serve_small
from tests.api.transport.socket_client import QUICK, closed, heard, said, subscribed, welcomed
from tests.tables import each_of
from tests.waiting import eventually


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    async with serve_small() as server:
        yield server


async def test_subscription_sends_each_event_and_completes(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(
            socket, "subscription($n: Int!) { numbers(until: $n) }", variables={"n": 2}
        )
        await small.runtime.announce(5, 6)
        assert [await heard(socket) for _ in range(3)] == [
            {"id": "1", "type": "next", "payload": {"data": {"numbers": "5"}}},
            {"id": "1", "type": "next", "payload": {"data": {"numbers": "6"}}},
            {"id": "1", "type": "complete"},
        ]


async def test_queries_and_mutations_are_answered_once(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "{ liveCursor }")
        assert (await heard(socket))["payload"] == {"data": {"liveCursor": "cursor-7"}}
        assert await heard(socket) == {"id": "1", "type": "complete"}
        await subscribed(socket, 'mutation { publish(input: {type: "a", data: 1}) { id } }')
        assert (await heard(socket))["payload"] == {"data": {"publish": {"id": "evt_1"}}}


async def test_complete_ends_the_source_and_frees_the_id(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { numbers }")
        await small.runtime.until_listeners(1)
        await said(socket, {"id": "1", "type": "complete"})
        await subscribed(socket, "{ hello }")
        assert (await heard(socket))["payload"] == {"data": {"hello": "world"}}
        await small.runtime.until_listeners(0)


async def test_leaving_ends_all_sources(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { numbers }", "1")
        await subscribed(socket, "subscription { numbers }", "2")
        await small.runtime.until_listeners(2)
    await small.runtime.until_listeners(0)


async def test_lost_connection_ends_all_sources(small: Small) -> None:
    socket = await small.socket()
    await welcomed(socket)
    await subscribed(socket, "subscription { numbers }")
    await small.runtime.until_listeners(1)
    socket.transport.abort()
    await small.runtime.until_listeners(0)


async def test_mutation_that_has_begun_outlives_its_socket(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "mutation { slow }")
        await subscribed(socket, "{ hello }", "2")
        await heard(socket)
    drained = asyncio.create_task(small.endpoint.drain())
    small.runtime.may_finish.set()
    await drained
    assert small.runtime.calls[-1] == "slow ends"


async def test_mutation_for_a_reader_that_stopped_does_not_hold_up_a_drain() -> None:
    async with serve_small(QUICK) as small:
        socket = await small.socket()
        await welcomed(socket)
        socket.transport.pause_reading()
        for number in range(20):
            await subscribed(socket, "subscription { endless }", str(number))
        await subscribed(socket, 'mutation { publish(input: {type: "a", data: 1}) { id } }', "m")
        await eventually(lambda: "publish" in small.runtime.calls)
        await small.endpoint.drain()
        assert not small.endpoint._sockets._finishing
        socket.transport.abort()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription($n: Int!) { numbers(until: $n) }", "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_executed_is_an_error_message(
    small: Small, text: str, code: str
) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, text)
        message = await heard(socket)
        assert (message["id"], message["type"]) == ("1", "error")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await subscribed(socket, "{ hello }")
        assert (await heard(socket))["type"] == "next"


@pytest.mark.parametrize(
    ("how", "code"), [("unexpected", "INTERNAL_SERVER_ERROR"), ("unavailable", "UNAVAILABLE")]
)
async def test_source_that_fails_is_told_masked_and_ends(small: Small, how: str, code: str) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(
            socket, "subscription($how: String!) { breaks(how: $how) }", variables={"how": how}
        )
        assert (await heard(socket))["payload"] == {"data": {"breaks": "one"}}
        failure = await heard(socket)
        assert [error["extensions"]["code"] for error in failure["payload"]["errors"]] == [code]
        assert "hunter2" not in json.dumps(failure)
        assert (await heard(socket))["type"] == "complete"


async def test_answer_that_no_json_can_hold_fails_alone(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "{ beyond }")
        message = await heard(socket)
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == (
            "error",
            "INTERNAL_SERVER_ERROR",
        )
        await subscribed(socket, "{ hello }")
        assert (await heard(socket))["payload"] == {"data": {"hello": "world"}}


async def test_refused_subscription_is_told(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { never }")
        assert (await heard(socket))["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_each_event_has_loaders_of_its_own(small: Small) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { fresh { count again: count } }")
        counts = [(await heard(socket))["payload"]["data"]["fresh"] for _ in range(2)]
        assert counts == [{"count": 1, "again": 2}] * 2


async def test_ping_is_answered(small: Small) -> None:
    async with small.socket() as socket:
        await said(socket, {"type": "ping", "payload": {"a": 1}})
        assert await heard(socket) == {"type": "pong", "payload": {"a": 1}}
        await said(socket, {"type": "pong"})
        await said(socket, {"type": "ping"})
        assert await heard(socket) == {"type": "pong"}


MALFORMED = [
    "[]",
    '"x"',
    "5",
    "null",
    "{",
    "{}",
    '{"type": 5}',
    '{"type": "start"}',
    '{"type": "ping", "payload": []}',
    '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": 5, "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
    '{"type": "complete", "id": []}',
    "[" * 100_000,
    '{"type": "ping", "payload": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}}",
    b'{"type": "ping"}',
]


@each_of("message", MALFORMED)
async def test_malformed_messages_close_with_4400(small: Small, message: str | bytes) -> None:
    async with small.socket() as socket:
        await welcomed(socket)
        await socket.send(message)
        assert await closed(socket) == 4400


async def test_huge_message_closes_with_1009(small: Small) -> None:
    async with small.socket() as socket:
        await said(socket, {"type": "ping", "payload": {"a": "x" * 3_000_000}})
        assert await closed(socket) == 1009


async def before_ack(socket: ClientConnection) -> None:
    await subscribed(socket, "{ hello }")


async def wrong_token(socket: ClientConnection) -> None:
    await said(socket, {"type": "connection_init", "payload": {"authorization": "Bearer hl_wrong"}})


async def no_token(socket: ClientConnection) -> None:
    await said(socket, {"type": "connection_init"})


async def second_init(socket: ClientConnection) -> None:
    await welcomed(socket)
    await said(socket, {"type": "connection_init", "payload": {"authorization": "Bearer hl_admin"}})


async def same_id(socket: ClientConnection) -> None:
    await welcomed(socket)
    await subscribed(socket, "subscription { numbers }", "é")
    await subscribed(socket, "subscription { numbers }", "é")


async def hundred_and_one(socket: ClientConnection) -> None:
    await welcomed(socket)
    for number in range(101):
        await subscribed(socket, "subscription { numbers }", str(number))


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (before_ack, 4401),
        (wrong_token, 4401),
        (no_token, 4401),
        (second_init, 4429),
        (same_id, 4409),
        (hundred_and_one, 4429),
    ],
)
async def test_breaches_of_the_protocol_have_its_close_codes(
    small: Small, act: Callable[[ClientConnection], Awaitable[None]], code: int
) -> None:
    async with small.socket() as socket:
        await act(socket)
        assert await closed(socket) == code
    await small.runtime.until_listeners(0)


async def test_other_subprotocols_are_refused(small: Small) -> None:
    async with small.socket("graphql-ws") as socket:
        assert await closed(socket) == 4406


async def test_the_token_may_be_spelled_like_the_header() -> None:
    async with serve_small() as small, small.socket() as socket:
        await said(
            socket, {"type": "connection_init", "payload": {"Authorization": "Bearer hl_admin"}}
        )
        assert (await heard(socket))["type"] == "connection_ack"


async def test_silence_instead_of_an_init_closes_with_4408() -> None:
    async with serve_small(QUICK) as small, small.socket() as socket:
        await said(socket, {"type": "ping"})
        assert await closed(socket) == 4408


async def test_revoked_token_ends_the_socket() -> None:
    async with serve_small(QUICK) as small, small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { numbers }")
        await small.runtime.until_listeners(1)
        await small.runtime.announce(1)
        assert (await heard(socket))["type"] == "next"
        del small.tokens.known["hl_admin"]
        assert await closed(socket) == 4401
        await small.runtime.until_listeners(0)


async def test_drain_closes_with_1012_and_takes_no_new_sockets(small: Small) -> None:
    async with small.socket() as first, small.socket() as second:
        await welcomed(first)
        await subscribed(first, "subscription { numbers }")
        await small.runtime.until_listeners(1)
        await small.endpoint.drain()
        assert [await closed(socket) for socket in (first, second)] == [1012, 1012]
        assert small.runtime.listeners == 0
    async with small.socket() as late:
        assert await closed(late) == 1012


async def test_operations_count_until_they_have_really_ended() -> None:
    async with serve_small(SocketLimits(operations=3)) as small, small.socket() as socket:
        await welcomed(socket)
        for number in range(3):
            await subscribed(socket, "mutation { slow }", str(number))
        await eventually(lambda: small.runtime.calls == ["slow begins"] * 3)
        for number in range(3):
            # A mutation that has begun goes on.
            await said(socket, {"id": str(number), "type": "complete"})
        await subscribed(socket, "mutation { slow }", "one more")
        # Other requests are answered, and nothing more has begun.
        assert (await small.ask("{ hello }")).status_code == 200
        assert small.runtime.calls.count("slow begins") == 3
        small.runtime.may_finish.set()
        assert (await heard(socket))["payload"] == {"data": {"slow": True}}
        assert small.runtime.calls.count("slow ends") == 4


async def test_completed_queries_make_room_at_once() -> None:
    async with serve_small(SocketLimits(operations=3)) as small, small.socket() as socket:
        await welcomed(socket)
        for number in range(30):
            await subscribed(socket, "{ slow }", str(number))
            await said(socket, {"id": str(number), "type": "complete"})
        await subscribed(socket, "{ hello }", "last")
        assert await heard(socket) == {
            "id": "last",
            "type": "next",
            "payload": {"data": {"hello": "world"}},
        }


async def test_large_queries_of_one_caller_wait_for_one_another_and_hold_up_no_small_one() -> None:
    async with serve_small() as small, small.socket() as one, small.socket() as other:
        for socket, token in ((one, "hl_admin"), (other, "hl_viewer")):
            await welcomed(socket, token)
        for number in range(20):
            await subscribed(one, "{ slowList }", str(number))
        await eventually(lambda: small.runtime.calls == ["list begins"] * 2)
        await subscribed(one, "{ hello }", "small")
        assert (await heard(one))["payload"] == {"data": {"hello": "world"}}
        await subscribed(other, "{ slowList }", "1")
        await eventually(lambda: small.runtime.calls.count("list begins") == 3)
        small.runtime.may_finish.set()
        await eventually(lambda: small.runtime.calls.count("list begins") == 21)
        # The small one's end among them. What is left unread would hold up the close for 10 s.
        assert sorted([(await heard(one))["type"] for _ in range(41)]) == [
            *["complete"] * 21,
            *["next"] * 20,
        ]


async def test_large_events_wait_for_one_another_and_hold_up_no_small_operation() -> None:
    async with serve_small() as small, small.socket() as one, small.socket() as other:
        for socket, token in ((one, "hl_admin"), (other, "hl_viewer")):
            await welcomed(socket, token)
        for number in range(20):
            await subscribed(one, "subscription { large { slowList } }", str(number))
        await eventually(lambda: small.runtime.calls == ["list begins"] * 2)
        await subscribed(one, "subscription { fresh { count } }", "small")
        assert [(await heard(one))["type"] for _ in range(3)] == ["next", "next", "complete"]
        await subscribed(other, "subscription { large { slowList } }", "1")
        await eventually(lambda: small.runtime.calls.count("list begins") == 3)
        small.runtime.may_finish.set()
        await eventually(lambda: small.runtime.calls.count("list begins") == 21)
        assert sorted([(await heard(one))["type"] for _ in range(40)]) == [
            *["complete"] * 20,
            *["next"] * 20,
        ]


async def test_a_large_event_that_takes_too_long_ends_its_subscription_and_says_so() -> None:
    async with serve_small(seconds=0.05) as small, small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "subscription { large { slowList } }")
        [error] = (await heard(socket))["payload"]["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["message"].startswith("This took longer than 0.05 s and was ended.")
        assert (await heard(socket))["type"] == "complete"
