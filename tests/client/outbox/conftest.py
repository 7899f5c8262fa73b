"""Shops on both databases, made by the statements that the command prints."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline_client import outbox
from tests.client.outbox.shop import Shop
from tests.databases import Databases
from tests.flows.installation import Installation


@pytest.fixture
def sqlite_shop_url(tmp_path: Path) -> str:
    path = tmp_path / "shop.db"
    sqlite3.connect(path).close()
    path.touch()
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_shop_url(databases: Databases) -> Iterator[str]:
    with databases.made("template1") as url:
        yield url.replace("postgres://", "postgresql://")


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, server: Installation, token: str, tmp_path: Path) -> Shop:
    url: str = request.getfixturevalue(f"{request.param}_shop_url")
    made = Shop(url, tmp_path, server.url, token)
    with made.transaction() as connection:
        for statement in outbox.statements(request.param):
            connection.execute(statement)
        connection.execute("create table orders (number integer primary key)")
    return made
