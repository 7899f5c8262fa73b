"""Fields of an attempt: the request that was sent and the answer, without the edges, which are in
graph. Secrets of a request were masked when it was recorded.
"""

from base64 import b64encode
from datetime import datetime
from typing import Self

import strawberry

from api.schema.enums import AttemptCause, AttemptError, AttemptOutcome
from api.schema.header import Header
from api.schema.node import Info, Node, node_id
from hookline import ids
from hookline.models import Attempt as AttemptRow
from hookline.outbound.payloads import request_body


@strawberry.type
class AttemptFields(Node):
    number: int = strawberry.field(description="Which attempt of its delivery it was, from 1.")
    outcome: AttemptOutcome = strawberry.field(description="How it ended.")
    cause: AttemptCause = strawberry.field(description="Why it was made.")
    request_url: str | None = strawberry.field(
        description="Where it was sent; null when that is unknown."
    )
    status_code: int | None = strawberry.field(
        description="The answer's HTTP status; null without an answer."
    )
    response_truncated: bool = strawberry.field(
        description="Whether the answer's body was longer than the 16 KiB that are kept."
    )
    error_code: AttemptError | None = strawberry.field(
        description="What made it fail, for programs."
    )
    error_message: str | None = strawberry.field(description="What made it fail, for people.")
    started_at: datetime = strawberry.field(description="When it began.")
    duration_ms: int | None = strawberry.field(
        description="How long it took, in milliseconds; null when that is unknown."
    )
    next_attempt_at: datetime | None = strawberry.field(
        description="When the next one was due after it; null when none was to follow."
    )
    row: strawberry.Private[AttemptRow]

    @strawberry.field(
        description="The request's headers, the values of secrets as null; null when they are "
        "unknown."
    )
    def request_headers(self) -> list[Header] | None:
        return _headers(self.row.request_headers)

    @strawberry.field(
        description="The request's body; null when the outcome is UNKNOWN, or the event's data is "
        "no longer kept."
    )
    async def request_body(self, info: Info) -> str | None:
        if self.row.outcome == AttemptOutcome.UNKNOWN or self.row.request_headers is None:
            return None
        rendered: bytes | None = await info.context.loaders.body.load(self.row.delivery_id)
        if rendered is not None:
            return rendered.decode(errors="replace")
        sent = await info.context.loaders.event.load(self.row.event_id)
        if sent is None or sent.data is None:
            return None
        return request_body(
            ids.encode("evt", sent.id), sent.type, sent.environment, sent.occurred_at, sent.data
        ).decode()

    @strawberry.field(description="The answer's headers; null without an answer.")
    def response_headers(self) -> list[Header] | None:
        return _headers(self.row.response_headers)

    @strawberry.field(description="The answer's body as text; null where it is not UTF-8.")
    def response_body(self) -> str | None:
        return _text(self.row)

    @strawberry.field(description="The answer's body in base64, only where it is not UTF-8.")
    def response_body_base64(self) -> str | None:
        body = self.row.response_body
        return None if body is None or _text(self.row) is not None else b64encode(body).decode()

    @classmethod
    def of(cls, row: AttemptRow) -> Self:
        return cls(
            id=node_id("att", row.id),
            number=row.number,
            outcome=AttemptOutcome(row.outcome),
            cause=AttemptCause(row.cause),
            request_url=row.request_url,
            status_code=row.status_code,
            response_truncated=row.response_truncated,
            error_code=AttemptError[row.error_code] if row.error_code else None,
            error_message=row.error_message,
            started_at=row.started_at,
            duration_ms=row.duration_ms,
            next_attempt_at=row.next_attempt_at,
            row=row,
        )


def _headers(stored: list[tuple[str, str | None]] | None) -> list[Header] | None:
    return None if stored is None else [Header(name=name, value=value) for name, value in stored]


def _text(row: AttemptRow) -> str | None:
    """The body as text, or None. A truncated one may end inside a character: up to three bytes of
    it are left out.
    """
    body = row.response_body
    if body is None:
        return None
    for cut in range(4 if row.response_truncated else 1):
        try:
            return body[: len(body) - cut].decode()
        except UnicodeDecodeError:
            continue
    return None
