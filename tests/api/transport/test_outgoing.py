"""Messages that wait for a socket's writer, and what becomes of them when the socket is gone."""

import asyncio

from api.transport.outgoing import Outbound
from api.transport.unsent import Unsent
from tests.waiting import turns


async def answer(outbound: Outbound) -> None:
    """An answer of a mutation whose socket is gone when there is room."""
    await outbound.put_answers([b"{}"], "caller", bytes, lambda: False)


async def test_who_waits_for_room_goes_on_when_the_socket_is_gone() -> None:
    outbound = Outbound(10, Unsent())
    outbound.put(b"0123456789")
    waiting = asyncio.create_task(answer(outbound))
    await turns(5)
    assert not waiting.done()
    outbound.drop()
    # Also a mutation that ends later.
    await asyncio.wait_for(asyncio.gather(waiting, answer(outbound)), 60)


async def test_messages_of_a_socket_that_is_gone_are_told_of_as_sent() -> None:
    outbound, sent = Outbound(10, Unsent()), list[str]()
    outbound.put(b"one", lambda: sent.append("one"))
    outbound.put(b"two")
    outbound.drop()
    assert sent == ["one"]
