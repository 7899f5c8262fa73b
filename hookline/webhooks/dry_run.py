"""Trying a webhook: what it would be sent (a dry run), and sending it a marked sample that counts
for nothing. Called by the API.
"""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from hookline import clock, ids
from hookline.access.actor import Actor
from hookline.db.connection import faults_as_unavailable
from hookline.deliveries.queue.base import NewEvent
from hookline.errors import Code, Problem, Refused
from hookline.events.publishing import EventLimits, PublishInput, check_event
from hookline.form.fields import check_create, is_sensitive_header, slug_of
from hookline.form.filters import compile_filter
from hookline.models import Attempt, AttemptCause, Delivery, DeliveryState, Event, Webhook
from hookline.outbound.payloads import request_body
from hookline.outbound.rendering import TemplateProblem
from hookline.outbound.request_head import fixed_head
from hookline.outbound.templates import Facts, event_facts, webhook_facts
from hookline.runtime import Runtime
from hookline.webhooks.change import Values, bounds_of, sample_of
from hookline.webhooks.columns import canonical, labels_of

PATIENCE: Final = timedelta(seconds=2)
"""How much longer than the webhook's timeout a test is waited for."""
LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Sample:
    """The event to try with: one that was published, or one that is made of what is given, the rest
    by the webhook's own patterns.
    """

    event_id: UUID | None = None
    type: str | None = None
    environment: str | None = None
    data: Any = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """head: names and values, secrets as None. reasons: why the event does not match; none when it
    does.
    """

    url: str
    head: list[tuple[str, str | None]]
    body: str
    reasons: list[str]


async def dry_run(
    runtime: Runtime, actor: Actor, webhook_id: UUID | None, draft: Values | None, sample: Sample
) -> DryRun:
    """The exact request that an event would make, not sent, and whether and why (not) the event
    matches.

    Raises Refused: NOT_FOUND, the form's own problems of a draft, and INVALID for a sample or a
    template that can't be used.
    """
    form, facts = await _form(runtime, actor, webhook_id, draft)
    event = await _event(runtime, actor, form, sample)
    body = await _body(runtime, form, facts, event)
    head = fixed_head(
        form["payloadContentType"],
        ids.encode("evt", event.id),
        int(time.time()),
        None,
        f"00-{event.id.hex}-{ids.uuid7().hex[16:]}-01",
    )
    return DryRun(
        form["url"], [*head, *_own_head(form)], body.decode(errors="replace"), _reasons(form, event)
    )


async def send_test(
    runtime: Runtime, actor: Actor, webhook_id: UUID, sample: Sample
) -> tuple[Delivery, Attempt | None]:
    """Sends a marked request now, even while the webhook is off, and waits for its attempt: None
    when it has not ended in time.

    It moves neither health nor schedule. Raises Refused: NOT_FOUND, and INVALID for a sample that
    can't be used.
    """
    with faults_as_unavailable():
        webhook = await Webhook.filter(
            id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        ).first()
    if webhook is None:
        raise Refused(_not_found("webhook"))
    event = await _event(runtime, actor, canonical(webhook, runtime.vault), sample)
    now, key = clock.now(), ids.uuid7()
    async with runtime.database.unit_of_work() as work:
        if sample.event_id is None:
            columns: dict[str, Any] = {
                "type": event.type,
                "environment": event.environment,
                "data": event.data,
                "occurred_at": event.occurred_at,
            }
            await Event.create(
                id=event.id,
                workspace_id=actor.workspace_id,
                received_at=now,
                is_test=True,
                **columns,
            )
        asked: dict[str, Any] = {
            "status": DeliveryState.FAILED,
            "manual_at": now,
            "next_cause": AttemptCause.TEST,
        }
        about: dict[str, Any] = {
            "event_id": event.id,
            "event_type": event.type,
            "environment": event.environment,
        }
        await Delivery.create(
            id=key,
            workspace_id=actor.workspace_id,
            webhook_id=webhook_id,
            created_at=now,
            next_attempt_at=now,
            finished_at=now,
            **about,
            **asked,
        )
        work.after_commit(lambda: runtime.wakeups.by_hand(webhook_id))
    attempt = await _attempt_of(key, timedelta(milliseconds=webhook.timeout_ms) + PATIENCE)
    with faults_as_unavailable():
        return await Delivery.get(id=key), attempt


async def _attempt_of(delivery_id: UUID, within: timedelta) -> Attempt | None:
    until = clock.monotonic() + within.total_seconds()
    while True:
        with faults_as_unavailable():
            attempt = await Attempt.filter(delivery_id=delivery_id).first()
        if attempt is not None or clock.monotonic() > until:
            return attempt
        await asyncio.sleep(LOOK_SECONDS)


async def _form(
    runtime: Runtime, actor: Actor, webhook_id: UUID | None, draft: Values | None
) -> tuple[dict[str, Any], Facts]:
    """The canonical form to try, and what templates see of the webhook."""
    if (webhook_id is None) == (draft is None):
        raise Refused(Problem(Code.REQUIRED, "Give either id or draft.", ("id",)))
    if draft is not None:
        form, problems = check_create(
            {name: value for name, value in draft.items() if name != "slug"}, bounds_of(runtime)
        )
        if problems:
            raise Refused([problem.under("draft") for problem in problems])
        # checked: a list of labels
        labels = [(label["key"], label["value"]) for label in form["labels"]]  # type: ignore[attr-defined]
        return form, webhook_facts(
            "wh_draft",
            str(draft.get("slug") or slug_of(str(form["name"]))),
            str(form["name"]),
            labels,
        )
    with faults_as_unavailable():
        row = await Webhook.filter(
            id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        ).first()
    if row is None:
        raise Refused(_not_found("webhook"))
    facts = webhook_facts(ids.encode("wh", row.id), row.slug, row.name, labels_of(row))
    return {**canonical(row, runtime.vault), "active": row.is_live}, facts


async def _event(
    runtime: Runtime, actor: Actor, form: Mapping[str, Any], sample: Sample
) -> NewEvent:
    if sample.event_id is not None:
        with faults_as_unavailable():
            row = await Event.filter(id=sample.event_id, workspace_id=actor.workspace_id).first()
        if row is None:
            raise Refused(_not_found("event"))
        if row.data is None:
            raise Refused(
                Problem(
                    Code.DATA_EXPIRED,
                    "The event's data is older than it is kept for. Take a newer one.",
                    ("eventId",),
                )
            )
        return NewEvent(row.id, row.type, row.environment, row.data, row.occurred_at, None, None)
    event_type = sample.type or form["events"][0].replace("*", "test")
    data = await sample_of(actor.workspace_id, [event_type]) if sample.data is None else sample.data
    given = PublishInput(event_type, sample.environment or form["environments"][0], data)
    event, problems = check_event(
        given,
        clock.now(),
        EventLimits(runtime.settings.environments, runtime.settings.max_event_bytes),
    )
    if event is None:
        raise Refused(problems)
    return event


async def _body(runtime: Runtime, form: Mapping[str, Any], facts: Facts, event: NewEvent) -> bytes:
    key = ids.encode("evt", event.id)
    if not form.get("payloadTemplate"):
        return request_body(key, event.type, event.environment, event.occurred_at, event.data)
    about = event_facts(
        key,
        event.type,
        event.environment,
        clock.rfc3339(event.occurred_at),
        orjson.Fragment(event.data),
    )
    try:
        return await runtime.renderer.render(
            form["payloadTemplate"], form["payloadContentType"], about, facts
        )
    except TemplateProblem as problem:
        raise Refused(Problem(Code.INVALID, str(problem), ("payloadTemplate",))) from None


def _own_head(form: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """The webhook's own headers in the order in which they are sent, secrets as None."""
    head = [
        (header["name"], None if is_sensitive_header(header["name"]) else header["value"])
        for header in form["headers"]
    ]
    if form.get("secretHeader"):
        head.append((form["secretHeader"]["name"], None))
    return [*head, ("Authorization", None)] if form.get("basicAuth") else head


def _reasons(form: Mapping[str, Any], event: NewEvent) -> list[str]:
    reasons = [] if form["active"] else ["The webhook is off."]
    if event.environment not in form["environments"]:
        reasons.append(
            f"Its environments are {', '.join(form['environments'])}; the event's is "
            f"{event.environment}."
        )
    if not _is_matched(form["events"], event.type):
        reasons.append(f"None of its patterns matches {event.type}: {', '.join(form['events'])}.")
    if form.get("filter"):
        reasons += compile_filter(form["filter"]).reasons(
            event.type, event.environment, orjson.loads(event.data)
        )
    return reasons


def _is_matched(patterns: Sequence[str], event_type: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", "[^.]+"), event_type) for pattern in patterns
    )


def _not_found(what: str) -> Problem:
    return Problem(
        Code.NOT_FOUND, f"There is no such {what}.", ("id" if what == "webhook" else "eventId",)
    )
