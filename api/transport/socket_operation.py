"""An operation of a socket, and its messages and log lines. Called by websocket."""

import asyncio
import logging

import orjson

from api.execution.errors import Formatted
from hookline.access.actor import Actor

log = logging.getLogger(__name__)


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
    log.info(
        "socket operation",
        extra={
            "request_id": request_id,
            "workspace_id": actor.workspace_id,
            "token_id": actor.token_id,
            "codes": codes,
        },
    )
