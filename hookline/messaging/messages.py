"""Messages to the worker's actors, and the table of these actors. Used by those who send messages
and by the brokers that read them.

Others may write to a server's queues: what is read from there is checked before Dramatiq sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from dramatiq import Message, MessageProxy
from dramatiq.encoder import JSONEncoder, MessageData
from dramatiq.errors import DecodeError

from hookline.errors import HooklineError

DELIVERIES: Final = "hookline.deliveries"
BACKGROUND: Final = "hookline.background"
OWN: Final = "hookline.own"
"""A worker's messages to itself, inside the process: what its scheduler finds, and the next step of
what it does.
"""

# Messages are only hints; many that say the same about one row are worth no more than the newest.
UNREAD_LIMIT: Final = 100
"""Messages that a queue holds; the oldest one goes when another one comes."""
MAX_AGE_MILLIS: Final = 60_000
"""Older messages are dropped unread. Long before then the row was found by a sweep or by a
scheduler.
"""
IDS_LIMIT: Final = 200
"""Webhooks that one message names."""
UNREADABLE: Final = "(unreadable)"
"""The actor's name in a message that is none."""


class ActorName(StrEnum):
    """Every actor of workers/actors.py."""

    DELIVER = "deliver"
    SEND_MAIL = "send_mail"
    RUN_JOB = "run_job"
    ROLL_UP_STATISTICS = "roll_up_statistics"
    PURGE_EXPIRED = "purge_expired"
    NOTIFY_FAILURES = "notify_failures"
    END_LISTENERS = "end_listeners"


@dataclass(frozen=True, slots=True)
class ActorRow:
    """The declaration of an actor: its queue, which all workers read, the order in which a worker
    takes messages (lower first), and for what nothing but the clock calls for, the seconds between
    two messages that each worker sends to itself.
    """

    queue: str
    priority: int
    period_seconds: float | None = None


ACTORS: Final[Mapping[ActorName, ActorRow]] = {
    ActorName.DELIVER: ActorRow(DELIVERIES, 0),
    ActorName.SEND_MAIL: ActorRow(BACKGROUND, 10),
    ActorName.NOTIFY_FAILURES: ActorRow(BACKGROUND, 20, period_seconds=30),
    ActorName.ROLL_UP_STATISTICS: ActorRow(BACKGROUND, 20, period_seconds=60),
    ActorName.PURGE_EXPIRED: ActorRow(BACKGROUND, 20, period_seconds=60),
    ActorName.END_LISTENERS: ActorRow(BACKGROUND, 10, period_seconds=4),
    ActorName.RUN_JOB: ActorRow(BACKGROUND, 30),
}
"""The one table of actors: workers/actors.py declares them by it, workers/scheduler.py keeps the
periods, a contract test compares it with docs/engine.md.
"""


class NotUnderstood(HooklineError):
    """A message for an actor of ours with arguments that it can't take: an older version's, or
    another program's.
    """

    def __init__(self, message: str) -> None:
        super().__init__("BAD_USER_INPUT", message)


def make_message(actor: ActorName, *arguments: object, queue: str | None = None) -> Message[Any]:
    """arguments: values that JSON has. queue: instead of the actor's."""
    return Message(
        queue_name=queue or ACTORS[actor].queue,
        actor_name=actor,
        args=arguments,
        kwargs={},
        options={},
    )


class CheckedEncoder(JSONEncoder):
    """Reads anything: what is not a message becomes one for an actor that does not exist, so that
    it is refused like any other program's.
    """

    def decode(self, data: bytes) -> MessageData:
        try:
            fields = super().decode(data)
        # ValueError: a number of 5,000 digits (Python 3.11); RecursionError: brackets without end.
        except (DecodeError, ValueError, RecursionError):
            return _unreadable()
        return _checked(fields) if isinstance(fields, dict) else _unreadable()


def _checked(fields: MessageData) -> MessageData:
    """The message without any option but Redis' key of it: a delay would hold it in memory, an age
    would let it live for ever.
    """
    name, timestamp, options = (
        fields.get("actor_name"),
        fields.get("message_timestamp"),
        fields.get("options"),
    )
    # Redis' broker ends a message by this key: without it, it would come again.
    key = options.get("redis_message_id") if isinstance(options, dict) else None
    kept = {"redis_message_id": key} if isinstance(key, str) else {}
    arguments, named = fields.get("args"), fields.get("kwargs")
    is_message = (
        isinstance(name, str)
        and isinstance(timestamp, int)
        and isinstance(arguments, list)
        and isinstance(named, dict)
    )
    if not is_message:
        return {**_unreadable(), "options": kept}
    return {
        "queue_name": str(fields.get("queue_name")),
        "actor_name": name,
        "args": arguments,
        "kwargs": named,
        "options": kept,
        "message_id": str(fields.get("message_id")),
        "message_timestamp": timestamp,
    }


def _unreadable() -> MessageData:
    return {"queue_name": "", "actor_name": UNREADABLE, "args": [], "kwargs": {}, "options": {}}


def assign_queue(proxy: MessageProxy, queue_name: str) -> MessageProxy:
    """Names the queue that the message was read from, whatever it says: a worker thread that finds
    no such consumer would die (Dramatiq 2.2.1).
    """
    proxy._message = replace(proxy._message, queue_name=queue_name)
    return proxy
