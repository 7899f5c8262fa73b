"""The broker behind HOOKLINE_BROKER_URL, as Dramatiq knows it. Called by the API's lifespan, the
workers and `hookline doctor`.

Its calls block, for seconds when a server hangs: only threads of their own may make them.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from dramatiq import set_encoder
from dramatiq.middleware import Middleware

from hookline.errors import Misconfigured, Unavailable
from hookline.messaging.memory_broker import InProcessBroker, WorkerBroker
from hookline.messaging.messages import BACKGROUND, DELIVERIES, CheckedEncoder
from hookline.text import mask_url


class _Driver(NamedTuple):
    name: str
    open: Callable[[str, Sequence[Middleware]], WorkerBroker]
    faults: tuple[type[Exception], ...]
    """Raised by `open` and by the broker when the server is away."""


def open_broker(url: str, middleware: Sequence[Middleware] = ()) -> WorkerBroker:
    """Returns the broker once its server has answered. middleware: all of it, Dramatiq's own
    defaults left out.

    Raises Unavailable when the server does not answer, Misconfigured when it refuses us or may
    throw messages away: with what to do.
    """
    # Before any queue is read: Dramatiq has one encoder for the process.
    set_encoder(CheckedEncoder())
    broker = _open(url, middleware)
    for name in (DELIVERIES, BACKGROUND):
        broker.declare_queue(name)
    return broker


def _open(url: str, middleware: Sequence[Middleware]) -> WorkerBroker:
    scheme = urlsplit(url).scheme
    if scheme == "memory":
        return InProcessBroker(list(middleware))
    driver = _driver(scheme)
    try:
        return driver.open(url, middleware)
    except driver.faults as error:
        raise Unavailable(
            f"{driver.name} at {mask_url(url)} does not answer ({type(error).__name__}). Start it, "
            "or correct HOOKLINE_BROKER_URL; with memory:// the database alone carries everything."
        ) from error
    # The drivers' URL parsers raise these.
    except (ValueError, TypeError) as error:
        raise Misconfigured(
            f"HOOKLINE_BROKER_URL {mask_url(url)}: a parameter after the ? is not valid. Correct "
            "it, or leave it out."
        ) from error


def _driver(scheme: str) -> _Driver:
    # Redis's library takes 8.5 MB and pika 2: a process imports the one that it needs, or none.
    if scheme in ("redis", "rediss"):
        from hookline.messaging import redis_broker

        return _Driver("Redis", redis_broker.open_redis, redis_broker.FAULTS)
    from hookline.messaging import rabbitmq_broker

    return _Driver("RabbitMQ", rabbitmq_broker.open_rabbitmq, rabbitmq_broker.FAULTS)
