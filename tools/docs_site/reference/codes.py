"""The pages of error codes and exit codes."""

from collections.abc import Mapping
from typing import Final

from graphql import GraphQLEnumType

from hookline.cli.exit_codes import EXIT_CODES
from tools.docs_site.reference.graphql import served_schema
from tools.docs_site.reference.markdown import cell, code, table

REQUEST_ERRORS: Final[Mapping[str, tuple[str, str, str]]] = {
    "GRAPHQL_PARSE_FAILED": ("400", "The document is no GraphQL.", "Mend the document."),
    "GRAPHQL_VALIDATION_FAILED": (
        "400",
        "The document asks for what the schema has not, or a literal is malformed.",
        "Compare it with the schema.",
    ),
    "BAD_USER_INPUT": (
        "400, 413, 415; 200 in an answer that was executed",
        "A variable, an ID, a cursor, a page size, the body or its type is malformed or too long.",
        "The message names it. Sent again it fails again.",
    ),
    "UNAUTHENTICATED": (
        "401",
        "There is no token, or it is unknown, revoked or expired.",
        "Send `Authorization: Bearer hl_…` with a token that `hookline token list` shows.",
    ),
    "FORBIDDEN": (
        "403; 200 where something is left",
        "The token lacks a scope, which the message names; or the request came from a page of another origin.",
        "Make a token with a role that has it.",
    ),
    "PERSISTED_QUERY_NOT_SUPPORTED": (
        "400",
        "The request has a hash in place of a document.",
        "Send the document.",
    ),
    "QUERY_TOO_COSTLY": (
        "400",
        "The document is over a budget, which the message names.",
        "Ask for smaller pages or fewer nested lists.",
    ),
    "RATE_LIMITED": (
        "429",
        "Too much of it at once.",
        "Wait as long as `Retry-After` says, then send it again.",
    ),
    "UNAVAILABLE": (
        "503",
        "The database did not answer in time, or the server has no room. A mutation may have been done.",
        "Wait as long as `Retry-After` says, then send it again: a publish with its `idempotencyKey`.",
    ),
    "INTERNAL_SERVER_ERROR": (
        "500; 200 in an answer that was executed",
        "A fault of Hookline's. The server's log has it under the `requestId`.",
        "Report it with the `requestId`.",
    ),
}
"""`extensions.code` → status over HTTP, meaning, remedy."""

_ERRORS: Final = """# Error codes

Rely on codes; messages are for people and may change.

## Of a request

In `errors[].extensions.code` of an answer, beside `requestId`. The status is that of an answer of which nothing
succeeded; a client that accepts `application/json` and not `application/graphql-response+json` gets 200 for what is
wrong with the document.
"""
_USER: Final = """## User errors of mutations

In `userErrors { code message field }` of a mutation's payload: everything that a person can correct, all of an input
at once. `field` is the path of the value in the input. Nothing was changed when there is one.
"""
_ATTEMPTS: Final = """## Of an attempt

In `errorCode` of an attempt that failed; [Delivering](../delivering.md#the-verdict) says what follows.
"""
_FILES: Final = """## Of a webhooks file

Codes of problems, such as `unknown-key`: [Webhooks in git](../sync.md#problems).
"""


def errors() -> str:
    request = table(
        ["code", "status over HTTP", "meaning", "what to do"],
        ([code(name), *map(cell, row)] for name, row in REQUEST_ERRORS.items()),
    )
    return "\n".join(
        [
            *(_ERRORS, request),
            *(_USER, _values("UserErrorCode")),
            *(_ATTEMPTS, _values("AttemptError")),
            _FILES,
        ]
    )


def exit_codes() -> str:
    rows = ([code(str(number)), cell(text)] for number, text in EXIT_CODES.items())
    return "# Exit codes\n\nA code means the same whatever the command is.\n\n" + table(
        ["code", "meaning"], rows
    )


def _values(name: str) -> str:
    found = served_schema().type_map[name]
    assert isinstance(found, GraphQLEnumType)
    return table(
        ["code", "meaning"],
        ([code(key), cell(value.description or "")] for key, value in found.values.items()),
    )
