"""Brokers to try: shared ones that nobody harms, and some of one's own that may be harmed."""

import gc
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import MessageServer, RabbitMQ, Valkey, rabbitmq


@pytest.fixture(scope="module", autouse=True)
def nothing_else_to_collect() -> None:
    """Keeps what other tests of the process left out of the collections below: each one took 0.4 s
    of CPU (2026-11).
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def ended_threads() -> Iterator[None]:
    """They end by themselves, later than the test that a broker hangs for. pika leaves the sockets
    of connections that broke to the garbage collector (1.4.4): here, where they were broken, nobody
    is warned of them.
    """
    yield
    for thread in threading.enumerate():
        if thread.name in ("enqueuer", "closing") or type(thread).__module__ == "dramatiq.worker":
            thread.join(30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(params=["memory", "redis", "amqp"])
def url(request: pytest.FixtureRequest) -> str:
    """Of a broker that nobody harms."""
    return "memory://" if request.param == "memory" else shared_server(request)


@pytest.fixture(params=["redis", "amqp"])
def server_url(request: pytest.FixtureRequest) -> str:
    """Of a broker outside this process that nobody harms."""
    return shared_server(request)


def shared_server(request: pytest.FixtureRequest) -> str:
    server = request.getfixturevalue(
        {"redis": "valkey_server", "amqp": "rabbitmq_server"}[request.param]
    )
    server.empty()
    return str(server.url)


@pytest.fixture(scope="module")
def harmed_rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """A node that one test after the other may harm: starting one takes 4 s of CPU (2026-11). It
    runs from the first `revive` on.
    """
    server = rabbitmq(tmp_path_factory.mktemp("rabbitmq"))
    yield server
    server.kill()


@pytest.fixture
def own_rabbitmq(harmed_rabbitmq: RabbitMQ) -> RabbitMQ:
    """As new, and for this test alone."""
    harmed_rabbitmq.revive()
    return harmed_rabbitmq


@pytest.fixture(params=["redis", "amqp"])
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MessageServer]:
    """One that may be killed, frozen and emptied."""
    if request.param == "redis":
        with Valkey(tmp_path) as server:
            yield server
    else:
        yield request.getfixturevalue("own_rabbitmq")
