"""Regular files, opened so that nothing in their place can hold the process up: a checkout, an
archive or another user may have laid a pipe, a device, or a link to one under a file's name.
"""

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading. How much is read is for the caller to bound.

    Raises OSError, with a sentence as its strerror, for everything but a regular file.
    """
    # Before it is opened, which some devices take for an order.
    _check(os.stat(path).st_mode, path)
    file = _opened(path)
    try:
        _check(os.fstat(file.fileno()).st_mode, path)
    except OSError:
        with suppress(OSError):
            file.close()
        raise
    return file


def _opened(path: Path) -> "_RegularFile":
    # Without waiting for the other end of a pipe that has taken its place since.
    return _RegularFile(FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)))


class _RegularFile(BufferedReader):
    """A file that is read at once or not at all."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Raises OSError where there is nothing to be read yet, for which Python has None: some
        files of the kernel, such as /proc/kmsg, are regular ones and have their readers wait.
        """
        found: bytes | None = super().read(size)
        if found is None:
            raise BlockingIOError(errno.EAGAIN, "Nothing can be read from it now")
        return found


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
