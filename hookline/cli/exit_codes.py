"""Exit codes of all commands: one table, which docs/cli.md shows. A code means the same whatever
the command is.
"""

from collections.abc import Mapping
from typing import Final

OK, FAILED, CHANGES, INVALID, BLOCKED, STALE, LOCKED, NOT_REACHED = range(8)
# 64, as click's own 2 for wrong usage would read as `there are changes` of `sync --check`.
WRONG_USAGE, INTERRUPTED = 64, 130

EXIT_CODES: Final[Mapping[int, str]] = {
    OK: "Done.",
    FAILED: "Refused, failed, or the answer is no: a sentence on standard error says why.",
    CHANGES: "`sync` with --check: there are changes.",
    INVALID: "`sync`: the file has errors.",
    BLOCKED: "`sync`: something blocks the plan.",
    STALE: "`sync`: something changed since the plan was made.",
    LOCKED: "`sync`: another apply of the set holds the lock.",
    NOT_REACHED: "The server can't be reached, or does not allow it.",
    WRONG_USAGE: "Wrong usage.",
    INTERRUPTED: "Interrupted, or a question was answered with no.",
}
