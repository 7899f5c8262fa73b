"""The files of a set, as `-f` names them: paths, folders and standard input, to bytes. Called by
the commands. Whatever a checkout may hold costs a bounded time and memory; nothing outside of a
folder is read by way of it.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from hookline.regular_files import open_regular
from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.problems import Position, SyncProblem
from hookline.text import printable

STANDARD_INPUT: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml")
_OTHER_PATH: Final = "check the path, or name another one with -f"
MOST_FILES: Final = 10_000
"""As many as webhooks that the sync is made for."""
# A folder of 100,000 entries takes 0.3 s (2026-11); `-f /` would take minutes.
MOST_ENTRIES: Final = 100_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read. name: as people know it; path: None for standard input."""

    name: str
    path: Path | None
    data: bytes

    @property
    def folder(self) -> Path:
        """The folder that relative references begin at."""
        return self.path.parent if self.path else Path()


@dataclass(slots=True)
class Collected:
    """Files by their names, each once, however they were named. problems: of those that can't be
    read.
    """

    files: list[SourceFile] = field(default_factory=list)
    problems: list[SyncProblem] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    @property
    def digests(self) -> dict[str, str] | None:
        """`sha256:…` of each file's bytes by its name; None unless all could be read."""
        if any(problem.is_error for problem in self.problems):
            return None
        return {file.name: f"sha256:{sha256(file.data).hexdigest()}" for file in self.files}

    def refuse(self, code: str, message: str, file: str, hint: str | None = None) -> None:
        self.problems.append(SyncProblem(code, message, Position(file=printable(file)), hint=hint))


def collect(names: Sequence[str]) -> Collected:
    """Reads all files that are named, with those below folders that are named."""
    collected, found, seen = Collected(), dict[str, Path | None](), set[Path]()
    for name in names:
        if name == STANDARD_INPUT:
            found["<stdin>"] = None
        elif _is_folder(name):
            collected.folders.append(Path(name))
            found.update(_Scan(Path(name), collected).files())
        else:
            found[name] = Path(name)
    left = MAX_FILE_BYTES
    for name, path in sorted(found.items()):
        real = _real(path) if path else None
        if real in seen:
            continue
        if real:
            seen.add(real)
        data = _read(name, path, left, collected)
        if data is None:
            continue
        left -= len(data)
        # One alone that is too large is told of where its text is checked.
        if left < 0 and len(found) > 1:
            message = f"the files have more than {MAX_FILE_BYTES:,} bytes together"
            collected.refuse("file-too-large", message, name, "split the webhooks into sets")
            break
        collected.files.append(SourceFile(name, path, data))
    return collected


def is_listed(name: str, folder: str) -> bool:
    """True when a file of this path below the folder is one that `collect` reads. Both with slashes
    and relative to the same place, `.` for that itself.
    """
    below = name if folder == "." else name.removeprefix(f"{folder}/")
    is_below = folder == "." or below != name
    is_hidden = any(part.startswith(".") for part in below.split("/"))
    return is_below and not is_hidden and below.endswith(_SUFFIXES)


def _is_folder(name: str) -> bool:
    # A NUL in the name is told of where the file is opened.
    return "\0" not in name and os.path.isdir(name)


def _real(path: Path) -> Path | None:
    """The path behind all links; None where it leads nowhere."""
    try:
        return path.resolve()
    # RuntimeError: a circle of links (Python 3.11).
    except (OSError, ValueError, RuntimeError):
        return None


def _read(name: str, path: Path | None, left: int, collected: Collected) -> bytes | None:
    """The bytes, one more than are left where there are so many."""
    if not name.isprintable():
        message = "the file's name holds characters that can't be shown"
        collected.refuse("unreadable", message, name, "give it another name")
        return None
    try:
        return _bytes(path, left + 1)
    except FileNotFoundError:
        collected.refuse("no-files", "there is no such file", name, _OTHER_PATH)
    # ValueError: a NUL in the name.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        collected.refuse("unreadable", f"the file can't be read: {reason}", name)
    return None


def _bytes(path: Path | None, most: int) -> bytes:
    if path is None:
        return sys.stdin.buffer.read(most)
    with open_regular(path) as file:
        return file.read(most)


@dataclass(slots=True)
class _Scan:
    """One look through a folder and those below it."""

    root: Path
    collected: Collected
    entries: int = 0

    def files(self) -> dict[str, Path | None]:
        """The YAML files by name. What can't be read is noted."""
        found = dict[str, Path | None]()
        real, before = self.root.resolve(), len(self._errors())
        waiting, visited = [self.root], {real}
        while waiting:
            folder = waiting.pop()
            for entry in self._entries(folder):
                path = folder / entry.name
                target = self._target(path, entry, real)
                if target is None:
                    continue
                if os.path.isdir(target):
                    # Also by links, which may lead back.
                    if target not in visited:
                        visited.add(target)
                        waiting.append(path)
                elif entry.name.endswith(_SUFFIXES):
                    found[str(path)] = path
            if self._is_too_much(len(found)):
                return {}
        if not found and len(self._errors()) == before:
            message = "the folder holds no *.yaml and *.yml files"
            self.collected.refuse("no-files", message, str(self.root))
        return found

    def _errors(self) -> list[SyncProblem]:
        return [problem for problem in self.collected.problems if problem.is_error]

    def _entries(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        """The folder's entries by name, but for hidden ones."""
        try:
            with os.scandir(folder) as scanned:
                entries = []
                for entry in scanned:
                    self.entries += 1
                    if self.entries > MOST_ENTRIES:
                        break
                    entries.append(entry)
        except OSError as error:
            message = f"the folder can't be read: {error.strerror}"
            self.collected.refuse("unreadable", message, str(folder))
            return
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.startswith("."):
                yield entry
            elif entry.name.endswith(_SUFFIXES) and entry.is_file(follow_symlinks=False):
                self._warn_of_hidden(folder / entry.name)

    def _warn_of_hidden(self, path: Path) -> None:
        problem = SyncProblem(
            "hidden-file",
            "a hidden file in a folder is not read",
            Position(file=printable(str(path))),
            hint="take the dot away, or name the file with -f",
            severity="warning",
        )
        self.collected.problems.append(problem)

    def _target(self, path: Path, entry: os.DirEntry[str], root: Path) -> Path | None:
        """The path behind all links; None for an entry that is not to be read."""
        is_wanted = entry.name.endswith(_SUFFIXES)
        if not entry.is_symlink():
            is_folder = entry.is_dir(follow_symlinks=False)
            return _real(path) if is_wanted or is_folder else None
        target = _real(path)
        if target is None:
            if is_wanted:
                self.collected.refuse("unreadable", "this link leads nowhere", str(path))
            return None
        # A link to a text beside the webhooks is none of ours.
        if not is_wanted and not os.path.isdir(target):
            return None
        if not target.is_relative_to(root):
            message = "this link leads out of the folder"
            hint = "name what it leads to with -f"
            self.collected.refuse("unreadable", message, str(path), hint)
            return None
        return target

    def _is_too_much(self, files: int) -> bool:
        if self.entries <= MOST_ENTRIES and files <= MOST_FILES:
            return False
        message = f"the folder holds more than {MOST_FILES:,} files, or {MOST_ENTRIES:,} entries"
        self.collected.refuse("too-many", message, str(self.root), "name the files with -f")
        return True
