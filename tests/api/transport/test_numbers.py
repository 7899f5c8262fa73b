"""Numbers of any length and precision in JSON, over HTTP and on sockets."""

from collections.abc import AsyncIterator

import pytest

from tests.api.small_server import Small, serve_small
from tests.api.transport.socket_client import closed, heard, welcomed


@pytest.fixture
async def small() -> AsyncIterator[Small]:
    async with serve_small() as server:
        yield server


async def test_integers_beyond_64_bits_arrive_as_integers(small: Small) -> None:
    body = (
        b'{"query": "query($v: JSON!) { kinds(value: $v) }", "variables": {"v": '
        b"[%s, 18446744073709551616, -9223372036854775809, 1.5, %s]}}"
    )
    answer = await small.post(body % (b"9" * 5_000, b"0.12345678901234567890"))
    assert answer.json()["data"]["kinds"] == [
        "int " + "9" * 40,
        "int 18446744073709551616",
        "int -9223372036854775809",
        "float 1.5",
        "float 0.12345678901234568",
    ]


async def test_integer_literals_beyond_64_bits_arrive_as_integers(small: Small) -> None:
    answer = await small.ask(
        "{ kinds(value: [18446744073709551616, " + "9" * 5_000 + ", {a: 1}]) }"
    )
    assert answer.json()["data"]["kinds"] == [
        "int 18446744073709551616",
        "int " + "9" * 40,
        "dict {'a': 1}",
    ]


SURROGATE = '{"data": "\\ud800"}'
HUGE = ["9" * 20, "-" + "9" * 40, "1" * 5_000, "[{}]".format("8" * 4_301)]


@pytest.mark.parametrize("number", [*HUGE, SURROGATE], ids=range(len(HUGE) + 1))
async def test_ping_that_no_pong_can_repeat_closes_with_4400(small: Small, number: str) -> None:
    async with small.socket() as socket:
        await socket.send(f'{{"type": "ping", "payload": {{"a": {number}}}}}')
        assert await closed(socket) == 4400


@pytest.mark.parametrize("number", HUGE, ids=range(len(HUGE)))
async def test_long_integers_in_any_place_of_a_message_break_nothing(
    small: Small, number: str
) -> None:
    for message in (
        '{"type": %s}',
        '{"type": "subscribe", "id": %s, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1", "payload": %s}',
        '{"type": "subscribe", "id": "1", "payload": {"query": %s}}',
        '{"type": "connection_init", "payload": %s}',
        '{"type": "pong", "payload": %s}',
    ):
        async with small.socket() as socket:
            if "connection_init" not in message:
                await welcomed(socket)
            await socket.send(message % number)
            assert await closed(socket) == 4400, message
    async with small.socket() as socket:
        await welcomed(socket)
        held = f'{{"a": {number}}}'
        payload = f'{{"query": "{{ hello }}", "variables": {held}, "extensions": {held}}}'
        await socket.send(f'{{"type": "subscribe", "id": "1", "payload": {payload}}}')
        assert (await heard(socket))["payload"] == {"data": {"hello": "world"}}
