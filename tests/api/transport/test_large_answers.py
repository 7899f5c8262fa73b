"""Large answers arrive whole over every transport, and one that is too large is refused there."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.small_server import Small, serve_small
from tests.api.transport.socket_client import heard, subscribed, welcomed

TEXT = "query ($v: JSON!) { echo(value: $v) items(first: 100) { name } }"
VALUE = ["ü" * 300_000, {"a": [1, None, "b" * 10_000]}]
SUBSCRIPTION = "subscription ($n: Int!) { numbers(until: 1, padding: $n) }"
TOO_LONG = 40_000_000


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    async with serve_small() as server:
        yield server


def is_whole(answer: Any) -> bool:
    items = [{"name": str(number)} for number in range(100)]
    return bool(answer == {"data": {"echo": VALUE, "items": items}})


async def streamed(small: Small, text: str, **variables: Any) -> list[Any]:
    answer = await small.ask(text, accept="text/event-stream", variables=variables)
    assert answer.status_code == 200
    events = [event.partition("\ndata: ") for event in answer.text.split("\n\n") if event]
    assert events[-1][0] == "event: complete"
    return [json.loads(data) for _, _, data in events[:-1]]


async def test_a_large_answer_arrives_whole(small: Small) -> None:
    over_http = await small.ask(TEXT, variables={"v": VALUE})
    assert over_http.status_code == 200
    assert int(over_http.headers["content-length"]) > 600_000
    assert is_whole(over_http.json())
    [over_stream] = await streamed(small, TEXT, v=VALUE)
    assert is_whole(over_stream)
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, TEXT, variables={"v": VALUE})
        assert is_whole((await heard(socket))["payload"])
        assert (await heard(socket))["type"] == "complete"


async def test_an_answer_that_is_too_large_is_refused(small: Small) -> None:
    text = (
        "query ($v: JSON!) {"
        + " ".join(f"a{number}: echo(value: $v)" for number in range(40))
        + "}"
    )
    value = "a" * 1_000_000
    answer = await small.ask(text, variables={"v": value})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COSTLY"
    assert "33,554,432 bytes" in error["message"]
    async with small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, text, variables={"v": value})
        message = await heard(socket)
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "QUERY_TOO_COSTLY"


async def test_an_event_that_is_too_large_ends_its_subscription(small: Small) -> None:
    await small.runtime.announce(1)
    [told] = await streamed(small, SUBSCRIPTION, n=TOO_LONG)
    assert told["errors"][0]["extensions"]["code"] == "QUERY_TOO_COSTLY"
    [told] = await streamed(small, SUBSCRIPTION, n=200_000)
    assert told == {"data": {"numbers": "1" + "x" * 200_000}}


async def test_what_no_json_can_hold_fails_a_large_answer_too(small: Small) -> None:
    answer = await small.ask("query ($v: JSON!) { beyond echo(value: $v) }", variables={"v": VALUE})
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
