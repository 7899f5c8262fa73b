"""Python modules in processes of their own, forked from one that has imported everything: an
interpreter that begins anew spends 0.9 to 1.6 s of CPU on that (2026-11), for hundreds of commands
and dozens of servers and workers. One forks for all processes of a run. A few tests start the real
command, so that the imports of a lone process are seen too.
"""

import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tests.forker import NUMBER_BYTES
from tests.leftovers import forget_group, watch_group

PROJECT = Path(__file__).parents[1]
ASKING = PROJECT / "tests" / "asking_forker.py"
_LIMIT_SECONDS = 120


class Process:
    """A process that leads a group of its own, with what `subprocess.Popen` has: pid, returncode
    and these methods, in any thread.
    """

    def __init__(self, command: list[str], replies: int) -> None:
        self._command, self._replies = command, replies
        self._reading = threading.Lock()
        self.returncode: int | None = None
        if not self._has_reply(_LIMIT_SECONDS):
            raise subprocess.TimeoutExpired(command, _LIMIT_SECONDS)
        self.pid = self._read()
        watch_group(self.pid)

    def __del__(self) -> None:
        # not when it has ended: another thread may wait for it
        os.close(self._replies)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self._has_reply(0):
            with self._reading:
                if self.returncode is None:
                    self.returncode = self._read()
                    forget_group(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._has_reply(timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired(self._command, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _has_reply(self, timeout: float | None) -> bool:
        """True from the first reply that nobody has read, and always after the last one."""
        poll = select.poll()
        poll.register(self._replies, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1_000))

    def _read(self) -> int:
        # written at once, so it is read at once
        content = os.read(self._replies, NUMBER_BYTES)
        if len(content) != NUMBER_BYTES:
            raise RuntimeError(f"{self._command}: the process that forked it has died")
        return int.from_bytes(content, "big", signed=True)


def start_python(
    *command: str,
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    output: IO[Any] | int,
    errors: IO[Any] | int | None = None,
    given: IO[Any] | None = None,
) -> Process:
    """Starts `python -m COMMAND…` with nothing but this environment. output: of standard error too,
    unless there are errors. given: its input.
    """
    return _start(list(command), folder, environment, (given, output, errors or output))


def kill_group(process: "subprocess.Popen[bytes] | Process") -> None:
    """kill -9 of a process that leads a group, and of the group, which may outlive its leader."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    forget_group(process.pid)


def run_hookline(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], text: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Runs `python -m hookline` to its end, with nothing but this environment. text: its input.

    Raises TimeoutExpired after two minutes.
    """
    return run_python("hookline", *arguments, folder=folder, environment=environment, text=text)


def run_python(
    *command: str, folder: Path, environment: Mapping[str, str] = os.environ, text: str = ""
) -> "subprocess.CompletedProcess[str]":
    """The same for `python -m COMMAND…`."""
    with ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        given.write(text)
        given.seek(0)
        process = start_python(
            *command, folder=folder, environment=environment, output=out, errors=err, given=given
        )
        try:
            code = process.wait(_LIMIT_SECONDS)
        finally:
            kill_group(process)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(list(command), code, out.read(), err.read())


def forker_address() -> str:
    """Returns the socket of the process that forks, which is started if there is none."""
    global _started
    with _starting:
        if _address is not None:
            return _address
        _started = _started or _Forker()
        return _started.address


def use_forker(address: str) -> None:
    """Has the process at this socket fork from now on, another one's of the run."""
    global _address
    _address = address


def end_forker() -> None:
    """Ends the process behind all these, if this one started it. The next one starts another."""
    global _started
    with _starting:
        if _started:
            _started.close()
        _started = None


@contextmanager
def forked_tests(places: Sequence[str]) -> Iterator[str]:
    """The command line of a Python that has imported the tests at these places, for processes of
    pytest-xdist that are started during the block.
    """
    forker = _Forker(*places)
    yield shlex.join([sys.executable, "-I", "-S", str(ASKING), forker.address])
    forker.close()


class _Forker:
    """The process that forks, at the socket `address`. It ends with the one that started it.
    places: of the tests that it imports, instead of what commands need.
    """

    def __init__(self, *places: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hl")
        self.address = str(Path(self._folder.name) / "socket")
        self._life, life = socket.socketpair()
        with life, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self.address)
            listener.listen(128)
            given = (listener.fileno(), life.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forker", *map(str, given), *places],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=given,
                start_new_session=True,
            )

    def close(self) -> None:
        self._life.close()
        self._process.wait(_LIMIT_SECONDS)
        self._folder.cleanup()


def _start(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str],
    files: tuple[IO[Any] | int | None, ...],
) -> Process:
    request = {"command": command, "folder": str(folder), "environment": dict(environment)}
    reading, writing = os.pipe()
    try:
        with (
            Path(os.devnull).open("rb") as nothing,
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking,
        ):
            asking.connect(forker_address())
            numbers = [_number(nothing if file is None else file) for file in files]
            socket.send_fds(asking, [json.dumps(request).encode()], [*numbers, writing])
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return Process(command, reading)


def _number(file: IO[Any] | int) -> int:
    return file if isinstance(file, int) else file.fileno()


_started: _Forker | None = None
_address: str | None = None
"""Of another process's."""
_starting = threading.Lock()
