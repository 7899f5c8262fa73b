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


def large_in(found: Iterable[object], limit: int) -> set[type]:
    """Types of the objects that hold a text or bytes of this length."""
    return {
        type(one)
        for one in found
        for held in gc.get_referents(one)
        if isinstance(held, str | bytes | bytearray) and len(held) >= limit
    }
