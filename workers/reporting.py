"""Log lines and counters of messages: one line for each that failed, with its ids; counters by
actor. Middleware of every worker's broker.
"""

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

from hookline.db.faults import FAULTS
from hookline.errors import HooklineError, Unavailable
from hookline.messaging.messages import BACKGROUND, DELIVERIES, OWN, UNREADABLE, NotUnderstood
from hookline.outages import SETTLE_SECONDS, Outage

log = logging.getLogger(__name__)

_LABELS: Final = ("queue_name", "actor_name")
_QUEUES: Final = (DELIVERIES, BACKGROUND, OWN)
_MILLIS: Final = (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
# Others may write anything into a server's queues: neither the log nor memory grows with it.
_REFUSALS_LOGGED: Final = 100
_SHOWN: Final = 200
_LOGGED_HERE: Final = frozenset(
    (
        "Failed to process message %s with unhandled exception.",
        "Message %s was skipped.",
        "Message %r has exceeded its age limit.",
        "Received message for undefined actor %r. Moving it to the DLQ.",
        "Encountered exception while closing Connection.",
        "Encountered exception while closing Channel.",
        "Failed to wait for all callbacks to complete.  This can happen when the RabbitMQ server "
        "is suddenly restarted.",
    )
)
"""Dramatiq's own lines (2.2.1) about what is logged here, or is no news while a server is away;
most of them with a traceback.
"""
_AWAY: Final = "Consumer encountered a connection error: %s"
# Each of a worker's consumers finds the server away every few seconds; none of them tells when it
# is back, which the enqueuer's line does.
_AWAY_SECONDS: Final = 60.0
"""Without such a line the next one is of another outage."""


class Reporting(Middleware):
    """registry: the counters, under the names that Dramatiq's own Prometheus middleware gives them
    (which would open a port of its own).
    """

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        # What they were about is found again by sweeps and schedulers.
        self._outage = Outage(log, "messages fail, the database is away", SETTLE_SECONDS)
        self._messages = Counter(
            "dramatiq_messages", "Messages processed.", _LABELS, registry=registry
        )
        self._errors = Counter(
            "dramatiq_message_errors", "Messages whose actor failed.", _LABELS, registry=registry
        )
        self._rejects = Counter(
            "dramatiq_message_rejects",
            "Messages refused: too old, of no actor of ours, or with other arguments.",
            _LABELS,
            registry=registry,
        )
        self._durations = Histogram(
            "dramatiq_message_duration_milliseconds",
            "Time that messages took.",
            _LABELS,
            buckets=_MILLIS,
            registry=registry,
        )
        self._began: dict[str, float] = {}
        self._refusals: set[tuple[str, str]] = set()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        self._began[message.message_id] = perf_counter()
        try:
            _signature(broker.get_actor(message.actor_name).fn).bind(
                *message.args, **message.kwargs
            )
        # Before the actor runs: an older version's or another program's arguments are one line
        # in the log, not a traceback.
        except TypeError as error:
            self._refuse(message, f"{message.actor_name} takes other arguments: {error}")
            raise SkipMessage from None

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any = None,
        exception: BaseException | None = None,
    ) -> None:
        labels = (_queue_of(message), message.actor_name)
        self._durations.labels(*labels).observe(
            (perf_counter() - self._began.pop(message.message_id, perf_counter())) * 1_000
        )
        self._messages.labels(*labels).inc()
        if isinstance(exception, NotUnderstood):
            self._refuse(message, f"{message.actor_name} {exception.message}")
        elif exception is not None:
            self._errors.labels(*labels).inc()
            if isinstance(exception, (*FAULTS, Unavailable)):
                self._outage.away(exception)
            else:
                _log_failure(message, exception)
        else:
            self._outage.back()

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        self._began.pop(message.message_id, None)

    def after_nack(self, broker: Broker, message: MessageProxy) -> None:
        # Another program's names must not make time series without end.
        is_known = message.actor_name in broker.actors
        self._rejects.labels(
            _queue_of(message), message.actor_name if is_known else "unknown"
        ).inc()
        if message.actor_name == UNREADABLE:
            self._log_refusal(UNREADABLE, "it is not a message")
        elif not is_known:
            self._log_refusal(
                message.actor_name, f"there is no actor {message.actor_name[:_SHOWN]!r}"
            )

    def _refuse(self, message: MessageProxy, reason: str) -> None:
        message.fail()
        self._log_refusal(message.actor_name, reason)

    def _log_refusal(self, actor_name: str, reason: str) -> None:
        """Once for each actor and kind of reason, at most so many."""
        kind = (actor_name, reason[:40])
        if kind not in self._refusals and len(self._refusals) < _REFUSALS_LOGGED:
            self._refusals.add(kind)
            log.error("message refused (logged once): %s", reason[: 2 * _SHOWN])


def _queue_of(message: MessageProxy) -> str:
    """The name of one of our queues: a message says its own, which may be anything."""
    return message.queue_name if message.queue_name in _QUEUES else "unknown"


def _log_failure(message: MessageProxy, error: BaseException) -> None:
    # what follows the ids may be an address
    ids = repr(message.args[0])[:_SHOWN] if message.args else ""
    if isinstance(error, HooklineError):
        log.warning(
            "%s failed, what it was about is found again: %r",
            message.actor_name,
            error,
            extra={"ids": ids},
        )
    else:
        log.error("%s failed: %r", message.actor_name, error, extra={"ids": ids}, exc_info=error)


@lru_cache
def _signature(actor: Callable[..., object]) -> inspect.Signature:
    return inspect.signature(actor)


def silence_duplicate_logs() -> None:
    """Keeps from the log what Dramatiq writes about failed, skipped and refused messages, which the
    middleware logs once, and logs a server that is away once, not each time that one of the queues
    finds it away.
    """
    quieter = _Quieter()
    consumers = [f"dramatiq.worker.ConsumerThread({name})" for name in _QUEUES]
    rabbitmq = ("dramatiq.broker.BoundedRabbitmqBroker", "dramatiq.brokers.rabbitmq._Consumer")
    for name in (
        "dramatiq.worker.WorkerThread",
        "dramatiq.middleware.age_limit.AgeLimit",
        *rabbitmq,
        *consumers,
    ):
        logger = logging.getLogger(name)
        # Set, not added: an embedded worker that is opened again in one process would pile them up.
        logger.filters[:] = [quieter]


class _Quieter(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._away_at = -inf

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg != _AWAY:
            return record.msg not in _LOGGED_HERE
        before, self._away_at = self._away_at, perf_counter()
        if self._away_at - before < _AWAY_SECONDS:
            return False
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
