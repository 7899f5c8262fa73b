"""Hookline with failpoints: `python -m tests.chaos.build serve|worker`. The same program, but for
one moment at which it kills itself: HOOKLINE_FAILPOINT names it, HOOKLINE_FAILPOINT_HIT its
occurrence (1: the first). The product itself has no failpoints: what this build puts around the
queue and the sender stands here alone.
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import hookline.wiring
import workers.context
from hookline.deliveries.queue.base import Queue
from tests.chaos.receiver import CUT
from workers.answers import ReceiverAnswer
from workers.sending import OutboundRequest, Sender, StillWanted

Call = Callable[..., Awaitable[Any]]  # Any: a method of the queue, whichever

IN_SEND = "in-send"
AFTER = {"after-commit": "publish", "after-claim": "claim", "after-record": "record"}
BEFORE = {"before-record": "record"}
"""Failpoint → the queue's method. A publish that wrote nothing and a claim that got nothing do not
count.
"""
FAILPOINTS = (*AFTER, *BEFORE, IN_SEND)
FIRED = "failpoint reached: "


class Failpoint:
    def __init__(self, name: str, hit: int) -> None:
        self.name, self._left = name, hit

    def is_now(self) -> bool:
        """Counts one hit; True for the one at which the process dies."""
        self._left -= 1
        return self._left == 0

    def die(self) -> None:
        os.write(2, f"{FIRED}{self.name}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


class CutSender(Sender):
    """Dies with a request on the wire: the receiver has all of it and never answers."""

    failpoint: Failpoint

    async def send(
        self, request: OutboundRequest, still_wanted: StillWanted | None = None
    ) -> ReceiverAnswer:
        if not self.failpoint.is_now():
            return await super().send(request, still_wanted)
        # On a new connection: on a kept one the request would be sent a second time.
        self._idle.close()
        answer = await super().send(
            replace(request, headers=[*request.headers, (CUT, "1")]), still_wanted
        )
        self.failpoint.die()
        return answer


def install() -> None:
    """Puts the failpoint of the environment in, if there is one."""
    name = os.environ.get("HOOKLINE_FAILPOINT")
    if not name:
        return
    if name not in FAILPOINTS:
        raise SystemExit(f"HOOKLINE_FAILPOINT must be one of {', '.join(FAILPOINTS)}")
    failpoint = Failpoint(name, int(os.environ.get("HOOKLINE_FAILPOINT_HIT", "1")))
    if name == IN_SEND:
        CutSender.failpoint = failpoint
        _put_in_place(workers.context, "Sender", CutSender)
    else:
        _put_in_place(
            hookline.wiring,
            "make_queue",
            partial(_queue_with, failpoint, hookline.wiring.make_queue),
        )


def _put_in_place(module: object, name: str, built: object) -> None:
    setattr(module, name, built)


def _queue_with(
    failpoint: Failpoint, make_queue: Callable[..., Queue], *arguments: Any
) -> Queue:  # Any: handed on
    queue = make_queue(*arguments)
    if method := AFTER.get(failpoint.name):
        setattr(queue, method, _dying_after(getattr(queue, method), failpoint))
    if method := BEFORE.get(failpoint.name):
        setattr(queue, method, _dying_before(getattr(queue, method), failpoint))
    return queue


def _dying_after(call: Call, failpoint: Failpoint) -> Call:
    async def called(*arguments: Any) -> Any:
        answer = await call(*arguments)
        if answer and failpoint.is_now():
            failpoint.die()
        return answer

    return called


def _dying_before(call: Call, failpoint: Failpoint) -> Call:
    async def called(*arguments: Any) -> Any:
        if failpoint.is_now():
            failpoint.die()
        return await call(*arguments)

    return called


def main(command: str) -> None:
    if command == "worker":
        options = "--processes 1 --threads 1 --skip-logging --worker-shutdown-timeout 25000".split()
        os.execv(
            sys.executable, [sys.executable, "-m", "dramatiq", "tests.chaos.built_worker", *options]
        )
    from hookline.cli.main import main as run_command

    install()
    run_command([command])


if __name__ == "__main__":
    main(sys.argv[1])
