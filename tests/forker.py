"""The process behind `tests/processes.py`: imports everything once, then becomes by fork whatever
Python module it is asked for. `python -m tests.forker SOCKET`; it ends when its socket is closed.
"""

import gc
import json
import os
import pkgutil
import runpy
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

NUMBER_BYTES = 8
"""Of a reply: the process id, then the exit code."""
REQUEST_BYTES = 131_072
_LEFT_OUT = ("workers.main",)
"""It reads the settings when it is imported."""
_MORE = ("api.app", "dramatiq.cli", "tests.conftest", "tests.working")


class _Exec(BaseException):
    """The process asked to be replaced by another Python module."""


def number(value: int) -> bytes:
    return value.to_bytes(NUMBER_BYTES, "big", signed=True)


def _import_everything() -> None:
    import hookline
    import workers

    for package in (hookline, workers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not (
                module.name in _LEFT_OUT
                or module.name.endswith("__main__")
                or ".migrations." in module.name
            ):
                import_module(module.name)
    for name in _MORE:
        import_module(name)
    # The first one resolves every type, which takes a server half of its start; it is made anew.
    import_module("api.schema").make_schema()


def _wait_for_a_request(requests: socket.socket) -> list[str] | None:
    """Returns the module and its arguments in each process that is to become one, None when the
    tests are over.
    """
    while True:
        content, files, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 4)
        if not content:
            return None
        if os.fork() == 0:
            requests.close()
            replies = files.pop()
            _keep(files, replies)
            return _prepare(json.loads(content), files, replies)
        for file in files:
            os.close(file)


def _keep(files: Sequence[int], replies: int) -> None:
    """Forks. Returns in the process that was asked for; its parent, this one, reports its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (pid := os.fork()) == 0:
        return
    # who reads what the process writes must not wait for this one
    for file in (0, 1, 2, *files):
        os.close(file)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(replies, number(code))
    os._exit(0)


def _prepare(request: dict[str, object], files: Sequence[int], replies: int) -> list[str]:
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    os.chdir(folder := str(request["folder"]))
    sys.path.insert(0, folder)  # as -m has it
    environment, command = request["environment"], request["command"]
    assert isinstance(environment, dict)
    assert isinstance(command, list)
    os.environ.clear()
    os.environ.update(environment)
    os.setsid()
    # now: whoever knows the id may end the group at once
    os.write(replies, number(os.getpid()))
    os.close(replies)
    return command


def _run(command: Sequence[str]) -> None:
    """As `python -m` does. A process that replaces itself by a Python module goes on as that one:
    the new interpreter would import all of it again.
    """
    os.execv = _exec  # type: ignore[assignment]  # the product gives strings
    while True:
        sys.argv = list(command)
        try:
            runpy.run_module(command[0], run_name="__main__", alter_sys=True)
            return
        except _Exec as replaced:
            command = replaced.args[0]


def _exec(path: str, arguments: Sequence[str]) -> NoReturn:
    assert path == sys.executable
    assert arguments[1] == "-m"
    raise _Exec(arguments[2:])


def _main() -> None:
    _import_everything()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    if command := _wait_for_a_request(socket.socket(fileno=int(sys.argv[1]))):
        _run(command)


if __name__ == "__main__":
    _main()
