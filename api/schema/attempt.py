"""Attempts: the log of what was sent and answered, and the list of it. Secrets of a request were
masked when it was recorded.
"""

from base64 import b64encode
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from api.auth import require
from api.schema import delivery, event, webhook
from api.schema.attempt_filter import AttemptCause, AttemptFilter, AttemptOutcome, filtered, rows_of
from api.schema.connections import After, Before, Connection, First, Last, page
from api.schema.cursors import NEWEST_FIRST
from api.schema.header import Header
from api.schema.node import Info, Node, node_id
from hookline import ids
from hookline.models import Attempt as AttemptRow
from hookline.models import AttemptCause as StoredCause
from hookline.models import AttemptOutcome as StoredOutcome
from hookline.outbound.payloads import request_body

if TYPE_CHECKING:
    from api.schema.delivery import Delivery
    from api.schema.event import Event
    from api.schema.webhook import Webhook

AnyWebhook = Annotated["Webhook", strawberry.lazy("api.schema.webhook")]
AnyEvent = Annotated["Event", strawberry.lazy("api.schema.event")]
AnyDelivery = Annotated["Delivery", strawberry.lazy("api.schema.delivery")]


@strawberry.enum(description="What made an attempt fail.")
class AttemptError(Enum):
    TIMEOUT = strawberry.enum_value("TIMEOUT", description="No answer in time.")
    DNS = strawberry.enum_value("DNS", description="The host's name was not found.")
    CONNECT = strawberry.enum_value("CONNECT", description="No connection, or it broke.")
    TLS = strawberry.enum_value("TLS", description="No secure connection: certificate or protocol.")
    REFUSED_ADDRESS = strawberry.enum_value(
        "REFUSED_ADDRESS", description="The address is one that Hookline may not connect to."
    )
    PROTOCOL = strawberry.enum_value("PROTOCOL", description="The answer was no HTTP.")
    STATUS = strawberry.enum_value("STATUS", description="The receiver answered, but not 2xx.")


@strawberry.type(
    description="One request that was sent for a delivery, and what came back. It is written when "
    "it has ended."
)
class Attempt(Node):
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
        description="The delivery that it belongs to. Needs the scope deliveries:read."
    )
    async def delivery(self, info: Info) -> AnyDelivery:
        require(info, "deliveries:read")
        return delivery.Delivery.of(await info.context.loaders.delivery.load(self.row.delivery_id))

    @strawberry.field(description="The webhook that it was sent to. Needs the scope webhooks:read.")
    async def webhook(self, info: Info) -> AnyWebhook:
        return await webhook.load(info, self.row.webhook_id)

    @strawberry.field(description="The event that it brought. Needs the scope deliveries:read.")
    async def event(self, info: Info) -> AnyEvent:
        require(info, "deliveries:read")
        return event.Event.of(await info.context.loaders.event.load(self.row.event_id))

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
        if self.row.outcome == StoredOutcome.UNKNOWN or self.row.request_headers is None:
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
    def of(cls, row: AttemptRow) -> "Attempt":
        return cls(
            id=node_id("att", row.id),
            number=row.number,
            outcome=AttemptOutcome[StoredOutcome(row.outcome).name],
            cause=AttemptCause[StoredCause(row.cause).name],
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


@strawberry.type
class AttemptQuery:
    @strawberry.field(description="Attempts, newest first. Needs the scope deliveries:read.")
    async def attempts(
        self,
        info: Info,
        filter: Annotated[
            AttemptFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Attempt]:
        require(info, "deliveries:read")
        rows = filtered(rows_of(info), filter)
        return await page(
            rows, NEWEST_FIRST, Attempt.of, first=first, after=after, last=last, before=before
        )


async def find_attempt(info: Info, key: Any) -> Attempt | None:
    require(info, "deliveries:read")
    row = await info.context.loaders.attempt.load(key)
    return Attempt.of(row) if row else None


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
