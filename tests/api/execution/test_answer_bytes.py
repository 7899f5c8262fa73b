"""Bytes of an answer: bounded however they come together, and encoded in pieces."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from api.context import Context
from api.execution.encoding import encode
from api.execution.execute import Answer, Execution, Request
from api.execution.limits import Limits
from api.schema.scalars import SCALARS
from hookline.errors import HooklineError
from tests.api.small_schema import VIEWER
from tests.tables import each_of

TEXT = "a" * 1_000
NAMED = " ".join(f"a{number}: text" for number in range(50))
DONE: list[str] = []
READ: list[str] = []


@strawberry.type
class Item:
    number: int = 1
    nothing: str | None = None

    @strawberry.field
    def text(self) -> str:
        return TEXT

    @strawberry.field
    async def slow_text(self) -> str:
        await asyncio.sleep(0)
        READ.append(TEXT)
        return TEXT

    @strawberry.field
    def umlauts(self) -> str:
        return "ü€𝒳" * 100

    @strawberry.field
    def control(self) -> str:
        return "\x01" * 100

    @strawberry.field
    def texts(self) -> list[str]:
        return ["b" * 100] * 10

    @strawberry.field
    def stored(self) -> JSON:
        return JSON(b'{"a":"%b"}' % TEXT.encode())

    @strawberry.field
    def tree(self) -> JSON:
        return JSON({"list": [TEXT, {"deep": 1}]})

    @strawberry.field
    def fails(self) -> str | None:
        raise GraphQLError("a" * 100, extensions={"code": "FORBIDDEN"})

    @strawberry.field
    def items(self, first: int) -> list["Item"]:
        return [Item()] * first


@strawberry.type
class Query:
    @strawberry.field
    def items(self, first: int) -> list[Item]:
        return [Item()] * first

    @strawberry.field
    def beyond(self) -> JSON:
        return JSON(2**70)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def make(self, name: str) -> Item | None:
        DONE.append(name)
        return Item()


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def made(self, first: int) -> AsyncGenerator[list[Item], None]:
        yield [Item()] * first
        yield [Item()]


SCHEMA = strawberry.Schema(
    Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=SCALARS)
)
CASES = {
    "a text": "{ items(first: 100) { text } }",
    "a text that is read": "{ items(first: 100) { slowText } }",
    "a text under many names": "{ items(first: 2) { " + NAMED + " } }",
    "letters of four bytes": "{ items(first: 100) { umlauts } }",
    "control characters": "{ items(first: 200) { control } }",
    "lists of texts": "{ items(first: 100) { texts } }",
    "stored JSON": "{ items(first: 100) { stored } }",
    "JSON": "{ items(first: 100) { tree } }",
    "a long name": "{ items(first: 100) { %s: number } }" % ("a" * 1_000),
    "a long name of an object": "{ items(first: 100) { %s: items(first: 1) { number } } }"
    % ("a" * 1_000),
    "numbers": "{ items(first: 100) { items(first: 100) { number nothing } } }",
    "errors": "{ items(first: 100) { a: fails b: fails } }",
    "errors under a long name": "{ items(first: 100) { %s: fails } }" % ("a" * 1_000),
}


async def _read_cursor(_: Context) -> str:
    return ""


def context() -> Context:
    return Context(None, VIEWER, "request", _read_cursor, lambda _: None, 60)


async def answer(text: str, limit_bytes: int) -> Answer:
    """Raises HooklineError."""
    execution = Execution(SCHEMA, limits=Limits(answer_bytes=limit_bytes))
    request = Request(text)
    return await execution.run(execution.select(request), request, context())


@each_of("text", CASES.values())
async def test_an_answer_has_as_many_bytes_as_are_allowed(text: str) -> None:
    whole = b"".join((await answer(text, 10_000_000)).encoded())
    assert len(whole) > 30_000
    assert b"".join((await answer(text, len(whole) * 2)).encoded()) == whole
    with pytest.raises(HooklineError) as refused:
        await answer(text, len(whole) // 2)
    assert refused.value.code == "QUERY_TOO_COSTLY"
    assert f"{len(whole) // 2:,} bytes" in refused.value.message
    assert "smaller pages (first, last)" in refused.value.message


async def test_a_query_that_is_too_large_goes_no_further() -> None:
    READ.clear()
    with pytest.raises(HooklineError):
        await answer("{ items(first: 100) { slowText items(first: 100) { slowText } } }", 20_000)
    for _ in range(100):
        await asyncio.sleep(0)
    # Of 10,100.
    assert len(READ) < 1_000


async def test_a_mutation_is_done_and_each_payload_that_is_too_large_says_so() -> None:
    DONE.clear()
    text = """mutation {
        a: make(name: "a") { number }
        b: make(name: "b") { x: text y: text }
        c: make(name: "c") { number }
    }"""
    told = await answer(text, 1_500)
    assert DONE == ["a", "b", "c"]
    assert told.data == {"a": {"number": 1}, "b": None, "c": None}
    assert told.codes == ["QUERY_TOO_COSTLY"] * 2
    assert told.errors[0]["message"].startswith("This was done, but the answer has more than 1,500")
    assert [error["path"] for error in told.errors] == [["b"], ["c"]]


async def test_an_event_that_is_too_large_ends_its_subscription() -> None:
    execution = Execution(SCHEMA, limits=Limits(answer_bytes=90_000))
    for first, codes in [(80, [[], []]), (100, [["QUERY_TOO_COSTLY"]])]:
        request = Request(
            "subscription ($n: Int!) { made(first: $n) { text } }", None, {"n": first}
        )
        stream = await execution.subscribe(execution.select(request), request, context())
        assert not isinstance(stream, Answer)
        told = [one for step in [step async for step in stream] for one in step]
        assert [isinstance(one, Answer) and one.codes for one in told] == codes


async def test_a_large_event_has_its_errors_too() -> None:
    execution = Execution(SCHEMA)
    request = Request("subscription { made(first: 100) { text fails } }")
    stream = await execution.subscribe(execution.select(request), request, context())
    assert not isinstance(stream, Answer)
    [told] = await anext(stream)
    await stream.aclose()
    assert isinstance(told, Answer)
    whole = orjson.loads(b"".join(told.encoded()))
    assert whole["data"] == {"made": [{"text": TEXT, "fails": None}] * 100}
    assert len(whole["errors"]) == len(told.codes) == 100


@each_of(
    "value",
    [
        None,
        {},
        [],
        {"data": None},
        {"data": {"a": [], "b": {}, "c": [[], {}], "ü": "😀"}},
        {
            "data": {
                "items": [{"n": n, "items": [{"a": 1.5, "b": None}] * 3} for n in range(10_000)]
            }
        },
        {"data": {"long": "ü" * 200_000, "short": "x"}, "errors": [{"path": ["a", 1]}]},
        {"data": [orjson.Fragment(b'{"a":1}'), "x" * 5_000, 1, [1, 2, [3, {"a": {"b": []}}]]]},
        ["x" * 300_000] * 20,
    ],
)
async def test_pieces_are_the_whole(value: Any) -> None:
    pieces = await encode(value)
    assert b"".join(pieces) == orjson.dumps(value)
    assert all(map(len, pieces)) or len(pieces) > 1


async def test_others_have_the_loop_while_a_large_answer_is_encoded() -> None:
    value = [{"number": number, "texts": [TEXT] * 3} for number in range(20_000)]
    encoding = asyncio.create_task(encode(value))
    turns = 0
    while not encoding.done():
        await asyncio.sleep(0)
        turns += 1
    # 60 MB at once would be one turn before and one after them.
    assert turns > 4
    pieces = encoding.result()
    assert len(pieces) > 500
    assert max(map(len, pieces)) < 80_000


async def test_a_large_answer_keeps_none_of_its_objects() -> None:
    told = await answer("{ items(first: 100) { text } }", 1_000_000)
    assert told.data is None
    assert len(told.pieces) > 1
    assert not told.is_all_lost


async def test_what_no_json_can_hold_is_found_in_large_answers_too() -> None:
    told = await answer("{ beyond items(first: 100) { text } }", 1_000_000)
    assert told.pieces == ()
    with pytest.raises(TypeError):
        told.encoded()
