"""Files that commands write, whole or not at all. Called by exports and imports."""

import os
from pathlib import Path

from hookline.cli.terminal import echo
from hookline.errors import HooklineError
from hookline.text import printable


def write_file(name: str | Path, text: str) -> None:
    """Writes the file in one step, and says so on standard error.

    Raises HooklineError.
    """
    path = Path(name)
    try:
        # In the same folder, as a file is replaced at once only within one file system.
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(text, "utf-8")
        aside.replace(path)
    # ValueError: a name that is none, such as that of a folder alone.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no file's name"
        raise HooklineError(
            "FAILED", f"{printable(str(path))} can't be written: {reason}."
        ) from None
    echo(f"Wrote {printable(str(path))}.", err=True)
