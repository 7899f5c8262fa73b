"""Moves of a webhooks file, before a server sees them: chains, circles and clashes."""

from pathlib import Path

from hookline.sync.read import file, received
from hookline.sync.read.collecting import collect
from hookline.sync.read.file import Reading
from hookline.sync.read.file_fields import Move
from hookline.sync.read.problems import Position
from hookline.sync.read.references import UnresolvedReferences
from tests.hookline.sync.files import BOUNDS
from tests.tables import each_of

WEBHOOK = "{ url: https://a.example, events: [a.b.c], environments: [production] }"


def read(folder: Path, **files: str) -> Reading:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return file.decoded_all(collect([str(folder)]), BOUNDS, lambda _: UnresolvedReferences())


def text(moved: str, *slugs: str) -> str:
    """moved: entries from line 3 on."""
    webhooks = "".join(f"  {slug}: {WEBHOOK}\n" for slug in slugs)
    return (
        f"version: 1\nmoved:\n{moved}webhooks:{webhooks and chr(10)}{webhooks or ' {}' + chr(10)}"
    )


def entries(*moves: str) -> str:
    words = (move.split() for move in moves)
    return "".join(f"  - {{ from: {source}, to: {target} }}\n" for source, target in words)


def test_a_move_is_read_with_its_place_and_sent(tmp_path: Path) -> None:
    found = read(tmp_path, a=text(entries("a b"), "b"), b=text(entries("c d"), "d"))
    assert found.document is not None, found.problems
    assert found.document.moves == (
        Move("a", "b", Position(3, 5, f"{tmp_path}/a.yaml")),
        Move("c", "d", Position(3, 5, f"{tmp_path}/b.yaml")),
    )
    positions = {path: list(at) for path, at in found.document.positions.items()}
    sent, problems = received.decode(found.document.content, positions, {}, BOUNDS)
    assert not problems.found
    assert sent.moves == found.document.moves


@each_of(
    "moves, slugs, wrong",
    [
        (["a b", "b c"], "c", [(3, "a becomes b, which is moved to c")]),
        (
            ["a b", "b c", "c d"],
            "d",
            [(3, "a becomes b, which is moved to d"), (4, "b becomes c, which is moved to d")],
        ),
        (
            ["a b", "b a"],
            "",
            [
                (3, "a becomes b, and in a circle a again"),
                (4, "b becomes a, and in a circle b again"),
            ],
        ),
        (["a a"], "a", [(3, "a is moved to itself")]),
        (["a b"], "ab", [(3, "a is moved and stands at {file}:5 all the same")]),
        (["a b"], "c", [(3, "no webhook of the files is called b")]),
        (["a b", "a c"], "bc", [(4, "a is moved at {file}:3:5 already")]),
        (["a c", "b c"], "c", [(4, "a becomes c at {file}:3:5 already")]),
    ],
)
def test_moves_that_contradict_each_other_are_problems_at_their_entries(
    tmp_path: Path, moves: list[str], slugs: str, wrong: list[tuple[int, str]]
) -> None:
    found = read(tmp_path, a=text(entries(*moves), *slugs))
    told = [
        (one.code, one.position.line, one.position.column, one.message) for one in found.problems
    ]
    assert told == [
        ("bad-move", line, 5, message.replace("{file}", f"{tmp_path}/a.yaml"))
        for line, message in wrong
    ]
    assert all(problem.hint for problem in found.problems)


def test_a_clash_of_two_files_names_both_places(tmp_path: Path) -> None:
    [problem] = read(tmp_path, a=text(entries("x a"), "a"), b=text(entries("y a"), "b")).problems
    assert problem.position.file == f"{tmp_path}/b.yaml"
    assert problem.message == f"x becomes a at {tmp_path}/a.yaml:3:5 already"


@each_of(
    "entry, code",
    [
        ("  - { from: a }\n", "required"),
        ("  - { from: a, to: B! }\n", "bad-slug"),
        ("  - { from: a, into: b }\n", "unknown-key"),
        ("  - a\n", "type"),
        ("  from: a\n", "type"),
    ],
)
def test_a_wrong_entry_is_a_problem(tmp_path: Path, entry: str, code: str) -> None:
    codes = [problem.code for problem in read(tmp_path, a=text(entry, "b")).problems]
    assert code in codes
    assert "bad-move" not in codes
