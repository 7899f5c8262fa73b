"""Long JSON read in pieces: the values and refusals of short ones, with the loop for others."""

import asyncio
import json
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from api.execution.errors import RequestRefused
from api.transport.json_pieces import JsonLimits, TooMuchJson
from api.transport.json_reader import JsonReader
from api.transport.requests import decode_json
from hookline.errors import Unavailable
from tests.api.small_server import serve_small
from tests.api.transport.socket_client import closed, heard, welcomed

LONG: Final = 512 * 1024

ODD_SCALARS: Final = [
    *("1", "-0", "-0.0", "0.1", "1e5", "5e-324", "1.7976931348623157e308", "123456789012345678.5"),
    *("18446744073709551616", "-9223372036854775809", "9" * 60, "true", "false", "null"),
    *('""', '"a,b"', '"]["', r'"\""', r'"\\"', r'"\\\""', r'"\u00e9"', r'"\ud83d\ude00"'),
    *('"é€😀"', r'"{\"a\":[1,2]}"', '"' + "x" * 50 + '"'),
]
NO_JSON: Final = [
    *("1e999", "NaN", "-Infinity", "01", "1.", "+1", "--1", "tru", "1 1", "/**/", "\x0b", "\ufeff"),
    *('"\x01"', '"\x00"', r'"\x"', r'"\u12"', '"', "\\", "'a'", "", r'"\ud800"', r'"\ude00\ud83d"'),
    *("[", "]", "{", "}", ",", ":", "[,]", "{,}", "[1,]", '{"a":1,}', '{"a"}', "{1:2}", "[}", "{]"),
]
BLANKS: Final = some.sampled_from(["", "", " ", "\n\t "])
KEYS: Final = some.sampled_from(['"a"', '"b"', '"data"', r'"\u0064ata"', '"a,b"', '"{"', r'"\""'])


def _joined(items: list[str], brackets: str, blank: str) -> str:
    return brackets[0] + blank + f"{blank},{blank}".join(items) + blank + brackets[1]


def _around(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    members = some.tuples(KEYS, BLANKS, inner).map(lambda one: f"{one[0]}{one[1]}:{one[2]}")
    return some.builds(_joined, some.lists(inner, max_size=4), some.just("[]"), BLANKS) | (
        some.builds(_joined, some.lists(members, max_size=4), some.just("{}"), BLANKS)
    )


TEXTS: Final = some.recursive(some.sampled_from(ODD_SCALARS), _around, max_leaves=20)
HOSTILE: Final = some.recursive(
    some.sampled_from(ODD_SCALARS) | some.sampled_from(NO_JSON), _around, max_leaves=12
)


def _outcome(read: Any) -> str:
    """The value with the types and the order of everything in it, or the refusal."""
    try:
        # Of floats the shortest text that is this double, of integers and floats different ones.
        return repr(read())
    except RequestRefused as refused:
        return f"refused: {refused.formatted('request')}"


def _in_pieces(text: bytes, piece_bytes: int) -> Any:
    limits = JsonLimits(at_once_bytes=0, at_once_values=-1, piece_bytes=piece_bytes)
    return asyncio.run(JsonReader(limits).read(text, "caller"))


def _compare(text: bytes, piece_bytes: int) -> None:
    whole = _outcome(lambda: decode_json(text))
    assert _outcome(lambda: _in_pieces(text, piece_bytes)) == whole


@given(TEXTS, some.integers(2, 40))
def test_a_text_read_in_pieces_has_the_values_of_one_that_is_read_at_once(
    text: str, piece_bytes: int
) -> None:
    _compare(text.encode(), piece_bytes)


@given(HOSTILE, some.integers(2, 40))
@example("[[1],[2] [3]]", 4)
@example("[1,[2]3]", 3)
@example('{"a":[1]"b":2}', 5)
@example('{"a":[1],,"b":2}', 5)
@example('{"data":["\\ud800"],"x":["\\ud800"]}', 6)
@example('{"a":"\\ud800","a":1}', 2)
@example('{"data":{"a":"\\ud800","a":1}}', 2)
@example("[1]]", 2)
@example("[1] x", 2)
@example("[" * 1_025 + "]" * 1_025, 40)
def test_what_is_no_json_is_refused_in_pieces_as_it_is_at_once(text: str, piece_bytes: int) -> None:
    _compare(text.encode(), piece_bytes)


@given(some.lists(TEXTS, min_size=8, max_size=30), some.data(), some.integers(40, 300))
def test_a_list_of_many_windows_with_a_slip_is_read_or_refused_as_at_once(
    texts: list[str], data: some.DataObject, piece_bytes: int
) -> None:
    text = f"[{','.join(texts)}]"
    _compare(text.encode(), piece_bytes)
    at = data.draw(some.integers(0, len(text)))
    slip = data.draw(some.sampled_from([*',:"[]{}\\ 1', '","', "],[", "},{", ""]))
    _compare((text[:at] + slip + text[at + data.draw(some.integers(0, 1)) :]).encode(), piece_bytes)


@given(TEXTS.map(str.encode), some.data(), some.integers(2, 40))
def test_bytes_that_are_no_utf_8_are_refused_wherever_they_stand(
    text: bytes, data: some.DataObject, piece_bytes: int
) -> None:
    at = data.draw(some.integers(0, len(text)))
    broken = data.draw(some.sampled_from([b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\x80", b"\xf5"]))
    _compare(text[:at] + broken + text[at:], piece_bytes)


def _filled(item: bytes, length: int = LONG) -> bytes:
    return b"[" + b",".join([item] * (length // (len(item) + 1))) + b"]"


LONG_TEXTS: Final = {
    "objects": _filled(b'{"a":1}'),
    "numbers": _filled(b"1"),
    "texts": _filled(b'"\\"]"'),
    "nested objects": _filled(b'{"a":' * 100 + b"1" + b"}" * 100),
    "names": b"{" + b",".join(b'"%d":[]' % number for number in range(50_000)) + b"}",
    "one text with escapes": _filled(b"1", 110_000)[:-1] + b',"' + b"\\n" * 200_000 + b'"]',
}


@pytest.mark.parametrize("name", LONG_TEXTS)
async def test_others_have_the_loop_while_a_long_text_is_read(name: str) -> None:
    turns, is_read = 0, False

    async def count() -> None:
        nonlocal turns
        while not is_read:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    # After each piece, however quick the machine is.
    value = await JsonReader(JsonLimits(burst_seconds=0)).read(LONG_TEXTS[name], "caller")
    is_read = True
    await counting
    assert repr(value) == repr(decode_json(LONG_TEXTS[name]))
    assert turns >= len(LONG_TEXTS[name]) / 20_000


async def test_turns_of_threads_are_short_while_a_long_text_is_read() -> None:
    before, seen, is_read = sys.getswitchinterval(), set[float](), False

    async def look() -> None:
        while not is_read:
            seen.add(sys.getswitchinterval())
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await JsonReader(JsonLimits(burst_seconds=0)).read(_filled(b"[]", 200_000), "caller")
    is_read = True
    await looking
    assert min(seen) < before
    assert sys.getswitchinterval() == before


async def test_a_text_of_escaped_quotes_is_looked_at_once() -> None:
    # Each window took 0.13 s when a string was looked for at each of the quotes: 65 s in all.
    quotes = '"' * 2_000_000
    text = json.dumps([quotes, *[1] * 60_000]).encode()
    reader = JsonReader()
    assert not reader.reads_at_once(text)
    assert (await reader.read(text, "somebody"))[0] == quotes


@pytest.mark.parametrize("escape", ["\\ud83d", "\\ud83d\\ude00"])
def test_surrogates_among_many_objects_are_read_in_pieces(escape: str) -> None:
    # At once 24,000 objects and a text of 1.9 MiB with one of them took 0.13 s.
    text = b'{"a": [%b "%b"]}' % (b'{"": 1},' * 24_000, escape.encode())
    assert not JsonReader().reads_at_once(text)


async def test_a_caller_with_many_long_texts_holds_no_other_one_up() -> None:
    reader, order = JsonReader(), []

    async def read(caller: str, text: bytes) -> None:
        await reader.read(text, caller)
        order.append(caller)

    many = [read("many", _filled(b"[]", 200_000)) for _ in range(5)]
    await asyncio.gather(*many, read("one", _filled(b"[]", 200_000)))
    assert order.index("one") <= 1


@pytest.mark.parametrize(
    ("limits", "text", "told"),
    [
        (JsonLimits(values=99_000), _filled(b"1", 200_000), "more than 99,000 values"),
        (JsonLimits(containers=50_000), _filled(b"[]", 200_000), "50,000 lists and objects"),
        (JsonLimits(scalar_bytes=1_048_000), b'["' + b"a" * 2 * LONG + b'"]', "a text or a number"),
        (JsonLimits(scalar_bytes=1_048_000), b"[" + b" " * 2 * LONG + b"1]", "as many blanks"),
    ],
)
async def test_what_is_beyond_a_bound_is_refused_with_the_bound(
    limits: JsonLimits, text: bytes, told: str
) -> None:
    always = JsonLimits(limits.values, limits.containers, limits.scalar_bytes, at_once_values=-1)
    with pytest.raises(TooMuchJson) as refused:
        await JsonReader(always).read(text, "caller")
    assert told in refused.value.formatted("request")[0]["message"]


async def test_long_texts_that_wait_have_a_bound_and_leave_room_to_others() -> None:
    text = _filled(b"[]", 200_000)
    reader = JsonReader(JsonLimits(waiting_bytes=3 * len(text)))
    first = asyncio.create_task(reader.read(text, "many"))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="HOOKLINE_MAX_HELD_BYTES"):
        await reader.read(text, "many")
    assert len(await reader.read(text, "other")) == 66_666
    await first
    assert len(await reader.read(text, "many")) == 66_666


def _requests() -> Iterator[bytes]:
    for values in (b"[" + b"[]," * 60_000 + b"1]", b"[" + b"1," * 200_000 + b"1]"):
        yield b'{"query": "query($v: JSON!) { kinds(value: $v) }", "variables": {"v": %b}}' % values


async def test_a_long_request_is_refused_with_400_and_a_long_message_with_4400() -> None:
    reader = JsonReader(JsonLimits(values=100_000, containers=50_000))
    async with serve_small(json_reader=reader) as small:
        for request in _requests():
            answer = await small.post(request)
            assert answer.status_code == 400
            assert "the most that one request may hold" in answer.text
            async with small.socket() as socket:
                await welcomed(socket)
                message = b'{"type": "subscribe", "id": "1", "payload": %b}' % request
                await socket.send(message.decode())
                assert await closed(socket) == 4400


async def test_a_long_message_means_what_a_short_one_means() -> None:
    async with serve_small() as small, small.socket() as socket:
        await welcomed(socket)
        held = '{"a": [' + "[]," * 60_000 + "1]}"
        payload = f'{{"query": "{{ hello }}", "variables": {held}}}'
        await socket.send(f'{{"type": "subscribe", "id": "1", "payload": {payload}}}')
        assert (await heard(socket))["payload"] == {"data": {"hello": "world"}}
