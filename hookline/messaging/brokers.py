"""The broker behind HOOKLINE_BROKER_URL, as Dramatiq knows it. Called by the API's lifespan, the
workers and `hookline doctor`.

Its calls block, for seconds when a server hangs: only threads of their own may make them.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import redis
from dramatiq import set_encoder
from dramatiq.middleware import Middleware

from hookline.errors import Misconfigured, Unavailable
from hookline.messaging import rabbitmq_broker
from hookline.messaging.memory_broker import InProcessBroker, WorkerBroker
from hookline.messaging.messages import BACKGROUND, DELIVERIES, CheckedEncoder
from hookline.messaging.rabbitmq_broker import open_rabbitmq
from hookline.messaging.redis_broker import open_redis
from hookline.text import mask_url

FAULTS = (*rabbitmq_broker.FAULTS, redis.RedisError)
"""Exceptions of a broker that is away."""


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
    is_redis = scheme in ("redis", "rediss")
    try:
        return open_redis(url, middleware) if is_redis else open_rabbitmq(url, middleware)
    except FAULTS as error:
        name = "Redis" if is_redis else "RabbitMQ"
        raise Unavailable(
            f"{name} at {mask_url(url)} does not answer ({type(error).__name__}). Start it, or "
            "correct HOOKLINE_BROKER_URL; "
            "with memory:// the database alone carries everything."
        ) from error
    # The drivers' URL parsers raise these.
    except (ValueError, TypeError) as error:
        raise Misconfigured(
            f"HOOKLINE_BROKER_URL {mask_url(url)}: a parameter after the ? is not valid. Correct "
            "it, or leave it out."
        ) from error
