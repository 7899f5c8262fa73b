"""Fields of an attempt: the request that was sent and the answer, without the edges, which are in
types. Secrets of a request were masked when it was recorded.
"""

from base64 import b64encode
from datetime import datetime
from typing import Self

import strawberry

from api.schema.enums import AttemptCause, AttemptError, AttemptOutcome
from api.schema.event_fields import data_of
from api.schema.header import Header
from api.schema.node import Info, Node, node_id
from hookline import ids
from hookline.models import Attempt as AttemptRow
from hookline.outbound.payloads import request_body


@strawberry.type
class AttemptFields(Node):
    number: int = strawberry.field(description="Number of the attempt within its delivery, from 1.")
    outcome: AttemptOutcome = strawberry.field(description="Outcome of the attempt.")
    cause: AttemptCause = strawberry.field(description="Reason for the attempt.")
    request_url: str | None = strawberry.field(
        description="URL that the request was sent to, or null if unknown."
    )
    status_code: int | None = strawberry.field(
        description="HTTP status code of the response, or null if there was no response."
    )
    response_truncated: bool = strawberry.field(
        description="True if the response body was longer than the 16 KiB that are stored."
    )
    error_code: AttemptError | None = strawberry.field(
        description="Reason for the failure, or null if the attempt did not fail."
    )
    error_message: str | None = strawberry.field(
        description="Reason for the failure in a sentence, or null if the attempt did not "
        "fail. The text may change; rely on `errorCode`."
    )
    started_at: datetime = strawberry.field(
        description="Time at which the attempt began. For the outcome UNKNOWN, time at which "
        "it was recorded."
    )
    duration_ms: int | None = strawberry.field(
        description="Duration in milliseconds, or null if unknown."
    )
    row: strawberry.Private[AttemptRow]

    @strawberry.field(
        description="Time for which the following attempt was scheduled, or null if none was, or "
        "if the delivery ended before."
    )
    async def next_attempt_at(self, info: Info) -> datetime | None:
        if self.row.next_attempt_at is None:
            return None
        sent = await info.context.loaders.delivery.load(self.row.delivery_id)
        # cancelled, sent by hand with success, or its webhook deleted: it never came
        is_over = sent is not None and sent.finished_at is not None
        return (
            None
            if is_over and sent.finished_at < self.row.next_attempt_at
            else (self.row.next_attempt_at)
        )

    @strawberry.field(
        description="Headers of the request; the values of secret ones are null. Null if unknown."
    )
    async def request_headers(self, info: Info) -> list[Header] | None:
        return _headers((await self._content(info)).request_headers)

    @strawberry.field(
        description="Body of the request. Null if the outcome is UNKNOWN or the event's data "
        "has expired."
    )
    async def request_body(self, info: Info) -> str | None:
        # without headers no request was made, or the database refused its record
        if self.row.outcome == AttemptOutcome.UNKNOWN:
            return None
        if (await self._content(info)).request_headers is None:
            return None
        # a rendered body is kept before it is first sent, so that all attempts send the same bytes;
        # an event's own body can be made again at any time
        rendered: bytes | None = await info.context.loaders.body.load(self.row.delivery_id)
        if rendered is not None:
            return rendered.decode(errors="replace")
        sent = await info.context.loaders.event.load(self.row.event_id)
        data = None if sent is None else await data_of(info, sent)
        if data is None:
            return None
        return request_body(
            ids.encode("evt", sent.id), sent.type, sent.environment, sent.occurred_at, data
        ).decode()

    @strawberry.field(description="Headers of the response, or null if there was no response.")
    async def response_headers(self, info: Info) -> list[Header] | None:
        return _headers((await self._content(info)).response_headers)

    @strawberry.field(
        description="Body of the response as text, empty if it had none. Null if it is not UTF-8 "
        "(`responseBodyBase64` has it then), or if there was no response."
    )
    async def response_body(self, info: Info) -> str | None:
        body = (await self._content(info)).response_body
        # nothing is stored of an empty body
        if body is None and self.row.status_code is not None:
            return ""
        return _text(body, self.row.response_truncated)

    @strawberry.field(
        description="Body of the response in base64. Null unless the body is not UTF-8."
    )
    async def response_body_base64(self, info: Info) -> str | None:
        body = (await self._content(info)).response_body
        is_text = body is None or _text(body, self.row.response_truncated) is not None
        return None if is_text else b64encode(body).decode()

    async def _content(self, info: Info) -> AttemptRow:
        """Returns a row with headers and bodies, which are read for those who ask for them."""
        # An attempt that was just recorded or announced was read whole.
        if hasattr(self.row, "response_body"):
            return self.row
        loaded: AttemptRow | None = await info.context.loaders.attempt_content.load(self.row.id)
        # Retention deleted it since the list was read.
        return loaded or AttemptRow(request_headers=None, response_headers=None, response_body=None)

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
            row=row,
        )


def _headers(stored: list[tuple[str, str | None]] | None) -> list[Header] | None:
    return None if stored is None else [Header(name=name, value=value) for name, value in stored]


def _text(body: bytes | None, is_truncated: bool) -> str | None:
    """Decodes the body, or returns None. A truncated one may end inside a character: up to three
    bytes of it are left out.
    """
    if body is None:
        return None
    # UTF-8 has four bytes at the most, so three may be left of a character that was cut
    for cut in range(4 if is_truncated else 1):
        try:
            return body[: len(body) - cut].decode()
        except UnicodeDecodeError:
            continue
    return None
