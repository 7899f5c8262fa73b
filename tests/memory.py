"""Folders of tests in memory, where the machine has room: removing their files from a disk and
waiting for it took a tenth of the CPU and a third of the time of tests on SQLite (2026-11).
"""

import os
from contextlib import suppress
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 4 * 1024**3
"""Four times what a run with six processes takes."""
_ROOT = "PYTEST_DEBUG_TEMPROOT"


def use_memory() -> None:
    """Has pytest make its folders there, in this process and those that it starts, unless its
    variable names another place. Tests run programs from their folders, which some machines forbid
    there.
    """
    if _has_room():
        os.environ.setdefault(_ROOT, str(_MEMORY))


def short_root() -> Path:
    """Returns where folders are made whose path must be short, in memory if the others are."""
    return _MEMORY if os.environ.get(_ROOT) == str(_MEMORY) else Path("/var/tmp")


def _has_room() -> bool:
    with suppress(OSError):
        found = os.statvfs(_MEMORY)
        room = min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available)
        return room >= _ROOM_BYTES and not found.f_flag & os.ST_NOEXEC
    return False
