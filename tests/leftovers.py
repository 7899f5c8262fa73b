"""Ends what a test process would leave behind: a watcher, a process of its own, kills the process
groups and removes the folders that it was told of once the test process is gone, however it went.

xdist gives its processes ten seconds to end, then it kills them; so does whoever stops a run.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

_TRIES = 50
"""Ten seconds: a killed server may still write into its folder for a moment."""

_watcher: "subprocess.Popen[bytes] | None" = None
_starting = threading.Lock()


def watch_group(pid: int) -> None:
    """Has this process group killed when we are gone."""
    _tell(f"group {pid}")


def forget_group(pid: int) -> None:
    """Takes `watch_group` back. For a group that has ended: its number may be given again."""
    _tell(f"ended {pid}")


def watch_folder(folder: Path) -> None:
    """Has this folder removed when we are gone, after the groups are."""
    _tell(f"folder {folder}")


def end_watcher() -> None:
    """Has it do its work now. What is watched afterwards gets another one."""
    global _watcher
    with _starting:
        if _watcher is not None:
            _watcher.communicate()
        _watcher = None


def _tell(line: str) -> None:
    global _watcher
    with _starting:
        if _watcher is None:
            # -I, -S: it needs nothing but the standard library
            _watcher = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                # who reads our output must not wait for its end
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert _watcher.stdin is not None
        _watcher.stdin.write(line.encode() + b"\n")
        _watcher.stdin.flush()


def _main(lines: Iterable[str]) -> None:
    """Reads until the other end of the pipe is closed, which a process does by dying."""
    groups, folders = set[int](), set[Path]()
    for line in lines:
        word, _, rest = line.strip().partition(" ")
        if word == "group":
            groups.add(int(rest))
        elif word == "ended":
            groups.discard(int(rest))
        else:
            folders.add(Path(rest))
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for _ in range(_TRIES):
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        if not any(folder.exists() for folder in folders):
            return
        time.sleep(0.2)


if __name__ == "__main__":
    _main(sys.stdin)
