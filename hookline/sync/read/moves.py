"""Moves of a set's files against its webhooks and each other: chains, circles and clashes. Called
by file and received once all files are read. Pure.
"""

from typing import Final

from hookline.sync.read.document import Document
from hookline.sync.read.file_fields import Move
from hookline.sync.read.problems import Position, Problems, SyncProblem

_ONE_OF: Final = "take one of the two out"


def check_moves(document: Document, problems: Problems) -> None:
    """Adds what is wrong with the moves to the problems, each at its entry."""
    by_source, by_target = dict[str, Move](), dict[str, Move]()
    for move in document.moves:
        if first := by_source.get(move.source):
            _refuse(problems, move, f"{move.source} is moved at {_place(first)} already", _ONE_OF)
        elif first := by_target.get(move.target):
            what = f"{first.source} becomes {move.target} at {_place(first)} already"
            _refuse(problems, move, what, _ONE_OF)
        by_source.setdefault(move.source, move)
        by_target.setdefault(move.target, move)
    is_whole = not problems.has_errors()
    for move in document.moves:
        if by_source[move.source] is move:
            _check(document, by_source, move, problems, is_whole)


def _check(
    document: Document, by_source: dict[str, Move], move: Move, problems: Problems, is_whole: bool
) -> None:
    """is_whole: every webhook of the files is known."""
    if move.source == move.target:
        _refuse(problems, move, f"{move.source} is moved to itself", "take the entry out")
    elif move.target in by_source:
        _refuse_chain(by_source, move, problems)
    elif move.source in document.webhooks:
        at = document.webhooks[move.source].position
        what = f"{move.source} is moved and stands at {at.file}:{at.line} all the same"
        hint = f"rename the webhook there to {move.target}, or take the entry out"
        _refuse(problems, move, what, hint)
    elif is_whole and move.target not in document.webhooks:
        hint = "write the webhook under its new slug, or take the entry out"
        _refuse(problems, move, f"no webhook of the files is called {move.target}", hint)


def _refuse_chain(by_source: dict[str, Move], move: Move, problems: Problems) -> None:
    seen, last = {move.source}, move
    while last.target in by_source and last.target not in seen:
        seen.add(last.target)
        last = by_source[last.target]
    if last.target in seen:
        what = f"{move.source} becomes {move.target}, and in a circle {last.target} again"
        _refuse(problems, move, what, "take an entry out")
        return
    what = f"{move.source} becomes {move.target}, which is moved to {last.target}"
    hint = f"write {{ from: {move.source}, to: {last.target} }}, or take out what was applied"
    _refuse(problems, move, what, hint)


def _refuse(problems: Problems, move: Move, message: str, hint: str) -> None:
    problems.add(SyncProblem("bad-move", message, move.position, ("moved",), hint))


def _place(move: Move) -> str:
    at: Position = move.position
    return f"{at.file}:{at.line}:{at.column}" if at.file else "another entry"
