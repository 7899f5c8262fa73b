"""Answers of receivers as an attempt keeps them, and faults in their place. Made by
`workers.sending`, read by `workers.attempts`; no I/O.
"""

from dataclasses import dataclass, field

from hookline import clock
from hookline.deliveries.retries import AttemptError
from workers.connections import Exchange
from workers.network_faults import classify

BODY_KEPT_BYTES = 16 * 1024
HEADER_COUNT_LIMIT = 100
HEADERS_KEPT_BYTES = 16 * 1024


@dataclass(slots=True)
class ReceiverAnswer:
    """An answer, or why there is none. status_code: None when no answer's head came, then
    error and error_message say why.

    headers: at most 100 and 16 KiB, Latin-1. body: the first 16 KiB as they came; is_truncated:
    there was more, or its end was not seen.
    """

    status_code: int | None
    duration_ms: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    is_truncated: bool = False
    error: AttemptError | None = None
    error_message: str | None = None


def answer_of(exchange: Exchange, started_at: float) -> ReceiverAnswer:
    return ReceiverAnswer(
        exchange.status,
        _milliseconds_since(started_at),
        _kept_headers(exchange.headers),
        bytes(exchange.body[:BODY_KEPT_BYTES]),
        not exchange.is_whole or len(exchange.body) > BODY_KEPT_BYTES,
    )


def _kept_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    kept, size = [], 0
    for name, value in headers[:HEADER_COUNT_LIMIT]:
        size += len(name) + len(value)
        if size > HEADERS_KEPT_BYTES:
            break
        kept.append((name.decode("latin-1"), value.decode("latin-1")))
    return kept


def failure_of(fault: Exception, timeout_seconds: float, started_at: float) -> ReceiverAnswer:
    error, message = classify(fault, timeout_seconds)
    return ReceiverAnswer(None, _milliseconds_since(started_at), error=error, error_message=message)


def _milliseconds_since(started_at: float) -> int:
    return round((clock.monotonic() - started_at) * 1000)
