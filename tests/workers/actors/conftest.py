"""Brokers and databases that the actors are tried on: both databases, and what a broker could do
differently on each broker.
"""

import pytest

SERVERS = {"redis": "valkey_server", "amqp": "rabbitmq_server"}


@pytest.fixture(params=["memory-sqlite", "redis-postgres"])
def shape(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A broker and a database that go together: SQLite's worker is embedded, and enqueues to
    itself. RabbitMQ carries the messages of every actor (`on_every_broker`, `once_and_again`); what
    an actor makes of its rows is the same behind either server.
    """
    broker, database = request.param.split("-")
    return broker, database


@pytest.fixture
def url(request: pytest.FixtureRequest, shape: tuple[str, str]) -> str:
    """Of a broker whose queues are empty."""
    if shape[0] == "memory":
        return "memory://"
    server = request.getfixturevalue(SERVERS[shape[0]])
    server.empty()
    return str(server.url)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, shape: tuple[str, str]) -> str:
    return str(request.getfixturevalue(f"{shape[1]}_database"))
