"""What is told of messages: one log line for each that failed, with its ids, and counters by actor. Middleware of every worker's broker."""

import inspect
import logging
from collections.abc import Callable
from functools import lru_cache
from math import inf
from time import perf_counter
from typing import Any, Final

from dramatiq import Broker, MessageProxy
from dramatiq.middleware import Middleware, SkipMessage
from prometheus_client import CollectorRegistry, Counter, Histogram

from hookline.brokers.messages import BACKGROUND, DELIVERIES, OWN, NotUnderstood
from hookline.db.connection import FAULTS
from hookline.errors import HooklineError

log = logging.getLogger("hookline.actors")

_LABELS: Final = ("queue_name", "actor_name")
_MILLIS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
_STRANGERS_TOLD: Final = 100
_SHOWN: Final = 200
_TOLD_HERE: Final = frozenset(
    (
        "Failed to process message %s with unhandled exception.",
        "Message %s was skipped.",
        "Message %r has exceeded its age limit.",
        "Received message for undefined actor %r. Moving it to the DLQ.",
    )
)
"""Dramatiq's own lines about the same (2.2.1), some of them with a traceback, all of them for each message."""
_AWAY: Final = "Consumer encountered a connection error: %s"
_AWAY_SECONDS: Final = 60.0


class Reporting(Middleware):
    """registry: the counters, under the names that Dramatiq's own Prometheus middleware gives them (which would open a port of its own)."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._messages = Counter("dramatiq_messages", "Messages processed.", _LABELS, registry=registry)
        self._errors = Counter("dramatiq_message_errors", "Messages whose actor failed.", _LABELS, registry=registry)
        self._rejects = Counter("dramatiq_message_rejects", "Messages refused: too old, or not understood.", _LABELS, registry=registry)
        self._durations = Histogram("dramatiq_message_duration_milliseconds", "Time that messages took.", _LABELS, buckets=_MILLIS, registry=registry)
        self._began: dict[str, float] = {}
        self._strangers: set[str] = set()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._began[message.message_id] = perf_counter()
        try:
            _signature(broker.get_actor(message.actor_name).fn).bind(*message.args, **message.kwargs)
        except TypeError as error:
            self._tell_of_stranger(message.actor_name, f"message refused, {message.actor_name} takes other arguments: {error}")
            message.fail()
            raise SkipMessage from None

    def after_process_message(self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None) -> None:
        labels = (message.queue_name, message.actor_name)
        self._durations.labels(*labels).observe((perf_counter() - self._began.pop(message.message_id, perf_counter())) * 1_000)
        self._messages.labels(*labels).inc()
        if exception is not None:
            self._errors.labels(*labels).inc()
            if isinstance(exception, NotUnderstood):
                self._tell_of_stranger(message.actor_name, f"message refused, {message.actor_name}: {exception.message}")
            else:
                _tell_of_failure(message, exception)

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        self._began.pop(message.message_id, None)

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        is_known = message.actor_name in broker.actors
        self._rejects.labels(message.queue_name, message.actor_name if is_known else "unknown").inc()
        if not is_known:
            self._tell_of_stranger(message.actor_name, f"message refused, there is no actor {message.actor_name[:_SHOWN]!r}")

    def _tell_of_stranger(self, name: str, text: str) -> None:
        """Once for each name, and for so many names."""
        if name not in self._strangers and len(self._strangers) < _STRANGERS_TOLD:
            self._strangers.add(name)
            log.error("%s (told once)", text[: 2 * _SHOWN])


def _tell_of_failure(message: MessageProxy, error: BaseException) -> None:
    ids = repr(message.args[0])[:_SHOWN] if message.args else ""  # what follows the ids may be an address
    if isinstance(error, (*FAULTS, HooklineError)):
        log.warning("%s failed, what it was about is found again: %r", message.actor_name, error, extra={"ids": ids})
    else:
        log.error("%s failed: %r", message.actor_name, error, extra={"ids": ids}, exc_info=error)


@lru_cache
def _signature(actor: Callable[..., object]) -> inspect.Signature:
    return inspect.signature(actor)


def silence_doubles() -> None:
    """Keeps from the log what Dramatiq writes about failed, skipped and refused messages, which the middleware tells once, and tells of a server
    that is away once a minute, not each time that one of the queues finds it away."""
    quieter = _Quieter()
    consumers = [f"dramatiq.worker.ConsumerThread({name})" for name in (DELIVERIES, BACKGROUND, OWN)]
    for name in ("dramatiq.worker.WorkerThread", "dramatiq.middleware.age_limit.AgeLimit", *consumers):
        logger = logging.getLogger(name)
        logger.filters[:] = [quieter]


class _Quieter(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._told_away_at = -inf

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg != _AWAY:
            return record.msg not in _TOLD_HERE
        if perf_counter() - self._told_away_at < _AWAY_SECONDS:
            return False
        self._told_away_at = perf_counter()
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
