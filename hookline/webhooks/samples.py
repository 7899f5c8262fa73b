"""Events to try a webhook with: sample data of the catalogue, a published event, or one made of
what is given. Called by the verbs (which try a template), the dry run and the test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from hookline import clock
from hookline.access.actor import Actor
from hookline.db.faults import faults_as_unavailable
from hookline.deliveries.queue.base import NewEvent
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.events.checking import EventLimits, PublishInput, check_event
from hookline.models import Event, EventType, Webhook
from hookline.outbound.templates import JSON, SAMPLE_EVENT
from hookline.runtime import Runtime
from hookline.webhooks.columns import Form

SAMPLE_DATA: Final = {"test": True}
TEMPLATE: Final = frozenset({"payloadTemplate", "payloadContentType"})


@dataclass(frozen=True, slots=True)
class Sample:
    """The event to try with: one that was published, or one that is made of what is given, the rest
    by the webhook's own patterns.
    """

    event_id: UUID | None = None
    type: str | None = None
    environment: str | None = None
    data: Any = None


async def payload_of(actor: Actor, webhook_id: UUID) -> dict[str, Any]:
    """The stored fields that decide about a template's rendering; empty for an unknown webhook."""
    with faults_as_unavailable():
        row = await Webhook.filter(id=webhook_id, workspace_id=actor.workspace_id).first()
    if row is None:
        return {}
    return {
        "payloadTemplate": row.payload_template,
        "payloadContentType": row.payload_content_type,
        "events": list(row.events),
    }


async def sample_of(workspace_id: UUID, patterns: Sequence[str]) -> Any:
    """Sample data of the first pattern that is a type with one in the catalogue; otherwise data
    that says that it is a test.
    """
    with faults_as_unavailable():
        found = await EventType.filter(
            workspace_id=workspace_id, name__in=list(patterns), sample__isnull=False
        )
    samples = {row.name: row.sample for row in found}
    return next((samples[pattern] for pattern in patterns if pattern in samples), SAMPLE_DATA)


async def check_template(runtime: Runtime, actor: Actor, form: Form) -> list[Problem]:
    """Problems of a template with the sample of its events: none when it renders.

    Raises Unavailable when the renderer is broken or busy.
    """
    template, content_type = form.get("payloadTemplate"), form.get("payloadContentType", JSON)
    if not template:
        return []
    data = await sample_of(actor.workspace_id, form.get("events", ()))
    fault = await runtime.renderer.check(
        template, content_type, {**SAMPLE_EVENT, "data": data}, owner=actor.workspace_id
    )
    if fault is None:
        return []
    if fault.is_ours:
        raise Unavailable(fault.message)
    return [Problem(Code.INVALID, fault.message, ("payloadTemplate",))]


async def event_of(
    runtime: Runtime, actor: Actor, form: Mapping[str, Any], sample: Sample
) -> NewEvent:
    """The event that a sample describes. form: completes the parts that the sample leaves out.

    Raises Refused: NOT_FOUND and DATA_EXPIRED for a published one, the problems of a made one.
    """
    if sample.event_id is not None:
        return await _published(actor, sample.event_id)
    # A star stands for any segment; `test` is one that reads as what it is.
    event_type = sample.type or form["events"][0].replace("*", "test")
    data = await sample_of(actor.workspace_id, [event_type]) if sample.data is None else sample.data
    given = PublishInput(event_type, sample.environment or form["environments"][0], data)
    limits = EventLimits(runtime.settings.environments, runtime.settings.max_event_bytes)
    event, problems = await check_event(given, clock.now(), limits)
    if event is None:
        raise Refused(problems)
    return event


async def _published(actor: Actor, event_id: UUID) -> NewEvent:
    with faults_as_unavailable():
        row = await Event.filter(id=event_id, workspace_id=actor.workspace_id).first()
    if row is None:
        raise Refused(not_found("event"))
    if row.data is None:
        expired = "The event's data is older than it is kept for. Take a newer one."
        raise Refused(Problem(Code.DATA_EXPIRED, expired, ("eventId",)))
    return NewEvent(row.id, row.type, row.environment, row.data, row.occurred_at, None, None)


def not_found(what: str) -> Problem:
    return Problem(
        Code.NOT_FOUND, f"There is no such {what}.", ("id" if what == "webhook" else "eventId",)
    )
