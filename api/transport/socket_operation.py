"""Bounds of a socket; an operation of one, its messages and log lines. Called by websocket."""

import asyncio
import logging
from dataclasses import dataclass

import orjson

from api.execution.errors import Formatted
from api.transport.request_log import is_outage
from hookline.access.actor import Actor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Bounds of one socket. stalled_seconds: how long one message may wait for a reader.
    queued_bytes: those before it; at that, operations wait.
    """

    # long enough for a slow client; a socket without a token must not stay
    init_seconds: float = 10.0
    stalled_seconds: float = 10.0
    # each is a task and a follower of the feed
    operations: int = 100
    # By bytes: without a bound 20 sockets that never read took 8 MB a second.
    queued_bytes: int = 256 * 1024


class Running:
    """An operation of a socket. must_finish: a mutation is at work, which nothing may interrupt."""

    __slots__ = ("_prefix", "id", "must_finish", "task")

    def __init__(self, operation_id: str) -> None:
        self.id = operation_id
        self.must_finish = False
        self.task: asyncio.Task[None]
        self._prefix = b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":'

    def next(self, payload: bytes) -> bytes:
        """The message around an answer's JSON."""
        return self._prefix + payload + b"}"


def log_errors(request_id: str, actor: Actor, errors: list[Formatted]) -> None:
    """Logs what went wrong in an operation, by its codes."""
    codes = ",".join(sorted({error["extensions"]["code"] for error in errors}))
    # The lines of an outage stand for the operations that it refuses.
    log.log(
        logging.DEBUG if is_outage(errors) else logging.INFO,
        "socket operation",
        extra={
            "request_id": request_id,
            "workspace_id": actor.workspace_id,
            "token_id": actor.token_id,
            "codes": codes,
        },
    )
