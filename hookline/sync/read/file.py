"""Webhooks files, read and decoded with everything that is wrong with them. Called by the commands
and by `hookline dev`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hookline.form.kinds import Bounds
from hookline.sync.read import loader
from hookline.sync.read.collecting import Collected, SourceFile, collect
from hookline.sync.read.document import Document
from hookline.sync.read.file_decoding import decode
from hookline.sync.read.merging import merge
from hookline.sync.read.moves import check_moves
from hookline.sync.read.plain_file import read_plain
from hookline.sync.read.problems import Position, Problems, SyncProblem
from hookline.sync.read.references import References
from hookline.sync.read.room import Used


@dataclass(slots=True)
class SourceLines(Mapping[str, Sequence[str]]):
    """Lines of files by their names, without line ends. Made when somebody asks for them: of files
    with which nothing is wrong nobody does.
    """

    data: dict[str, bytes] = field(default_factory=dict)
    _made: dict[str, list[str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> list[str]:
        if name not in self._made:
            self._made[name] = loader.lines_of(self.data[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Reading:
    """document: None when there are errors. lines: of each file by its name, for excerpts;
    secret_positions: where values stand that must not be shown; set_name: where it is known.
    """

    document: Document | None
    problems: list[SyncProblem]
    lines: Mapping[str, Sequence[str]]
    secret_positions: list[Position]
    set_name: str | None = None


def read(name: str, bounds: Bounds, references: References) -> Reading:
    """The document of a file, or its problems."""
    return decoded_all(collect([name]), bounds, lambda folder: references)


def decoded(data: bytes, name: str, bounds: Bounds, references: References) -> Reading:
    """Reads a webhooks file from bytes. name: of the file, as people know it."""
    collected = Collected([SourceFile(name, Path(name), data)])
    return decoded_all(collected, bounds, lambda folder: references)


def decoded_all(
    collected: Collected,
    bounds: Bounds,
    references: Callable[[Path], References],
    checked_later: Collection[str] = (),
) -> Reading:
    """The document of all files of a set, or their problems. references: by a file's folder.
    checked_later: names of the files of which `read_plain` leaves checks to who receives them.
    """
    problems = Problems("")
    for problem in collected.problems:
        problems.add(problem)
    lines, documents, used = SourceLines(), list[Document](), Used()
    for file in collected.files:
        lines.data[file.name] = file.data
        own = references(file.folder)
        is_later = file.name in checked_later
        if plain := read_plain(file.data, file.name, bounds, own, used, is_later):
            documents.append(plain)
            continue
        loaded = loader.load(file.data, file.name, problems=problems, used=used)
        # Also after problems of its form, so that people get all of them at once.
        if loaded.root is not None:
            documents.append(decode(loaded.root, bounds, own, problems, used))
        # Of what follows nothing more would be told.
        if used.is_full or problems.is_full:
            break
    document = merge(documents, problems) if documents else None
    if document:
        check_moves(document, problems)
    secrets = [place for one in documents for place in one.secret_positions]
    is_good = not problems.has_errors()
    set_name = document.set_name if document and document.set_position else None
    return Reading(document if is_good else None, problems.in_order(), lines, secrets, set_name)
