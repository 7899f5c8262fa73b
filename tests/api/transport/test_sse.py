"""Server-sent events in graphql-sse's distinct connections mode, as httpx sees them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from tests.api.small_server import Small, serve_small
from tests.waiting import eventually

STREAM = "text/event-stream"


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    async with serve_small() as server:
        yield server


def streaming(
    small: Small, text: str, accept: str = STREAM, **parameters: Any
) -> AbstractAsyncContextManager[httpx.Response]:
    headers = {"authorization": "Bearer hl_admin", "accept": accept}
    return small.client.stream(
        "POST", "/graphql", json={"query": text, **parameters}, headers=headers
    )


async def events(answer: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    """Name and data of each event; a keep-alive comment is ("", None)."""
    name = ""
    async for line in answer.aiter_lines():
        field, _, value = line.partition(":")
        if field == "event":
            name = value.strip()
        elif field == "data":
            yield name, json.loads(value) if value.strip() else None
        elif line == ":":
            yield "", None


async def test_subscription_streams_each_event_and_completes(small: Small) -> None:
    async with streaming(small, "subscription { numbers(until: 2) }") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        await small.runtime.announce(5, 6)
        heard = [event async for event in events(answer)]
    assert heard == [
        ("next", {"data": {"numbers": "5"}}),
        ("next", {"data": {"numbers": "6"}}),
        ("complete", None),
    ]


async def test_subscription_by_get(small: Small) -> None:
    await small.runtime.announce(5)
    answer = await small.get(accept=STREAM, query="subscription { numbers(until: 1) }")
    assert (
        answer.text == 'event: next\ndata: {"data":{"numbers":"5"}}\n\nevent: complete\ndata: \n\n'
    )


async def test_query_streams_only_if_json_is_not_accepted(small: Small) -> None:
    both = await small.ask(
        "{ hello }",
        accept="application/graphql-response+json, application/json, text/event-stream, "
        "multipart/mixed",
    )
    assert both.json() == {"data": {"hello": "world"}}
    alone = await small.ask("{ hello }", accept=STREAM)
    assert (
        alone.text == 'event: next\ndata: {"data":{"hello":"world"}}\n\nevent: complete\ndata: \n\n'
    )


@pytest.mark.parametrize(
    ("text", "token", "status"),
    [
        ("{", "hl_admin", 400),
        ("subscription { nothing }", "hl_admin", 400),
        ("subscription($n: Int!) { numbers(until: $n) }", "hl_admin", 400),
        ("subscription { numbers }", "hl_wrong", 401),
        ("subscription { never }", "hl_admin", 403),
    ],
)
async def test_what_cannot_start_is_an_ordinary_answer(
    small: Small, text: str, token: str, status: int
) -> None:
    answer = await small.ask(text, token=token, accept=STREAM)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["errors"]


async def test_leaving_ends_the_source(small: Small) -> None:
    async with streaming(small, "subscription { numbers }"):
        await small.runtime.until_listeners(1)
    await small.runtime.until_listeners(0)


async def test_source_that_fails_is_told_masked_and_ends(small: Small) -> None:
    async with streaming(small, 'subscription { breaks(how: "unexpected") }') as answer:
        heard = [event async for event in events(answer)]
    assert [name for name, _ in heard] == ["next", "next", "complete"]
    assert heard[1][1]["errors"][0]["message"] == "Internal error"


async def test_silence_is_filled_with_comments() -> None:
    async with (
        serve_small(keep_alive_seconds=0.05) as small,
        streaming(small, "subscription { numbers(until: 1) }") as answer,
    ):
        heard = events(answer)
        assert [await anext(heard) for _ in range(2)] == [("", None)] * 2
        await small.runtime.announce(5)
        assert ("next", {"data": {"numbers": "5"}}) in [event async for event in heard]


async def test_revoked_token_ends_the_stream() -> None:
    async with (
        serve_small() as small,
        streaming(small, "subscription { numbers }") as answer,
    ):
        await small.runtime.until_listeners(1)
        del small.tokens.known["hl_admin"]
        heard = [event async for event in events(answer)]
    assert [name for name, _ in heard] == ["next", "complete"]
    assert heard[0][1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert small.runtime.listeners == 0


async def test_drain_completes_the_streams(small: Small) -> None:
    async with streaming(small, "subscription { numbers }") as answer:
        await small.runtime.until_listeners(1)
        await small.endpoint.drain()
        assert small.runtime.listeners == 0
        assert [event async for event in events(answer)] == [("complete", None)]


async def test_reader_that_stops_reading_is_given_up() -> None:
    async with serve_small(stalled_seconds=0.3) as small:
        reader, writer = await asyncio.open_connection("127.0.0.1", small.port, limit=1024)
        writer.write(
            b"GET /graphql?query=subscription%7Bendless%7D HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\nauthorization: Bearer hl_admin\r\n\r\n"
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        # the only sign of it that a deaf client leaves
        await eventually(lambda: not small.endpoint._streams._open)
        assert small.runtime.reads * 10_000 < 64 * 1024 * 1024
        writer.transport.abort()
