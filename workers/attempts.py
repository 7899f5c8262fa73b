"""A leased delivery's request, and the log's row made of its answer. Called by delivering for
every attempt; no I/O.
"""

import asyncio
import math
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from hookline import ids
from hookline.deliveries.histogram import bucket_of
from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery
from hookline.deliveries.retries import (
    RETRY_AFTER_LIMIT,
    SUCCESS,
    AttemptError,
    Verdict,
    retry_verdict,
)
from hookline.deliveries.target import Target
from hookline.models import AttemptCause, AttemptOutcome, DeliveryState
from hookline.outbound.echoes import forms_of, is_short, without_secrets
from hookline.outbound.request_head import fixed_head
from hookline.outbound.signing import sign
from hookline.outbound.templates import JSON
from workers.answers import ReceiverAnswer
from workers.sending import OutboundRequest

# For nearly every attempt. A look at an enum's member is a call in Python 3.11.
_TEST, _PUBLISH = AttemptCause.TEST, AttemptCause.PUBLISH
_SUCCEEDED, _FAILED = AttemptOutcome.SUCCEEDED, AttemptOutcome.FAILED
_DELIVERED: Final = DeliveryState.SUCCEEDED
_AT_ONCE_LOOKS: Final = 100
"""Secrets times headers that are looked through on the loop, in at most 30 ms."""
_BODY_HEADERS: Final = 10
"""Headers that take as long as a body."""


class RunningAttempt:
    """One attempt of a delivery at a webhook as it is now. began: monotonic seconds.
    message_id: the event's, the same for all attempts.
    """

    def __init__(self, row: ClaimedDelivery, target: Target, began: float) -> None:
        self._row, self._target, self._began = row, target, began
        self._id = ids.uuid7()
        self.message_id = ids.encode("evt", row.event_id)
        self._head: list[tuple[str, str]] = []

    @property
    def delivery_id(self) -> UUID:
        return self._row.id

    def request(self, body: bytes, content_type: str | None = None) -> OutboundRequest:
        """The signed request (Standard Webhooks; the trace is the event's, the span the attempt's,
        W3C Trace Context).

        Raises HooklineError when a secret of the webhook can't be opened (workers/local_faults.py).
        """
        row, parts = self._row, self._target.request_parts
        # One timestamp for choosing the keys, for the header and for the signature: receivers sign
        # what the header says.
        message_id, timestamp = self.message_id, int(time.time())
        signature = sign(parts.keys_at(timestamp), message_id, timestamp, body)
        # All attempts of an event share its trace; the last 16 hex digits of the attempt's key are
        # random and make the span.
        trace = f"00-{row.event_id.hex}-{self._id.hex[16:]}-01"
        is_test = row.next_cause == _TEST
        content_type = content_type or JSON
        self._head = fixed_head(content_type, message_id, timestamp, signature, trace, is_test)
        headers = [*self._head, *parts.headers]
        timeout_seconds = self._target.timeout_seconds
        return OutboundRequest(self._target.url, headers, body, timeout_seconds, row.id)

    @property
    def _secrets(self) -> tuple[str, ...]:
        return self._target.request_parts.secrets if self._head else ()

    async def judge(self, answer: ReceiverAnswer) -> AttemptResult:
        """Returns `result`. Others run meanwhile where much is looked for in the answer."""
        secrets = self._secrets
        # 20 secrets in 100 headers with escapes of JSON take 0.2 s, a usual webhook's in a usual
        # answer 10 us (2026-11).
        looks = len(secrets) * (len(answer.headers) + _BODY_HEADERS)
        if looks <= _AT_ONCE_LOOKS and is_short(secrets):
            return self.result(answer)
        return await asyncio.to_thread(self.result, answer)

    def result(self, answer: ReceiverAnswer) -> AttemptResult:
        """Returns what the log and the delivery's state become."""
        row, target = self._row, self._target
        # The receiver's status line alone decides; a body that is broken or endless changes no
        # verdict.
        error, message = _error_of(answer)
        verdict = self._verdict(answer, error)
        state, wait, step = _next_state(verdict, row.step, row.is_manual)
        # An attempt by hand moves no schedule, so nothing that it is asked is done.
        if message and verdict.asked and wait is not None:
            message = f"{message[:-1]} and asked to wait {_asked(verdict.asked)}."
        response_headers, response_body = self._logged_answer(answer)
        # In their order: by names they took 1 % of a worker's CPU (2026-11).
        return AttemptResult(
            row.id,
            row.number,
            row.webhook_id,
            row.event_id,
            row.event_type,
            row.environment,
            self._id,
            target.version,
            _SUCCEEDED if verdict.is_success else _FAILED,
            _cause(row),
            state,
            wait,
            step,
            answer.status_code,
            error,
            message,
            self._began,
            answer.duration_ms,
            target.url,
            self._masked_headers(),
            response_headers,
            response_body,
            answer.is_truncated,
            bucket_of(answer.duration_ms),
        )

    def _verdict(self, answer: ReceiverAnswer, error: str | None) -> Verdict:
        # Most often, and neither the clock nor chance has a say in it.
        if error is None:
            return SUCCESS
        # Heard on these two only; any other answer could stretch the schedule with it.
        retry_after = _header(answer, "retry-after") if answer.status_code in (429, 503) else None
        now, schedule, step = datetime.now(UTC), self._target.schedule, self._row.step
        return retry_verdict(
            answer.status_code, error, retry_after, now, schedule, step, random.random()
        )

    def _masked_headers(self) -> str | None:
        """The request's headers for the log; None when none was made."""
        if not self._head:
            return None
        return orjson.dumps([*self._head, *self._target.request_parts.masked]).decode()

    def _logged_answer(self, answer: ReceiverAnswer) -> tuple[str | None, bytes | None]:
        """The answer's headers and body for the log, without the secrets of a request that the
        receiver sent back.
        """
        headers, body = answer.headers, answer.body
        if self._secrets and self._may_tell(answer):
            forms = forms_of(self._secrets)
            # Each by itself, as JSON would give the secrets in them one more form.
            headers = [
                (name, without_secrets(value.encode("latin-1"), forms).decode("latin-1"))
                for name, value in headers
            ]
            body = without_secrets(body, forms, answer.is_truncated)
        return orjson.dumps(headers).decode() if headers else None, body or None

    def _may_tell(self, answer: ReceiverAnswer) -> bool:
        """False when nothing of the answer is to be masked, as nearly always: one look at all of it
        says so.
        """
        values = "\n".join([value for _, value in answer.headers])
        whole = values.encode("latin-1") + b"\n" + answer.body
        return answer.is_truncated or without_secrets(whole, forms_of(self._secrets)) != whole

    def unsendable(self, error: AttemptError, message: str) -> AttemptResult:
        """Returns the failed attempt of a request that could not be made, with the reason."""
        return self.result(ReceiverAnswer(None, 0, error=error, error_message=message))


def _asked(asked: timedelta) -> str:
    if asked > RETRY_AFTER_LIMIT:
        hours = RETRY_AFTER_LIMIT // timedelta(hours=1)
        return f"more than {hours} hours, of which {hours} are waited"
    return f"{math.ceil(asked.total_seconds()):,} s"


def _cause(row: ClaimedDelivery) -> AttemptCause:
    if row.next_cause is not None:
        return AttemptCause(row.next_cause)
    return (
        AttemptCause.MANUAL if row.is_manual else _PUBLISH if row.step == 0 else AttemptCause.RETRY
    )


def _next_state(
    verdict: Verdict, step: int, is_manual: bool
) -> tuple[DeliveryState, float | None, int]:
    """The delivery's state, seconds until the next attempt and used steps; what was asked for by
    hand does not move the schedule.
    """
    if verdict.is_success:
        return _DELIVERED, None, step
    if is_manual:
        # OPEN, though it may have ended before: the record's fence changes a finished delivery by a
        # manual success only.
        return DeliveryState.OPEN, None, step
    if verdict.wait is None:
        return DeliveryState.FAILED, None, step + 1
    return DeliveryState.OPEN, verdict.wait.total_seconds(), step + 1


def _error_of(answer: ReceiverAnswer) -> tuple[str | None, str | None]:
    code = answer.status_code
    if code is None:
        return answer.error, answer.error_message
    if 200 <= code < 300:
        return None, None
    if 300 <= code < 400:
        return (
            AttemptError.STATUS,
            f"The receiver answered {code}. Redirects are not followed; give the webhook the "
            "final URL.",
        )
    return AttemptError.STATUS, f"The receiver answered {code}."


def _header(answer: ReceiverAnswer, name: str) -> str | None:
    return next((value for key, value in answer.headers if key.lower() == name), None)
