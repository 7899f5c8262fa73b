"""Files that commands write, whole or not at all. Called by exports and imports."""

import os
from pathlib import Path

from hookline.cli.terminal import echo
from hookline.errors import HooklineError
from hookline.text import printable


def write_file(name: str | Path, text: str) -> None:
    """Writes the file in one step, and says so on standard error. A link stays one, to what is
    written; to a device or a pipe, such as /dev/null or /dev/stdout, the text is sent.

    Raises HooklineError.
    """
    path = Path(name)
    try:
        _write(path.resolve(), text)
    # ValueError: a name that is none, such as that of a folder alone. RuntimeError: a circle of
    # links (Python 3.11).
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it is no file's name"
        raise HooklineError(
            "FAILED", f"{printable(str(path))} can't be written: {reason}."
        ) from None
    echo(f"Wrote {printable(str(path))}.", err=True)


def _write(path: Path, text: str) -> None:
    # Replaced, a device would be no more: of root's even /dev/null.
    if path.exists() and not path.is_file():
        path.write_text(text, "utf-8")
        return
    # In the same folder, as a file is replaced at once only within one file system.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(text, "utf-8")
    aside.replace(path)
