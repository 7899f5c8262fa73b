"""Regular files, opened so that nothing in their place can hold the process up: a checkout, an
archive or another user may have laid a pipe, a device, or a link to one under a file's name.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading. How much is read is for the caller to bound.

    Raises OSError, with a sentence as its strerror, for everything but a regular file.
    """
    # Before it is opened, which some devices take for an order.
    _check(os.stat(path).st_mode, path)
    # Without waiting for the other end of a pipe that has taken its place since.
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY), "rb")
    try:
        _check(os.fstat(file.fileno()).st_mode, path)
    except OSError:
        with suppress(OSError):
            file.close()
        raise
    return file


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
