"""A webhooks file of this machine, read and decoded with everything that is wrong with it. Called
by the commands and by `hookline dev`.
"""

from dataclasses import dataclass
from pathlib import Path

from hookline.form.kinds import Bounds
from hookline.regular_files import open_regular
from hookline.sync.read import loader
from hookline.sync.read.document import Document, decode
from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.problems import Position, Problems, SyncProblem
from hookline.sync.read.references import References


@dataclass(frozen=True, slots=True)
class Reading:
    """document: None when the file has errors. lines: for excerpts; secret_positions: where values
    stand that must not be shown.
    """

    document: Document | None
    problems: list[SyncProblem]
    lines: list[str]
    secret_positions: list[Position]


def read(name: str, bounds: Bounds, references: References) -> Reading:
    """The file's document, or its problems."""
    path = Path(name)
    try:
        with open_regular(path) as file:
            # One byte more than may be read tells that it is too much, however much there is.
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return _refused("no-files", "there is no such file", name, "name it with -f")
    # ValueError: a NUL in the name.
    except (OSError, ValueError) as error:
        return _refused(
            "unreadable",
            f"the file can't be read: {getattr(error, 'strerror', None) or error}",
            name,
        )
    return decoded(data, name, bounds, references)


def decoded(data: bytes, name: str, bounds: Bounds, references: References) -> Reading:
    """Reads a webhooks file from bytes. name: of the file, as people know it."""
    loaded = loader.load(data, name)
    if loaded.root is None:
        return Reading(None, loaded.problems.in_order(), loaded.lines, [])
    # Also after problems of its form, so that people get all of them at once.
    document = decode(loaded.root, bounds, references, loaded.problems)
    is_good = not loaded.problems.has_errors()
    return Reading(
        document if is_good else None,
        loaded.problems.in_order(),
        loaded.lines,
        document.secret_positions,
    )


def _refused(code: str, message: str, file: str, hint: str | None = None) -> Reading:
    problems = Problems(file)
    problems.add(SyncProblem(code, message, Position(file=file), hint=hint))
    return Reading(None, problems.in_order(), [], [])
