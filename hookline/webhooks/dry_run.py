"""The dry run of a webhook or a draft: the exact request that an event would make, not sent, and
why the event does (not) match. Called by the API; writes nothing.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from hookline import clock, ids
from hookline.access.actor import Actor
from hookline.db.faults import faults_as_unavailable
from hookline.deliveries.queue.base import NewEvent
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.form.check import check_create, check_update, check_whole, slug_of
from hookline.form.filter_work import AskedEvent
from hookline.form.webhook_kinds import is_sensitive_header
from hookline.models import Webhook
from hookline.outbound.payloads import request_body
from hookline.outbound.rendering import RenderFault
from hookline.outbound.request_head import fixed_head
from hookline.outbound.templates import Facts, event_facts, webhook_facts
from hookline.runtime import Runtime
from hookline.webhooks.columns import canonical, with_stored_parts
from hookline.webhooks.match_reasons import match_reasons
from hookline.webhooks.samples import Sample, event_of, not_found
from hookline.webhooks.saving import Values, bounds_of


@dataclass(frozen=True, slots=True)
class Tried:
    """The webhook to try: one that is stored, with changes of it or without, or a draft. Its fields
    have the API's names.
    """

    webhook_id: UUID | None = None
    changes: Values | None = None
    draft: Values | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """head: names and values, secrets as None. reasons: why the event does not match; none when it
    does.
    """

    url: str
    head: list[tuple[str, str | None]]
    body: str
    reasons: list[str]


async def dry_run(runtime: Runtime, actor: Actor, tried: Tried, sample: Sample) -> DryRun:
    """The exact request that an event would make, not sent, and whether and why (not) the event
    matches.

    Raises Refused: NOT_FOUND, the form's own problems of a draft or of changes, and INVALID for a
    sample or a template that can't be used.
    """
    form, facts = await _form(runtime, actor, tried)
    event = await event_of(runtime, actor, form, sample)
    body = await _body(runtime, actor, form, facts, event)
    # As the sender makes it: the event's id, so that all attempts of an event are one trace.
    trace = f"00-{event.id.hex}-{ids.uuid7().hex[16:]}-01"
    # Without a signature: nobody is to hold one for a request that was never sent.
    head = fixed_head(
        form["payloadContentType"], ids.encode("evt", event.id), int(time.time()), None, trace
    )
    shown = body.decode(errors="replace")
    # In a thread: the sentences of nested groups ask the filter again at each level.
    reasons = await asyncio.to_thread(_reasons, form, event)
    return DryRun(form["url"], [*head, *_own_head(form)], shown, reasons)


async def _form(runtime: Runtime, actor: Actor, tried: Tried) -> tuple[dict[str, Any], Facts]:
    """The canonical form to try, and the facts about the webhook that templates see."""
    given, problems = check_update(tried.changes or {}, bounds_of(runtime))
    wrong = [problem.under("changes") for problem in problems]
    if (tried.webhook_id is None) == (tried.draft is None):
        raise Refused([Problem(Code.REQUIRED, "Give either id or draft.", ("id",)), *wrong])
    if tried.draft is not None:
        if tried.changes is not None:
            message = "Changes are of the webhook that id names: put them into the draft."
            raise Refused([Problem(Code.INVALID, message, ("changes",)), *wrong])
        return _drafted(runtime, tried.draft)
    with faults_as_unavailable():
        row = await Webhook.filter(
            id=tried.webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        ).first()
    if row is None:
        raise Refused([not_found("webhook"), *wrong])
    form = _changed(runtime, row, given)
    wrong += [problem.under("changes") for problem in check_whole(form, given)]
    if wrong:
        raise Refused(wrong)
    labels = [(label["key"], label["value"]) for label in form["labels"]]
    return form, webhook_facts(ids.encode("wh", row.id), row.slug, form["name"], labels)


def _changed(runtime: Runtime, row: Webhook, given: Values) -> dict[str, Any]:
    """The stored form with what is given. Stored secrets are fingerprints: none is opened for a dry
    run. Their origin is not asked for, as nothing is sent.
    """
    # Also off when it was turned off by itself, whatever its wanted state.
    stored = {**canonical(row, runtime.vault), "active": row.is_on}
    return {**stored, **with_stored_parts(given, stored)}


def _drafted(runtime: Runtime, draft: Values) -> tuple[dict[str, Any], Facts]:
    given = {name: value for name, value in draft.items() if name != "slug"}
    checked, problems = check_create(given, bounds_of(runtime))
    if problems:
        raise Refused([problem.under("draft") for problem in problems])
    # Of the kinds in the table of fields.
    form: dict[str, Any] = checked
    labels = [(label["key"], label["value"]) for label in form["labels"]]
    slug = str(draft.get("slug") or slug_of(form["name"]))
    return form, webhook_facts("wh_draft", slug, form["name"], labels)


async def _body(
    runtime: Runtime, actor: Actor, form: Mapping[str, Any], facts: Facts, event: NewEvent
) -> bytes:
    key = ids.encode("evt", event.id)
    if not form.get("payloadTemplate"):
        return request_body(key, event.type, event.environment, event.occurred_at, event.data)
    about = event_facts(
        key,
        event.type,
        event.environment,
        clock.rfc3339(event.occurred_at),
        # The stored text as it is: numbers and the order of keys stay.
        orjson.Fragment(event.data),
    )
    body = await runtime.renderer.render(
        form["payloadTemplate"], form["payloadContentType"], about, facts, actor.workspace_id
    )
    if not isinstance(body, RenderFault):
        return body
    if body.is_ours:
        raise Unavailable(body.message)
    raise Refused(Problem(Code.INVALID, body.message, ("payloadTemplate",)))


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
    asked = AskedEvent(event.type, event.environment, orjson.loads(event.data))
    return match_reasons(form, event.type, event.environment, asked)
