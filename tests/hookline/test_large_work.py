"""The collector rests and turns are short while any of several blocks runs; both are left as they
were. What a block made is freed elsewhere.
"""

import gc
import sys
import threading
from typing import Any

import pytest

from hookline.large_work import free_later, large_work, short_turns, take_apart
from tests.waiting import eventually


def test_collector_rests_until_the_last_of_several_blocks_has_ended() -> None:
    first, second, turn = large_work(), large_work(), sys.getswitchinterval()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    assert sys.getswitchinterval() < turn
    second.__exit__(None, None, None)
    assert gc.isenabled()
    assert sys.getswitchinterval() == turn


def test_turns_are_short_until_the_last_block_of_either_kind_has_ended() -> None:
    work, turns, turn = large_work(), short_turns(), sys.getswitchinterval()
    work.__enter__()
    turns.__enter__()
    work.__exit__(None, None, None)
    assert gc.isenabled()
    assert sys.getswitchinterval() < turn
    turns.__exit__(None, None, None)
    assert sys.getswitchinterval() == turn


def test_turns_alone_leave_the_collector_on() -> None:
    with short_turns():
        assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with large_work():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


class Freed:
    """Notes the thread that frees it."""

    def __init__(self, threads: list[int]) -> None:
        self._threads = threads

    def __del__(self) -> None:
        self._threads.append(threading.get_ident())


@pytest.mark.parametrize("kind", [list, tuple, lambda items: dict(enumerate(items))])
async def test_what_a_block_hands_over_is_freed_in_another_thread(kind: Any) -> None:
    threads = list[int]()
    with large_work():
        made = free_later(kind(Freed(threads) for _ in range(100)))
        del made
        assert not threads
        assert not gc.isenabled()
    await eventually(lambda: len(threads) == 100 and gc.isenabled())
    assert threading.get_ident() not in threads


async def test_a_collection_that_is_still_used_keeps_its_items() -> None:
    threads = list[int]()
    with large_work():
        made = free_later([Freed(threads)])
    await eventually(gc.isenabled)
    assert (len(made), threads) == (1, [])


def test_without_a_block_nothing_is_kept() -> None:
    threads = list[int]()
    free_later([Freed(threads)])
    assert threads == [threading.get_ident()]


def test_json_that_nobody_uses_any_more_is_taken_apart() -> None:
    inner = {"b": [1, {"c": 2}]}
    value = {"a": [inner]}
    take_apart(value)
    assert (value, inner) == ({}, {})


def test_blocks_that_end_in_another_order_leave_nothing_that_keeps() -> None:
    first, second, threads = large_work(), large_work(), list[int]()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    free_later([Freed(threads)])
    assert threads == [threading.get_ident()]
