"""The process behind `tests/processes.py`: imports everything once, then becomes by fork whatever
Python module a process of the run asks for. `python -m tests.forker LISTENER LIFE`, both sockets;
it ends when the other end of LIFE is closed. With places of tests behind these it imports the tests
there, and becomes a process that runs them.
"""

import atexit
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

NUMBER_BYTES = 8
"""Of a reply: the process id, then the exit code."""
REQUEST_BYTES = 131_072
_LEFT_OUT = ("workers.main",)
"""It reads the settings when it is imported."""
_GIVEN_CODE = ["-u", "-c"]
"""The beginning of what execnet starts a process of pytest-xdist with."""
_MORE = (
    "api.app",
    "api.lifespan",
    # httpx imports the rest of itself with the first client: 40 of a command's 70 ms (2026-11)
    "click._textwrap",
    "dramatiq.cli",
    "encodings.ascii",
    "encodings.idna",
    "hookline_client.outbox.command",
    "hookline_client.outbox.database",
    "hookline_client.outbox.relay",
    "httpcore",
    "psycopg",
    "tests.conftest",
    "tests.working",
    "uvicorn.lifespan.off",
)


class _Exec(BaseException):
    """The process asked to be replaced by another Python module."""


def number(value: int) -> bytes:
    return value.to_bytes(NUMBER_BYTES, "big", signed=True)


def _import_everything() -> None:
    import hookline
    import workers

    for package in (hookline, workers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not (module.name in _LEFT_OUT or module.name.endswith("__main__")):
                import_module(module.name)
    for name in _MORE:
        import_module(name)
    # The first one resolves every type, which takes a server half of its start; it is made anew.
    import_module("api.schema").make_schema()


class _Forks:
    """The processes that were asked for. One that asks late holds up nobody else, and the exit code
    of each goes to who asked. Each fork copies the tables of all that was imported, 15 ms of CPU
    with its end: so there is no other one that waits for it.
    """

    def __init__(self, listener: socket.socket, life: socket.socket) -> None:
        self._listener, self._life = listener, life
        self._asking = set[socket.socket]()
        self._replies = dict[int, int]()
        """Of each running process, by its id."""
        # A byte arrives with each SIGCHLD, which needs a handler for that.
        self._ends, self._noted = socket.socketpair()
        self._noted.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._noted.fileno(), warn_on_full_buffer=False)

    def serve(self) -> list[str] | None:
        """Returns the module and its arguments in each process that is to become one, None when
        the tests are over.
        """
        while True:
            waiting = [self._listener, self._life, self._ends, *self._asking]
            ready, _, _ = select.select(waiting, [], [])
            if self._life in ready:
                return None
            if self._ends in ready:
                self._ends.recv(REQUEST_BYTES)
                self._tell_ends()
            if self._listener in ready:
                self._asking.add(self._listener.accept()[0])
            for one in self._asking.intersection(ready):
                if command := self._begin(one):
                    return command

    def _begin(self, asking: socket.socket) -> list[str] | None:
        """Forks. Returns in the new process; None in this one."""
        content, files, _, _ = socket.recv_fds(asking, REQUEST_BYTES, 4)
        self._asking.discard(asking)
        asking.close()
        if not content:
            return None
        replies = files.pop()
        if (pid := os.fork()) == 0:
            self._let_go()
            return _prepare(json.loads(content), files, replies)
        # Who reads what the process writes must not wait for this one.
        for file in files:
            os.close(file)
        self._replies[pid] = replies
        return None

    def _tell_ends(self) -> None:
        with suppress(ChildProcessError):  # none is left
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                replies = self._replies.pop(ended[0])
                # Nobody may be left to read it.
                with suppress(BrokenPipeError):
                    os.write(replies, number(os.waitstatus_to_exitcode(ended[1])))
                os.close(replies)

    def _let_go(self) -> None:
        """Closes in a new process what is of this one alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for one in (self._listener, self._life, self._ends, self._noted, *self._asking):
            one.close()
        for replies in self._replies.values():
            os.close(replies)


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
    global _code
    while True:
        try:
            _become(command)
            _code = 0
            return
        except _Exec as replaced:
            command = replaced.args[0]
        except SystemExit as end:
            if end.code is None or isinstance(end.code, int):
                _code = end.code or 0
            raise


def _become(command: Sequence[str]) -> None:
    if command[:2] != _GIVEN_CODE:
        sys.argv = list(command)
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
        return
    sys.argv = ["-c", *command[3:]]
    exec(command[2], {"__name__": "__main__"})


def _leave() -> None:
    """Ends a process that has its exit code, after all other functions of its end. The interpreter
    would take every module apart, which copies the pages: two thirds of a command (2026-11).
    """
    if _code is not None:
        with suppress(OSError, ValueError):  # the interpreter's own end tells of them
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(_code)


def _exec(path: str, arguments: Sequence[str]) -> NoReturn:
    assert path == sys.executable
    assert arguments[1] == "-m"
    raise _Exec(arguments[2:])


def _main(listener_number: str, life_number: str, *places: str) -> None:
    listener, life = (socket.socket(fileno=int(n)) for n in (listener_number, life_number))
    atexit.register(_leave)  # the first one is called last
    is_ready = import_module("tests.collected").import_tests(places) if places else True
    if not places:
        _import_everything()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page
    if command := _Forks(listener, life).serve():
        if not is_ready:
            os.execv(sys.executable, [sys.executable, *command])
        _run(command)


_code: int | None = None
"""Of a process that ended by itself; None for an error, which the interpreter tells."""

if __name__ == "__main__":
    _main(*sys.argv[1:])
