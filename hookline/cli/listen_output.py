"""Lines of `hookline listen`: an arrow for each event that comes and each answer that goes back; or
a JSON object. Keys and the line at the bottom of a terminal are in listen_keys.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any, Protocol

from hookline.cli.listen_forwarding import ForwardedRequest, LocalAnswer
from hookline.cli.output import word
from hookline.cli.terminal import Colored, echo


class ListenOutput(Protocol):
    """Shows what happens. Every method returns at once."""

    def ready(self, listener_id: str, url: str) -> None: ...

    def event_in(self, request: ForwardedRequest) -> None: ...

    def answer_out(self, request: ForwardedRequest, answer: LocalAnswer, note: str) -> None:
        """note: why it was not recorded; empty when it was."""

    def tell(self, text: str) -> None:
        """Talk, for people."""


class ArrowLines:
    """A line for each, on standard output."""

    def ready(self, listener_id: str, url: str) -> None:
        """Says nothing: the talk at the start has said it."""

    def event_in(self, request: ForwardedRequest) -> None:
        _print(f"{_clock(request.at)}  --> {request.event_type} {request.event_id}")

    def answer_out(self, request: ForwardedRequest, answer: LocalAnswer, note: str) -> None:
        _print(*answer_parts(request, answer), f"  {note}" if note else "")

    def tell(self, text: str) -> None:
        echo(text, err=True)


class JsonLines:
    """A JSON object for each, on standard output. Never the signing secret."""

    def ready(self, listener_id: str, url: str) -> None:
        self._print({"kind": "ready", "listenerId": listener_id, "url": url})

    def event_in(self, request: ForwardedRequest) -> None:
        self._print({"kind": "event", **_named(request), "body": request.body})

    def answer_out(self, request: ForwardedRequest, answer: LocalAnswer, note: str) -> None:
        told = {
            "statusCode": answer.status_code,
            "error": answer.error,
            "durationMs": answer.duration_ms,
            "note": note or None,
        }
        self._print({"kind": "answer", **_named(request), **told})

    def tell(self, text: str) -> None:
        echo(text, err=True)

    def _print(self, told: dict[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        _print(json.dumps({"at": at, **told}, ensure_ascii=False))


def _named(request: ForwardedRequest) -> dict[str, str]:
    return {
        "requestId": request.id,
        "deliveryId": request.delivery_id,
        "eventId": request.event_id,
        "type": request.event_type,
    }


def answer_parts(request: ForwardedRequest, answer: LocalAnswer) -> tuple[str | Colored, ...]:
    """`10:00:00 <-- 200 order.order.created evt_… 12 ms`, in parts."""
    return (
        f"{_clock(datetime.now(UTC))} <--  ",
        Colored(result_of(answer), "green" if answer.is_success else "red"),
        f" {request.event_type} {request.event_id} {answer.duration_ms} ms",
    )


def result_of(answer: LocalAnswer) -> str:
    """The status, or a word for what went wrong."""
    return str(answer.status_code) if answer.status_code else word(answer.error or "")


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


def _print(*parts: str | Colored) -> None:
    # A type of another's making may hold a line end: one line for each.
    echo(*(part.replace("\n", " ") if isinstance(part, str) else part for part in parts))
    # Followed through a pipe, too.
    sys.stdout.flush()
