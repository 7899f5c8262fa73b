"""`hookline` commands in processes of their own, forked from one that has imported everything: an
interpreter that begins anew spends 0.9 s of CPU on that (2026-11), for hundreds of commands.

Long-running ones (`serve`, `worker`, `dev`) are started as people do it, by the tests themselves.
"""

import contextlib
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

PROJECT = Path(__file__).parents[1]
_REQUEST_BYTES = 131_072
_LIMIT_SECONDS = 120


def run_hookline(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], text: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Runs `python -m hookline` to its end, with nothing but this environment. text: its input.

    Raises TimeoutExpired after two minutes.
    """
    command = ["hookline", *arguments]
    with contextlib.ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        given.write(text)
        given.seek(0)
        code = _forker().run(
            {"argv": command, "folder": str(folder), "environment": dict(environment)},
            [given.fileno(), out.fileno(), err.fileno()],
        )
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, code, out.read(), err.read())


def end_forker() -> None:
    """Ends the process behind `run_hookline`, if there is one. The next command starts another."""
    global _started
    with _starting:
        if _started:
            _started.close()
        _started = None


class _Forker:
    """The process that forks. It ends when its socket is closed."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.commands", str(theirs.fileno())],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def close(self) -> None:
        self._socket.close()
        self._process.wait(_LIMIT_SECONDS)

    def run(self, request: Mapping[str, object], files: list[int]) -> int:
        """The exit code, negative for a signal."""
        reading, writing = os.pipe()
        with open(reading, "rb", buffering=0) as replies:
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], [*files, writing])
            finally:
                os.close(writing)
            pid = int(_line(replies.fileno(), request))
            try:
                return int(_line(replies.fileno(), request))
            except subprocess.TimeoutExpired:
                os.kill(pid, signal.SIGKILL)
                raise


_started: _Forker | None = None
_starting = threading.Lock()


def _forker() -> _Forker:
    global _started
    with _starting:
        _started = _started or _Forker()
        return _started


def _line(file: int, request: Mapping[str, object]) -> bytes:
    """Reads one line from a pipe, by a single read: lines are short, so they come whole."""
    ready, _, _ = select.select([file], [], [], _LIMIT_SECONDS)
    if not ready:
        raise subprocess.TimeoutExpired(str(request["argv"]), _LIMIT_SECONDS)
    return os.read(file, 16)


def _import_everything() -> None:
    import hookline

    for module in pkgutil.walk_packages(hookline.__path__, "hookline."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            import_module(module.name)
    import_module("api.app")


def _wait_for_a_command(requests: socket.socket) -> bool:
    """Returns True in each process that is to become a command, False when the tests are over."""
    while True:
        content, files, _, _ = socket.recv_fds(requests, _REQUEST_BYTES, 4)
        if not content:
            return False
        if os.fork() == 0:
            requests.close()
            _keep(files.pop())
            _become(json.loads(content), files)
            return True
        for file in files:
            os.close(file)


def _keep(replies: int) -> None:
    """Forks. Returns in the command's process; its parent, this one, reports pid and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if (pid := os.fork()) == 0:
        os.close(replies)
        return
    os.write(replies, b"%d" % pid)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(replies, b"%d" % code)
    os._exit(0)


def _become(request: dict[str, object], files: list[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(str(request["folder"]))
    environment, argv = request["environment"], request["argv"]
    assert isinstance(environment, dict)
    assert isinstance(argv, list)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = argv


def _main() -> None:
    _import_everything()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    if _wait_for_a_command(socket.socket(fileno=int(sys.argv[1]))):
        runpy.run_module("hookline", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
