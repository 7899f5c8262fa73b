"""Finds what only the collector of garbage would free: it counts objects, not bytes."""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def garbage() -> Iterator[list[object]]:
    """Gives what only a collection would free of all that the block makes."""
    found = list[object]()
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def parts_of(value: object) -> Iterator[object]:
    """Gives what an object holds, also through lists and objects that the collector passes over as
    they hold nothing but texts and numbers.
    """
    for held in gc.get_referents(value):
        yield held
        if isinstance(held, dict | tuple) and not gc.is_tracked(held):
            yield from gc.get_referents(held)


def large_in(found: Iterable[object], limit: int) -> set[type]:
    """Types of the objects that hold a text or bytes of this length."""
    return {
        type(one)
        for one in found
        for held in parts_of(one)
        if isinstance(held, str | bytes | bytearray) and len(held) >= limit
    }
