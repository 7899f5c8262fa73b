"""Failures of publishing and verifying. Each says what is wrong here and what would pass; none
holds a token, a secret or the data of an event in its text.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hookline_client.problems import Problem

if TYPE_CHECKING:
    from hookline_client.events import Event, Published


class HooklineError(Exception):
    """A failure of publishing. published: the results of the first events, if a batch was split and
    its first parts were published. remaining: the other events, each with its idempotency key, so
    that publishing them later publishes none twice.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message, self.code = message, code
        self.published: Sequence[Published] = ()
        self.remaining: Sequence[Event] = ()


class Refused(HooklineError):
    """Events are not as they must be: publishing them again is in vain. problems: at least one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(map(_sentence, problems)), problems[0].code)
        self.problems = tuple(problems)


class NotAllowed(HooklineError):
    """The server does not know the token (UNAUTHENTICATED), or it lacks a scope (FORBIDDEN)."""


class Unavailable(HooklineError):
    """The server gave no answer in all tries, or asked to come later. Whether the events were
    stored is not known: publish `remaining` again. retry_after_seconds: that it asked to wait.
    """

    def __init__(
        self, message: str, code: str, tries: int, retry_after_seconds: float | None
    ) -> None:
        super().__init__(message, code)
        self.tries, self.retry_after_seconds = tries, retry_after_seconds


class UnexpectedAnswer(HooklineError):
    """The answer is none of a Hookline server that knows this client's request."""


class NotVerified(Exception):
    """A webhook is not from who has the secret, or too old. code: HEADER_MISSING, HEADER_MALFORMED,
    TIME, SIGNATURE or SECRET.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message, self.code = message, code


def _sentence(problem: Problem) -> str:
    index = [] if problem.index is None else [f"events.{problem.index}"]
    path = ".".join([*index, *problem.field])
    return f"{path}: {problem.message}" if path else problem.message
