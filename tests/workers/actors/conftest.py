"""Brokers and databases that the actors are tried on: each broker, and both databases."""

import pytest

SERVERS = {"redis": "valkey_server", "amqp": "rabbitmq_server"}


@pytest.fixture(params=["memory-sqlite", "redis-postgres", "amqp-postgres"])
def shape(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A broker and a database that go together: SQLite's worker is embedded, and enqueues to
    itself.
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
