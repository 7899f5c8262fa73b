"""This program's command as it has to be typed here, for texts that say what to run next."""

import os
import shlex
import shutil
import sys
from pathlib import Path


def own_command() -> str:
    """The command, as short as it can be typed here."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(shown(Path(sys.executable)))} -m hookline"
    found = shutil.which("hookline")
    # Another installation may be the first on the PATH.
    is_first = found and called.exists() and Path(found).samefile(called)
    return "hookline" if is_first else shlex.quote(shown(called))


def shown(path: Path) -> str:
    """The path as text, relative to the current folder where that is shorter."""
    relative = os.path.relpath(path)
    return min(str(path), relative, key=len) if path.is_absolute() else str(path)
