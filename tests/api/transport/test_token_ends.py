"""Mutations whose token ends while they are at work."""

import asyncio

from tests.api.small_server import serve_small
from tests.api.transport.socket_client import closed, subscribed, welcomed
from tests.waiting import eventually


async def test_a_mutation_does_nothing_more_once_its_token_has_ended() -> None:
    async with serve_small() as small:
        asking = asyncio.create_task(small.ask("mutation { slow again: slow }"))
        await eventually(lambda: small.runtime.calls == ["slow begins"])
        del small.tokens.known["hl_admin"]
        small.runtime.may_finish.set()
        answer = (await asking).json()
        assert small.runtime.calls == ["slow begins", "slow ends"]
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]
        assert answer["errors"][0]["path"] == ["again"]


async def test_nor_does_one_of_a_socket_that_ended_with_the_token() -> None:
    async with serve_small() as small, small.socket() as socket:
        await welcomed(socket)
        await subscribed(socket, "mutation { slow again: slow publishAll }")
        await eventually(lambda: small.runtime.calls == ["slow begins"])
        del small.tokens.known["hl_admin"]
        assert await closed(socket) == 4401
        small.runtime.may_finish.set()
        await small.endpoint.drain()
        assert small.runtime.calls == ["slow begins", "slow ends"]


async def test_a_mutation_of_a_valid_token_does_all_of_its_fields_in_order() -> None:
    async with serve_small() as small:
        small.runtime.may_finish.set()
        text = "mutation { a: slow b: publishAll @skip(if: true) c: publishAll d: slow }"
        answer = (await small.ask(text)).json()
        assert answer == {"data": {"a": True, "c": 0, "d": True}}
