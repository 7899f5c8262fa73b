"""Imports the modules of tests once for all processes of pytest-xdist, which are forked from the
one that did (`tests/forker.py`): each took 5.5 s of CPU to its first test, 4 of these for imports
(2026-11).
"""

from collections.abc import Sequence

import pytest


class _Modules:
    """A plugin of pytest that imports the modules and makes no test of them."""

    failed = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self) -> list[pytest.Item]:
        return []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.failed = self.failed or report.failed


def import_tests(places: Sequence[str]) -> bool:
    """Imports what is at these places, as pytest does. False when something can't be imported: then
    no process may find it half imported.
    """
    modules = _Modules()
    code = pytest.main(["--collect-only", "-qq", "--capture=no", *places], [modules])
    passing = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return code in passing and not modules.failed
