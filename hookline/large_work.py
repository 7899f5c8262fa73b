"""Care for everybody else while thousands of objects are made in a thread. Called by the sync, the
registry and the API for large requests; nothing else of the process may depend on it.
"""

import gc
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

# A thread that computes keeps the interpreter for this long while others wait, and each step of
# another request waits so, each call of a database's thread and of a socket among them: a list has
# dozens. 5 ms by default (Python 3.11). With 0.1 instead of 0.5 ms 95 % of the lists beside a plan
# took 57 instead of 91 ms at a load of 9 on two cores, and the plan no longer (2026-11).
_TURN_SECONDS: Final = 0.0001

_lock = threading.Lock()
_running: list[bool] = []
"""For each block that runs whether it found the collector on. The first says how it was before."""
_short: list[float] = []
"""And for each block with short turns the length of one that it found."""
# Any: objects of any kind.
_LEFT: ContextVar[list[Collection[Any]] | None] = ContextVar("left", default=None)
"""Collections that the block under way frees at its end."""
_Made = TypeVar("_Made", bound=Collection[Any])


@contextmanager
def large_work() -> Iterator[None]:
    """Turns Python's collector of cycles off for the block and lets threads take shorter turns, and
    puts both back with the last of several. What was handed to `free_later` meanwhile is freed in a
    thread, and the collector rests until that is done.

    A large file makes millions of objects and no cycles: looking through them again and again took
    a quarter of the CPU of a plan of 10,000 webhooks, and held up all threads meanwhile (2026-11).
    """
    left = list[Collection[Any]]()
    _LEFT.set(left)
    _shorten_turns()
    with _lock:
        _running.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        # Not what was there before: blocks of one context end in any order, and a list of one that
        # has ended would keep what it is handed for ever.
        _LEFT.set(None)
        if left:
            threading.Thread(target=_end, args=(left,), name="free").start()
        else:
            _end(left)


@contextmanager
def short_turns() -> Iterator[None]:
    """Lets threads take shorter turns for the block, as `large_work` does: for what keeps the
    interpreter busy before and after it, such as reading a long text of JSON.
    """
    _shorten_turns()
    try:
        yield
    finally:
        _end_short_turns()


def free_later(made: _Made) -> _Made:
    """Hands over a collection of thousands and returns it: where its last user drops it, on the
    loop or not, the interpreter frees all of it at once and everybody waits for 0.1 s (10,000
    webhooks, 2026-11). It may live on elsewhere. Outside of a block this does nothing.
    """
    if (left := _LEFT.get()) is not None:
        left.append(made)
    return made


def _end(left: list[Collection[Any]]) -> None:
    # Their items alone, so that a collection that is still in use is left as it is.
    items = [[*made.values()] if isinstance(made, Mapping) else [*made] for made in left]
    left.clear()
    for rest in items:
        # One by one: between two of them others have their turns.
        while rest:
            rest.pop()
    with _lock:
        # Blocks end in any order, and only the first one knows: its item stays to the last.
        was_on = _running[0]
        _running.pop()
        if was_on and not _running:
            gc.enable()
    _end_short_turns()


def _shorten_turns() -> None:
    with _lock:
        _short.append(sys.getswitchinterval())
        sys.setswitchinterval(_TURN_SECONDS)


def _end_short_turns() -> None:
    with _lock:
        turn = _short[0]
        _short.pop()
        if not _short:
            sys.setswitchinterval(turn)


def keep_made() -> None:
    """Leaves what there is out of all later looks of the collector: a look through the 300,000
    objects of 10,000 webhooks holds up every thread for 0.2 s (2026-11). They are freed by their
    reference counts, as before. In a thread, after many were made.
    """
    # What is garbage now stays for ever: most of it is young, and that is little to look through.
    # But for large work under way, whose objects are all young: a look at them holds everybody up
    # for 0.1 s, and finds the cycles of the seconds since it began, none of its own.
    if gc.isenabled():
        gc.collect(0)
    gc.freeze()


def take_apart(value: Any) -> None:
    """Empties lists and objects of JSON that nobody uses any more, one by one. In a thread."""
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict):
            waiting += inner.values()
            inner.clear()
        elif isinstance(inner, list):
            waiting += inner
            inner.clear()
