"""Errors as clients see them: `extensions.code`, `requestId`, and nothing of what was not expected.
The transports call it with every error before it leaves. It must never let an unknown exception's
text out, nor log a value that was sent.
"""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Any

from graphql import GraphQLError, ValueNode
from strawberry.exceptions import StrawberryInputCoercionError

from hookline.db.faults import is_fault
from hookline.errors import HooklineError, Refused, Unavailable, forget_frames
from hookline.ids import MalformedId

log = logging.getLogger(__name__)

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
BAD_USER_INPUT = "BAD_USER_INPUT"
UNAUTHENTICATED = "UNAUTHENTICATED"
FORBIDDEN = "FORBIDDEN"
PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
QUERY_TOO_COSTLY = "QUERY_TOO_COSTLY"
RATE_LIMITED = "RATE_LIMITED"
UNAVAILABLE = "UNAVAILABLE"
INTERNAL = "INTERNAL_SERVER_ERROR"

CODES = frozenset(
    {
        PARSE_FAILED,
        VALIDATION_FAILED,
        BAD_USER_INPUT,
        UNAUTHENTICATED,
        FORBIDDEN,
        PERSISTED_QUERY_NOT_SUPPORTED,
        QUERY_TOO_COSTLY,
        RATE_LIMITED,
        UNAVAILABLE,
    }
)

# A secret in the wrong variable would be repeated to the client and in its logs.
_VALUES = [
    (re.compile(r"(cannot represent [^:]*): .*", re.DOTALL), r"\1."),
    (re.compile(r"(found (?:Block)?String) .*", re.DOTALL), r"\1."),
    (re.compile(r"[,;] found: .*", re.DOTALL), "."),
    (re.compile(r" Found: .*", re.DOTALL), ""),
]
"""The parts of graphql-core's messages (3.3.2) that quote an input."""

# One error in GraphQL's response format.
Formatted = dict[str, Any]


class RequestRefused(Exception):
    """Nothing of the request was executed. status and headers are for HTTP; errors has at least
    one.
    """

    def __init__(
        self,
        code: str,
        errors: "str | Sequence[GraphQLError]",
        status: int = 400,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        self.code = code
        self.status = status
        self.headers = tuple(headers)
        self._errors = [GraphQLError(errors)] if isinstance(errors, str) else list(errors)
        _forget_frames(self._errors)
        super().__init__(code)

    def formatted(self, request_id: str) -> list[Formatted]:
        return [
            _format(error, _without_value(error), self.code, request_id) for error in self._errors
        ]


class BadInput(HooklineError):
    """An argument that no user error can tell of: a malformed id or cursor, a page size out of
    range. Becomes a top-level BAD_USER_INPUT.
    """

    def __init__(self, message: str) -> None:
        super().__init__(BAD_USER_INPUT, message)


def refusal_of(error: HooklineError) -> RequestRefused:
    """The refusal of a whole request by an expected failure before it was executed (an unknown
    token, a database that does not answer).
    """
    if isinstance(error, Unavailable):
        return RequestRefused(
            UNAVAILABLE, error.message, 503, [(b"retry-after", b"%d" % error.retry_after_seconds)]
        )
    if error.code == UNAUTHENTICATED:
        return RequestRefused(
            UNAUTHENTICATED, error.message, 401, [(b"www-authenticate", b"Bearer")]
        )
    return RequestRefused(error.code if error.code in CODES else BAD_USER_INPUT, error.message)


def field_errors(errors: Sequence[GraphQLError], request_id: str) -> list[Formatted]:
    """Errors of an execution, masked and numbered; what was not expected is logged here, once, with
    its traceback.
    """
    formatted = [_field_error(error, request_id) for error in errors]
    _forget_frames(errors)
    return formatted


def _forget_frames(errors: Sequence[GraphQLError]) -> None:
    """Some frames of graphql-core hold a list of the errors, and the variables."""
    for error in errors:
        forget_frames(error)
        if error.original_error is not None:
            forget_frames(error.original_error)


def is_unavailable(errors: Sequence[GraphQLError]) -> bool:
    """True when one of them says that the database does not answer."""
    return any(isinstance(_cause(error), Unavailable) for error in errors)


def retry_after_seconds(errors: Sequence[GraphQLError]) -> int:
    """Seconds to wait before trying again, when the failures say so; else 2."""
    return max(
        (
            cause.retry_after_seconds
            for error in errors
            if isinstance(cause := _cause(error), Unavailable)
        ),
        default=2,
    )


def internal(error: BaseException, request_id: str, place: str) -> Formatted:
    """The masked form of an unexpected failure, which is logged. place: where it happened, for the
    log.
    """
    log.error("internal error", exc_info=error, extra={"request_id": request_id, "place": place})
    return {"message": "Internal error", "extensions": {"code": INTERNAL, "requestId": request_id}}


def _field_error(error: GraphQLError, request_id: str) -> Formatted:
    known = _expected(error)
    if known is not None:
        code, message = known
        return _format(error, message, code, request_id)
    place = ".".join(str(part) for part in error.path or ())
    masked = _format(error, "Internal error", INTERNAL, request_id)
    # The traceback of what was raised, not of its wrappings.
    internal(_cause(error) or error, request_id, place)
    return masked


def _expected(error: GraphQLError) -> tuple[str, str] | None:
    """Code and message of a failure that was foreseen; None for any other."""
    cause = _cause(error)
    if isinstance(cause, Refused | StrawberryInputCoercionError):
        return BAD_USER_INPUT, str(cause.message)
    if isinstance(cause, MalformedId):
        message = f"{cause} is not a valid id. Ids look like wh_01h2xcejqtf2nbrexx3vqjhp41."
        return BAD_USER_INPUT, message
    if isinstance(cause, HooklineError):
        return (cause.code, cause.message) if cause.code in CODES else None
    code = (error.extensions or {}).get("code")
    if code in CODES:
        return str(code), error.message
    # graphql-core found it, not a resolver
    is_own = cause is None or isinstance(cause, GraphQLError)
    is_about_argument = is_own and error.nodes is not None and isinstance(error.nodes[0], ValueNode)
    return (BAD_USER_INPUT, _without_value(error)) if is_about_argument else None


def _without_value(error: GraphQLError) -> str:
    """graphql-core's message without the value that it is about, which may be a secret in a wrong
    place.
    """
    message = error.message
    for quoted, instead in _VALUES:
        message = quoted.sub(instead, message)
    return message


def _cause(error: GraphQLError) -> Exception | None:
    """The error that a resolver really raised: graphql-core wraps once per level that locates the
    error. A database that is away is Unavailable.
    """
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return Unavailable() if cause is not None and is_fault(cause) else cause


def _format(error: GraphQLError, message: str, code: str, request_id: str) -> Formatted:
    formatted: Formatted = {"message": message}
    if error.locations:
        formatted["locations"] = [
            {"line": location.line, "column": location.column} for location in error.locations
        ]
    if error.path:
        formatted["path"] = error.path
    formatted["extensions"] = {"code": code, "requestId": request_id}
    return formatted
