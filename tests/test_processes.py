"""Processes that are forked from one which has imported everything end, fail and are replaced as
those of an interpreter of their own.
"""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.processes import kill_group, run_python, start_python

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module that the processes of a test find in their folder."""
    return tmp_path / "tried.py"


def run(module: Path, *arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    return run_python(
        "tried",
        *arguments,
        folder=module.parent,
        environment=ENVIRONMENT,
        text=text,
    )


def test_a_module_has_its_arguments_input_and_environment_and_nothing_else(module: Path) -> None:
    module.write_text(
        "import os, sys\n"
        "print(sys.argv[1:], sys.stdin.read(), sorted(os.environ), os.getcwd(), __name__)\n"
        "print('told', file=sys.stderr)\n"
        "sys.exit(3)\n"
    )

    done = run(module, "a", "b", text="given")

    assert (done.returncode, done.stderr) == (3, "told\n")
    assert done.stdout == f"['a', 'b'] given ['PATH'] {module.parent} __main__\n"


def test_an_exception_is_a_traceback_and_exit_code_1(module: Path) -> None:
    module.write_text("raise ValueError('unforeseen')")

    done = run(module)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith("ValueError: unforeseen\n")


def test_its_threads_and_functions_of_its_end_are_run_before_it_ends(module: Path) -> None:
    module.write_text(
        "import atexit, sys, threading\n"
        "print('begun')\n"
        "atexit.register(print, 'at the end')\n"
        "held = threading.Event()\n"
        "threading.Thread(target=lambda: (held.wait(10), print('thread'))).start()\n"
        "threading.Thread(target=held.set).start()\n"
        "sys.exit(4)\n"
    )

    done = run(module)

    assert (done.returncode, done.stdout) == (4, "begun\nthread\nat the end\n")


def test_an_exit_with_a_text_says_it(module: Path) -> None:
    module.write_text("import sys; sys.exit('no such file')")

    done = run(module)

    assert (done.returncode, done.stderr) == (1, "no such file\n")


def test_a_process_that_replaces_itself_keeps_its_id(module: Path) -> None:
    module.write_text(
        "import os, sys\n"
        "if sys.argv[1:] == ['again']:\n"
        "    sys.exit(0 if os.environ['FIRST'] == str(os.getpid()) else 1)\n"
        "os.environ['FIRST'] = str(os.getpid())\n"
        "try:\n"
        "    os.execv(sys.executable, [sys.executable, '-m', 'tried', 'again'])\n"
        "except Exception:\n"
        "    sys.exit(2)\n"
    )

    assert run(module).returncode == 0


def test_a_killed_one_ends_with_its_signal_and_takes_its_group_along(tmp_path: Path) -> None:
    process = start_python("http.server", "0", folder=tmp_path, environment={}, output=2)
    assert os.getpgid(process.pid) == process.pid != os.getpgid(0)

    kill_group(process)

    assert process.poll() == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_one_that_goes_on_is_waited_for_in_vain(tmp_path: Path) -> None:
    process = start_python("http.server", "0", folder=tmp_path, environment={}, output=2)
    try:
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
    finally:
        kill_group(process)
