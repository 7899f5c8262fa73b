"""Expected failures. The edges turn them into user errors, `extensions.code`, exit codes or attempt
rows; nothing here prints.
"""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Codes of GraphQL's UserError: mistakes that a person can correct."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_ALLOWED = "NOT_ALLOWED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    FIELD_MANAGED = "FIELD_MANAGED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    SCHEMA_MISMATCH = "SCHEMA_MISMATCH"
    DATA_EXPIRED = "DATA_EXPIRED"
    NOT_AVAILABLE = "NOT_AVAILABLE"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input. field: the path below the input, outermost first
    (`("headers", "0", "name")`).
    """

    code: Code
    message: str
    field: tuple[str, ...] = ()

    def under(self, *path: str) -> "Problem":
        """Returns this problem with its field below an outer path."""
        return Problem(self.code, self.message, (*path, *self.field))


def forget_frames(error: BaseException) -> None:
    """Lets go of the frames that an error, and those behind it, went through. Where one of them
    holds a list of these very errors, all that its callers hold would stay until the collector of
    garbage comes.
    """
    left: list[BaseException | None] = [error]
    seen = set[int]()
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = None
            left += [one.__cause__, one.__context__]


class HooklineError(Exception):
    """A failure that a user or an operator can mend; its text says how."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(HooklineError):
    """An input was refused. problems: all that is wrong with it, at least one."""

    def __init__(self, problems: "list[Problem] | tuple[Problem, ...] | Problem") -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(
            self.problems[0].code, "; ".join(problem.message for problem in self.problems)
        )


class Unavailable(HooklineError):
    """The database (or what stands for it) gave no answer in time. Nothing is known to
    be written.
    """

    def __init__(
        self,
        message: str = "The database does not answer. Try again in a few seconds.",
        retry_after_seconds: int = 2,
    ) -> None:
        super().__init__("UNAVAILABLE", message)
        self.retry_after_seconds = retry_after_seconds


class Misconfigured(HooklineError):
    """A setting keeps the program from starting. The message names the setting and says what would
    be right.
    """

    def __init__(self, message: str) -> None:
        super().__init__("MISCONFIGURED", message)
