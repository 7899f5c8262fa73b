"""Complaints of PyYAML's parser, in words that help. Called by composer alone."""

from typing import Protocol

from hookline.sync.read.problems import Position, SyncProblem


class Mark(Protocol):
    line: int
    column: int


class MarkedError(Protocol):
    """The attributes of a MarkedYAMLError (composer is the only module that imports yaml)."""

    @property
    def context(self) -> str | None: ...
    @property
    def context_mark(self) -> Mark | None: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def problem_mark(self) -> Mark | None: ...


def explain(error: MarkedError, text: str, file: str) -> SyncProblem:
    """A `syntax` problem where the mistake probably is, with a hint for the mistakes that people
    make.
    """
    # `*.order` is read as an alias, and the parser complains behind its asterisk; people look at
    # it.
    is_alias = "alias" in (error.context or "")
    mark = (
        (error.context_mark if is_alias else error.problem_mark)
        or error.context_mark
        or error.problem_mark
    )
    line, column = (mark.line, mark.column) if mark else (0, 0)
    message, hint = _reason(
        error.problem or "this is not YAML", is_alias, _line(text, line), column
    )
    return SyncProblem("syntax", message, Position(line + 1, column + 1, file), hint=hint)


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number + 1)
    return lines[number] if number < len(lines) else ""


def _reason(problem: str, is_alias: bool, source: str, column: int) -> tuple[str, str | None]:
    indentation = source[: max(column, len(source) - len(source.lstrip()))]
    if "\t" in indentation:
        return "a tab is used for indentation", "indent with spaces"
    if is_alias:
        return (
            "an asterisk begins a YAML alias",
            "put patterns that begin with an asterisk in quotes: '*.order.created'",
        )
    if "cannot start any token" in problem and source[column : column + 1] in tuple("@`%"):
        return f"a value can't begin with {source[column]}", "put the value in quotes"
    # "did not find expected …" is how libyaml alone words a broken structure.
    if "expected ':'" in problem or "did not find expected" in problem:
        return (
            problem,
            "check the indentation of this line and of those above, and that every quote and "
            "bracket is closed",
        )
    if "undefined tag handle" in problem:
        # The parser repeats it, and it may be the beginning of a password.
        return "the tag is not defined", "put the value in quotes if it begins with '!'"
    if "mapping values are not allowed" in problem:
        return problem, "put values with ': ' in quotes"
    return problem, None
