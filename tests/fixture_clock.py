"""The clock of pytest-timeout stands still while fixtures are made that many tests share: on a slow
machine a server takes minutes to start, and has its own limit. Hooks of pytest, for conftest.py.
"""

from collections.abc import Generator
from typing import Any

import pytest

_CLOCK = pytest.StashKey[tuple[pytest.Item, Any]]()  # Any: settings of pytest-timeout


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """Keeps the test that is bounded now; the plugin's own hook sets the clock."""
    item.config.stash[_CLOCK] = (item, settings)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    """Afterwards the test has its whole time again."""
    clock = request.config.stash.get(_CLOCK, None)
    if clock is None or fixturedef.scope == "function":
        return (yield)
    item, settings = clock
    hooks = item.config.hook
    hooks.pytest_timeout_cancel_timer(item=item)
    try:
        return (yield)
    finally:
        hooks.pytest_timeout_set_timer(item=item, settings=settings)
