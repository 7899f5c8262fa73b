"""Fixtures of every test: a database of its own on SQLite or PostgreSQL, settings and a runtime
over it.
"""

import asyncio
import gc
import os
import shutil
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from functools import cache
from inspect import iscoroutinefunction
from ipaddress import ip_network
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from hookline.db.migrate import migrate
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.settings.fields import Settings, read_settings
from hookline.wiring import open_runtime
from tests.authorities import one_authority
from tests.built_pages import build_console
from tests.databases import Databases
from tests.fixture_clock import (
    pytest_fixture_setup as pytest_fixture_setup,
)
from tests.fixture_clock import (
    pytest_timeout_set_timer as pytest_timeout_set_timer,
)
from tests.kept_models import keep_models
from tests.leftovers import end_watcher
from tests.loop_stalls import watched_loop
from tests.memory import short_root, use_memory
from tests.postgresql import PostgreSQL, share_clusters
from tests.processes import end_forker, forked_tests, forker_address, use_forker
from tests.servers import Valkey, need_rabbitmq
from tests.sharing import Lender, VirtualHost, borrow
from tests.waiting import bounded

# A run that was started in the background of a shell has interrupts ignored, and so would all that
# it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

WORKSPACE = UUID("01900000-0000-7000-8000-000000000001")
"""The workspace that the first migration makes."""
_OF_THE_LIMIT = 0.8
"""The rest is for the test's own fixtures, which the plugin's clock covers too."""
_WAITING = 5
_WAIT = (
    "chaos/test_chaos",
    "flows/test_database_away",
    "workers/brokers/test_broker_faults",
    "flows/",
    "client/",
    "workers/brokers/",
    "workers/",
    "hookline/messaging/",
)
_LONG = (
    "api/test_",
    "api/schema/test_sizes",
    "docs/test_publish_page",
    "docs/test_steps",
    "hookline/cli/test_",
    "hookline/events/test_schema_prices",
    "hookline/outbound/test_rendering",
    "hookline/sync/pull/",
    "hookline/notifications/",
)
_BROWSER = "browser/"
_ON_ENGINES = {"database_url", "shared_installation"}
TESTS = Path(__file__).parent
LOOPBACK = AddressPolicy(
    (ip_network("127.0.0.0/8"), ip_network("::1/128")), frozenset({"localhost"})
)


def pytest_xdist_auto_num_workers() -> int:
    """Processes for `-n auto`: the longest tests wait for servers, not for a core. With six more
    than cores a slow machine missed what a test waits for within its limits; with five none did at
    half the speed of two cores (2026-11).
    """
    return (os.cpu_count() or 1) + _WAITING


class _FilesOrBrowser(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out whole files, and those of the browser as one: a second browser beside the first
    costs 14 s of CPU (2026-11).
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return _BROWSER if f"/{_BROWSER}" in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _FilesOrBrowser(config, log)


# After pytest-randomly: inside of a folder the order stays random.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:] = _mixed(items)
    usual = float(config.getini("timeout"))
    for item in items:
        if isinstance(item, pytest.Function):
            _bound(item, usual)


def _mixed(items: list[pytest.Item]) -> list[pytest.Item]:
    """Orders whole files, as the processes take them, so that what a file shares is made once.
    Those that need a core come between those that wait for servers, as many each time, so that
    both are in use to the end; the long ones come first, so that the last ones end together.
    """
    files = dict[Path, list[pytest.Item]]()
    for item in items:
        files.setdefault(item.path, []).append(item)
    ranks = {path: _rank(path, _WAIT) for path in files}
    waiting = sorted((path for path in files if ranks[path] < len(_WAIT)), key=ranks.__getitem__)
    browsers = [path for path in files if _rank(path, [_BROWSER]) == 0]
    others = [path for path in files if ranks[path] == len(_WAIT) and path not in browsers]
    share = len(others) // max(1, len(waiting))
    rest = iter(sorted(others, key=lambda path: _rank(path, _LONG)))
    order = [*browsers, *(path for one in waiting for path in (one, *islice(rest, share)))]
    return [item for path in (*order, *rest) for item in sorted(files[path], key=_is_last)]


def _is_last(item: pytest.Item) -> bool:
    return item.get_closest_marker("last") is not None


def _rank(path: Path, beginnings: Sequence[str]) -> int:
    """Returns the place of a file's beginning, and the last one when it has none of them."""
    name = path.relative_to(TESTS).as_posix()
    return next((n for n, one in enumerate(beginnings) if name.startswith(one)), len(beginnings))


def _bound(item: pytest.Function, usual_seconds: float) -> None:
    """Bounds an asynchronous test from inside of its loop: the alarm of pytest-timeout raises
    there, and uvloop 0.23 drops that. The plugin's own thread is for whatever hangs elsewhere; it
    ends the whole process.
    """
    if iscoroutinefunction(item.obj):
        marker = item.get_closest_marker("timeout")
        limit = float(marker.args[0]) if marker else usual_seconds
        item.obj = bounded(limit * _OF_THE_LIMIT, item.obj)


def pytest_sessionstart() -> None:
    keep_models()
    gc.disable()  # all that is collected stays: a tenth of the time goes into looking through it


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()  # else each later collection looks through modules and 7,000 tests
    gc.set_threshold(20_000)  # 700 make a tenth of a test's CPU


def pytest_configure(config: pytest.Config) -> None:
    stack = ExitStack()
    stack.enter_context(one_authority())
    config.add_cleanup(stack.close)
    # Else an example has 200 ms.
    untimed = hypothesis.settings(deadline=None)
    hypothesis.settings.register_profile("untimed", untimed)
    hypothesis.settings.load_profile("untimed")
    # In reverse, after the cleanups that fixtures add: the watcher removes what they left.
    config.add_cleanup(end_watcher)
    config.add_cleanup(end_forker)
    if hasattr(config, "workerinput"):
        use_forker(config.workerinput["forker"])
        share_clusters(Path(config.workerinput["clusters"]))
    else:
        use_memory()
        config.stash[_CLUSTERS] = stack.enter_context(
            TemporaryDirectory(prefix="hl", dir=short_root())
        )
        share_clusters(Path(config.stash[_CLUSTERS]))


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Databases:
    """PostgreSQL databases, on a server of this run. It goes when the run ends, outside of every
    test's clock.
    """
    stack = ExitStack()
    pytestconfig.add_cleanup(stack.close)
    server = stack.enter_context(PostgreSQL(tmp_path_factory.mktemp("postgresql")))
    return stack.enter_context(Databases(server))


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
def rabbitmq_server(pytestconfig: pytest.Config) -> VirtualHost:
    """A virtual host of the run's RabbitMQ, which all tests of this process share."""
    need_rabbitmq()
    return borrow(lender_address(pytestconfig))


def lender_address(config: pytest.Config) -> str:
    """Returns the lender of this process: the one that handed it its tests, or itself without
    pytest-xdist.
    """
    if hasattr(config, "workerinput"):
        return str(config.workerinput["lender"])
    return _lender(config, 1).address


def _lender(config: pytest.Config, count: int) -> Lender:
    if (lender := config.stash.get(_LENDER, None)) is None:
        lender = config.stash[_LENDER] = Lender(count)
        config.add_cleanup(lender.close)
    return lender


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[Any]) -> None:
    """Has the processes of pytest-xdist forked from one that has imported the tests. Beside it the
    other forker imports what commands need: both cores have work from the beginning.
    """
    forker_address()
    stack = ExitStack()
    python = stack.enter_context(forked_tests(config.args))
    config.add_cleanup(stack.close)
    for spec in specs:
        spec.python = python


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # Any: pytest-xdist exports no type
    """Tells a process of pytest-xdist where it borrows what all share."""
    node.workerinput["lender"] = _lender(node.config, len(node.config.option.tx)).address
    node.workerinput["forker"] = forker_address()
    node.workerinput["clusters"] = node.config.stash[_CLUSTERS]


_LENDER = pytest.StashKey[Lender]()
_CLUSTERS = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def console_pages() -> None:
    """The console, built: its page is served."""
    build_console()


@pytest.fixture
def postgres_database(databases: Databases) -> Iterator[str]:
    """The URL of a migrated, empty database."""
    with databases.lent() as url:
        yield url


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> str:
    """The same on SQLite."""
    path = tmp_path / "hookline.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


# Before pytest reads the marks, by which it leaves the fixture's own parameters out.
@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs a test on its engines. A function's mark goes before that of its module, and what names
    the databases in a table of its own before both.
    """
    test = metafunc.definition
    marker = test.get_closest_marker("engines")
    named = any("database_url" in table.args[0] for table in test.iter_markers("parametrize"))
    for fixture in _ON_ENGINES.intersection(metafunc.fixturenames):
        if marker and not named:
            test.add_marker(pytest.mark.parametrize(fixture, marker.args, indirect=True))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database; each test runs once on each engine, unless it is marked: only what
    sends SQL that no other test sends to PostgreSQL costs a second run (CONTRIBUTING.md).
    """
    return str(request.getfixturevalue(f"{request.param}_database"))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    ours = frozenset(item for item in os.environ.items() if item[0].startswith("HOOKLINE_"))
    return _as_read(ours).model_copy(update={"database_url": database_url, "home": tmp_path})


@cache
def _as_read(environment: frozenset[tuple[str, str]]) -> Settings:
    """Reads the settings once per environment: 2,500 tests want them."""
    return read_settings()


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """A runtime wired over the database, with loopback allowed as a target and no worker."""
    async with open_runtime(settings, LOOPBACK) as opened:
        yield opened


# After the settings, whose database is made in the same thread the first time.
@pytest.fixture
async def unstalled(settings: Settings) -> AsyncIterator[None]:
    """Fails the test where something held its loop."""
    async with watched_loop():
        yield
