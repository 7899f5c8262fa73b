"""Every test ends, and so does everything that it started."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.processes import PROJECT
from tests.waiting import bounded, eventually

LEAVES_A_SERVER = """
import os, signal, subprocess, sys
from pathlib import Path
from tests.leftovers import forget_group, watch_folder, watch_group

def started():
    files = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(["sleep", "600"], start_new_session=True, **files)

(folder := Path(sys.argv[1])).mkdir()
(folder / "data").write_text("kept by the server")
watch_folder(folder)
ended, left = started(), started()
watch_group(ended.pid)
watch_group(left.pid)
forget_group(ended.pid)
print(ended.pid, left.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

SLOW_FIXTURE = """
import time
import pytest

@pytest.fixture(scope="{scope}")
def server():
    time.sleep(5)

def test_it(server):
    pass
"""


async def test_an_asynchronous_test_that_hangs_ends_with_its_place() -> None:
    async def hangs() -> None:
        await asyncio.sleep(600)

    with pytest.raises(TimeoutError):
        await bounded(0.01, hangs)()


async def test_asynchronous_tests_are_bounded(request: pytest.FixtureRequest) -> None:
    assert request.node.obj.__wrapped__.__name__ == request.node.name


@pytest.mark.parametrize(("scope", "code"), [("module", 0), ("session", 0), ("function", 1)])
def test_only_what_one_test_needs_is_under_its_clock(tmp_path: Path, scope: str, code: int) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.fixture_clock import pytest_fixture_setup, pytest_timeout_set_timer\n"
    )
    (tmp_path / "test_slow.py").write_text(SLOW_FIXTURE.format(scope=scope))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:randomly", "-o", "timeout=4", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (run.returncode, "Timeout" in run.stdout + run.stderr) == (code, bool(code)), run.stdout


async def test_what_a_killed_run_started_is_ended(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    run = subprocess.run(
        [sys.executable, "-c", LEAVES_A_SERVER, str(folder)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    ended, left = map(int, run.stdout.split())
    assert run.returncode == -signal.SIGKILL

    await eventually(lambda: not folder.exists())
    # a killed process is there until the kernel has taken it down
    await eventually(lambda: not is_running(left))
    assert is_running(ended)
    psutil.Process(ended).kill()


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
