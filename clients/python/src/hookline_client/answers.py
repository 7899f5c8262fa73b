"""Answers of the server: results, what is worth another try, and what is not. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookline_client.errors import HooklineError, NotAllowed, Refused, UnexpectedAnswer
from hookline_client.events import Published
from hookline_client.problems import Problem
from hookline_client.retries import retry_after_seconds

_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses of a server or proxy that may answer otherwise a moment later."""
_PASSING_CODES = frozenset({"UNAVAILABLE", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"})
_RIGHTS = frozenset({"UNAUTHENTICATED", "FORBIDDEN"})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer. headers: their names in lower case, or of any case-insensitive mapping."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure that another try may get over. code: UNREACHABLE, ANSWER_LOST, HTTP_503 (any
    status), or the server's own.
    """

    message: str
    code: str
    retry_after_seconds: float | None = None
    cause: Exception | None = None


Outcome = Answer | Failure | HooklineError
"""End of a request: answered, worth another try, or in vain."""


def results_of(
    outcome: Outcome, first: int, count: int
) -> list[Published] | Failure | HooklineError:
    """Returns one result per event, what is worth another try, or what is not. first: index of the
    first event of this request, which counts in problems.
    """
    if not isinstance(outcome, Answer):
        return outcome
    after = retry_after_seconds(outcome.headers.get("retry-after"))
    try:
        content = json.loads(outcome.content)
        errors = [(_text(e["message"]), _code(e)) for e in content.get("errors") or ()]
        data = content.get("data")
    # A proxy or another program may answer anything.
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        return _of_another_program(outcome, after)
    if errors:
        return _of_errors(errors, after)
    try:
        payload = data["eventPublishBatch"]
        if payload["userErrors"]:
            return Refused([_problem(error, first) for error in payload["userErrors"]])
        found = [_published(result) for result in payload["results"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return _of_another_program(outcome, after)
    return found if len(found) == count else _of_another_program(outcome, after)


def _of_errors(
    errors: list[tuple[str, str]], after: float | None
) -> Failure | NotAllowed | UnexpectedAnswer:
    message = "; ".join(message for message, _ in errors)
    code = errors[0][1]
    if all(code in _PASSING_CODES for _, code in errors):
        return Failure(message, code, after)
    return NotAllowed(message, code) if code in _RIGHTS else UnexpectedAnswer(message, code)


def _of_another_program(answer: Answer, after: float | None) -> Failure | UnexpectedAnswer:
    message = f"The server answered {answer.status} without a result"
    if answer.status in _PASSING_STATUSES:
        return Failure(f"{message}.", f"HTTP_{answer.status}", after)
    hint = "is it the URL of a Hookline server?"
    if 300 <= answer.status < 400:
        hint = "redirects are not followed; give the URL that it leads to."
    elif answer.status == 413:
        hint = "something before the server takes no request of this size."
    return UnexpectedAnswer(f"{message}: {hint}", f"HTTP_{answer.status}")


def _problem(error: Any, first: int) -> Problem:
    """Reads the path `input.events.INDEX.field…`."""
    path = [_text(step) for step in error.get("field") or ()][1:]
    code, message = _text(error["code"]), _text(error["message"])
    if len(path) > 1 and path[0] == "events" and path[1].isdecimal():
        return Problem(message, code, first + int(path[1]), tuple(path[2:]))
    return Problem(message, code, None, tuple(path))


def _published(result: Any) -> Published:
    return Published(
        _text(result["event"]["id"]),
        bool(result["duplicate"]),
        int(result["deliveryCount"]),
        int(result["skippedCount"]),
    )


def _code(error: Any) -> str:
    return str((error.get("extensions") or {}).get("code") or "UNKNOWN")


def _text(value: Any) -> str:
    """Returns a text of the server without the signs that would steer a terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in str(value))
