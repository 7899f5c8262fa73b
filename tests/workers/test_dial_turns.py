"""Turns of the loop in which connections begin."""

import asyncio

from workers.dial_turns import DialTurns


async def test_a_few_connections_begin_in_each_turn_in_the_order_in_which_they_came() -> None:
    turns, begun, turn = DialTurns(at_once=3), list[tuple[int, int]](), 0

    async def begin(number: int) -> None:
        await turns.wait()
        begun.append((turn, number))

    waiting = [asyncio.create_task(begin(number)) for number in range(10)]
    while not all(one.done() for one in waiting):
        turn += 1
        await asyncio.sleep(0)
    assert [number for _, number in begun] == list(range(10))
    each = [sum(of == at for of, _ in begun) for at in {of for of, _ in begun}]
    assert max(each) == 3


async def test_one_that_is_cancelled_while_it_waits_takes_no_place() -> None:
    turns = DialTurns(at_once=1)
    first, second, third = (asyncio.create_task(turns.wait()) for _ in range(3))
    await first
    second.cancel()
    async with asyncio.timeout(5):
        await third
    # And afterwards the next one begins at once.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    fourth = turns.wait()
    try:
        fourth.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")
