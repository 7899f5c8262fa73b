"""What people do with webhooks: create, update, switch, delete, reveal, release. Called by the API;
the sync writes rows by itself.

Each verb is one transaction: the row is locked, everything that is wrong is told at once, and a
change ends with match version and activity.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import Kind, append_activity, bump_match_version
from hookline.db.connection import Work, faults_as_unavailable
from hookline.deliveries import jobs
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.form.fields import (
    Bounds,
    check_create,
    check_slug,
    check_update,
    check_whole,
    slug_of,
)
from hookline.models import EventType, Webhook
from hookline.outbound import signing
from hookline.outbound.rendering import TemplateProblem
from hookline.outbound.templates import JSON, SAMPLE_EVENT
from hookline.runtime import Runtime
from hookline.webhooks.columns import Form, canonical, columns, fingerprinted

__all__ = [
    "Force",
    "bounds_of",
    "canonical",
    "columns",
    "create",
    "delete",
    "release",
    "set_active",
    "update",
]

log = logging.getLogger(__name__)

FORCE_SCOPE: Final = "webhooks:force"
RESETS_HEALTH: Final = frozenset(
    {"url", "headers", "secretHeader", "basicAuth", "signingSecret", "signingAlgorithm"}
)
"""A change of these may have mended what failed: the count of failures begins anew."""
HEALTH_RESET: Final = {"consecutive_failures": 0, "failing_since": None, "consecutive_gone": 0}
"""Columns of a webhook whose failures count anew."""
TURNED_ON: Final = {**HEALTH_RESET, "auto_disabled_at": None, "auto_disabled_reason": None}
"""Columns of a webhook that goes on, also after it was turned off by itself."""
SAMPLE_DATA: Final = {"test": True}
TEMPLATE: Final = frozenset({"payloadTemplate", "payloadContentType"})
REASON_LENGTH: Final = 1_000
SLUG_LENGTH: Final = 63
SLUG_TRIES: Final = 20
SIGNED: Final = ("version", "modified_at", "modified_by")
SYNC_COLUMNS: Final = (
    "sync_set",
    "sync_file",
    "sync_line",
    "sync_commit",
    "sync_applied",
    "sync_removed_at",
)

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

Values = Mapping[str, Any]  # an input by the API's field names


@dataclass(frozen=True, slots=True)
class Force:
    """A break-glass wish: change by hand what a YAML file owns. Counts only with a reason and the
    scope webhooks:force.
    """

    is_wanted: bool = False
    reason: str | None = None


NO_FORCE: Final = Force()


async def create(runtime: Runtime, actor: Actor, values: Values) -> Webhook:
    """Makes a webhook. values: the fields of the form, and `slug`, which is made from the name when
    left out.

    Raises Refused with all that is wrong: TAKEN for a given slug, and the form's own problems.
    """
    bounds = bounds_of(runtime)
    for _ in range(SLUG_TRIES):
        form, problems = check_create(
            {name: value for name, value in values.items() if name != "slug"}, bounds
        )
        problems += await _check_template(runtime, actor, form)
        try:
            async with runtime.database.unit_of_work() as work:
                slug = await _slug(
                    actor.workspace_id, values.get("slug"), str(form.get("name") or ""), problems
                )
                if problems:
                    raise Refused(problems)
                webhook = _new(runtime, actor, slug, form)
                await webhook.save(force_create=True)
                whole = {"slug": slug, **canonical(webhook, runtime.vault)}
                await audit.record(
                    actor.workspace_id,
                    webhook.created_by,
                    "webhook.create",
                    ("wh", webhook.id),
                    None,
                    whole,
                )
                await finish(runtime, work, webhook, [Kind.WEBHOOK_CREATED])
                return webhook
        except IntegrityError:
            continue  # another creator committed the same slug meanwhile: look again
    raise Unavailable("Too many webhooks of this name are being made at once. Try again.")


async def update(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    values: Values,
    if_version: int | None = None,
    force: Force = NO_FORCE,
    deliver_missed: bool = False,
) -> Webhook:
    """Changes what is given: left out stays as it was, None goes back to the default. Equal values
    change nothing and bump nothing.

    Raises Refused with all that is wrong: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED, and the
    form's own problems.
    """
    given, problems = check_update(values, bounds_of(runtime))
    problems += _check_reason(force)
    if TEMPLATE & given.keys():  # before the transaction: it takes its time
        problems += await _check_template(
            runtime, actor, {**await _payload_of(actor, webhook_id), **given}
        )
    async with runtime.database.unit_of_work() as work:
        webhook = await locked(actor, webhook_id, if_version, problems)
        stored = canonical(webhook, runtime.vault)
        changed = _changed(given, stored, runtime)
        problems += check_whole({**stored, **changed})
        problems += check_owner(actor, webhook, owned(webhook, changed), force)
        if given.get("active") is True and webhook.auto_disabled_at is not None:
            changed["active"] = (
                True  # what people want has not changed, but only this turns it on again
            )
        if problems:
            raise Refused(problems)
        if changed:
            before = {name: stored[name] for name in changed}
            await _change(
                runtime,
                work,
                actor,
                webhook,
                {name: given[name] for name in changed},
                force,
                deliver_missed,
                before,
            )
    return webhook


async def set_active(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    is_active: bool,
    if_version: int | None = None,
    force: Force = NO_FORCE,
    deliver_missed: bool = False,
) -> Webhook:
    """Turns a webhook on or off. Nothing begins later than a second after it is off; what is open
    is held.

    deliver_missed: when it is turned on, a job delivers what was published since it went off.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED.
    """
    return await update(
        runtime, actor, webhook_id, {"active": is_active}, if_version, force, deliver_missed
    )


async def delete(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    if_version: int | None = None,
    force: Force = NO_FORCE,
) -> Webhook:
    """Deletes a webhook for good; its log stays. The engine's sweep cancels what is open.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED.
    """
    problems = _check_reason(force)
    async with runtime.database.unit_of_work() as work:
        webhook = await locked(actor, webhook_id, if_version, problems)
        problems += check_owner(actor, webhook, [("id",)] if webhook.sync_set else [], force)
        if problems:
            raise Refused(problems)
        webhook.deleted_at = clock.now()
        sign(webhook, actor, force)
        await webhook.save(update_fields=["deleted_at", *SIGNED])
        gone = {"slug": webhook.slug, **canonical(webhook, runtime.vault)}
        await audit.record(
            actor.workspace_id,
            webhook.modified_by,
            "webhook.delete",
            ("wh", webhook.id),
            gone,
            None,
        )
        await finish(runtime, work, webhook, [Kind.WEBHOOK_DELETED])
    return webhook


async def release(runtime: Runtime, actor: Actor, webhook_id: UUID) -> Webhook:
    """Hands a webhook that a YAML file owns back to people, as it is. One that no file owns stays
    as it is.

    Raises Refused: NOT_FOUND.
    """
    async with runtime.database.unit_of_work() as work:
        webhook = await locked(actor, webhook_id, None, [])
        if webhook.sync_set:
            owner = {"managedBy": webhook.sync_set}
            webhook.update_from_dict(dict.fromkeys(SYNC_COLUMNS))
            sign(webhook, actor, NO_FORCE)
            await webhook.save(update_fields=[*SYNC_COLUMNS, *SIGNED])
            await audit.record(
                actor.workspace_id,
                webhook.modified_by,
                "webhook.release",
                ("wh", webhook.id),
                owner,
                {"managedBy": None},
            )
            await finish(runtime, work, webhook, [Kind.WEBHOOK_UPDATED])
    return webhook


def bounds_of(runtime: Runtime) -> Bounds:
    """What this installation lets a webhook have."""
    return Bounds(runtime.settings.environments, runtime.addresses, runtime.settings.mail_domains)


def _new(runtime: Runtime, actor: Actor, slug: str, form: Form) -> Webhook:
    key, now = ids.uuid7(), clock.now()
    whole = {
        **form,
        "signingSecret": form.get("signingSecret") or signing.new_secret(form["signingAlgorithm"]),
    }
    by = _signature(actor, NO_FORCE)
    made = columns(whole, key, actor.workspace_id, runtime.vault)
    return Webhook(
        id=key,
        workspace_id=actor.workspace_id,
        slug=slug,
        created_at=now,
        created_by=by,
        modified_at=now,
        modified_by=by,
        **made,
    )


async def _slug(workspace_id: UUID, given: str | None, name: str, problems: list[Problem]) -> str:
    """The slug to use: the given one, or the first free one that the name suggests. A given one
    that can't be had is noted.
    """
    base = given if given is not None else slug_of(name)
    if given is not None and (wrong := check_slug(given)):
        problems += wrong
        return base
    living = Webhook.filter(workspace_id=workspace_id, deleted_at__isnull=True)
    if not await living.filter(slug=base).exists():
        return base
    if given is not None:
        problems.append(
            Problem(
                Code.TAKEN,
                f"Another webhook has the slug {given}. Choose another one, or leave it out.",
                ("slug",),
            )
        )
        return base
    # a suffix may push the end of a long base out, so all that begin like its shortest form are
    # looked at
    rows = await living.filter(slug__startswith=base[: SLUG_LENGTH - 12]).values_list(
        "slug", flat=True
    )
    taken = set(map(str, rows))
    return next(
        slug
        for number in range(2, len(taken) + 3)
        if (slug := _numbered(base, number)) not in taken
    )


def _numbered(base: str, number: int) -> str:
    suffix = f"-{number}"
    return base[: SLUG_LENGTH - len(suffix)].rstrip("-") + suffix


async def locked(
    actor: Actor, webhook_id: UUID, if_version: int | None, problems: list[Problem]
) -> Webhook:
    """The living webhook, locked to the end of the transaction. A version that is not the expected
    one is noted.

    Raises Refused: what was noted before, and NOT_FOUND.
    """
    webhook = (
        await Webhook.filter(
            id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        )
        .select_for_update()
        .first()
    )
    if webhook is None:
        raise Refused([not_found(), *problems])
    if if_version is not None and webhook.version != if_version:
        who = webhook.modified_by["name"]
        message = (
            f"The webhook has version {webhook.version} by now, changed by {who}. Read it "
            "again, then repeat the change with that version."
        )
        problems.append(Problem(Code.VERSION_CONFLICT, message, ("ifVersion",)))
    return webhook


def not_found() -> Problem:
    return Problem(
        Code.NOT_FOUND,
        "There is no such webhook, or it was deleted. The query `webhooks` lists those that are "
        "there.",
        ("id",),
    )


async def _payload_of(actor: Actor, webhook_id: UUID) -> dict[str, Any]:
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


async def _check_template(runtime: Runtime, actor: Actor, form: Form) -> list[Problem]:
    """What keeps a template from rendering the sample."""
    template, content_type = form.get("payloadTemplate"), form.get("payloadContentType", JSON)
    if not template:
        return []
    try:
        await runtime.renderer.check(
            template,
            content_type,
            {**SAMPLE_EVENT, "data": await sample_of(actor.workspace_id, form.get("events", ()))},
        )
    except TemplateProblem as problem:
        return [Problem(Code.INVALID, str(problem), ("payloadTemplate",))]
    return []


def _changed(given: Form, stored: Form, runtime: Runtime) -> dict[str, Any]:
    """The given fields that differ from the stored ones, secrets as fingerprints; what a given
    record leaves out is the stored one's.
    """
    wanted = fingerprinted(given, runtime.vault)
    for name in ("secretHeader", "basicAuth"):
        if wanted.get(name) and stored[name]:
            wanted[name] = {**stored[name], **wanted[name]}
    return {name: value for name, value in wanted.items() if value != stored[name]}


def owned(webhook: Webhook, changed: Form) -> list[tuple[str, ...]]:
    """Paths of the changed fields that a YAML file owns."""
    owned = webhook.sync_applied if webhook.sync_set and webhook.sync_applied else {}
    return [(name,) for name in changed if name in owned]


def check_owner(
    actor: Actor, webhook: Webhook, held: list[tuple[str, ...]], force: Force
) -> list[Problem]:
    """What keeps a person from a change of what a YAML file owns. held: paths of the input that
    touch it.
    """
    if not held:
        return []
    if not force.is_wanted:
        return [Problem(Code.FIELD_MANAGED, _owner_sentence(webhook), path) for path in held]
    problems = []
    if not (force.reason or "").strip():
        problems.append(
            Problem(
                Code.REQUIRED,
                "Say why a webhook that a YAML file owns is changed by hand.",
                ("reason",),
            )
        )
    if FORCE_SCOPE not in actor.scopes:
        problems.append(
            Problem(
                Code.NOT_ALLOWED,
                f"This token may not force a change: it lacks the scope {FORCE_SCOPE}.",
                ("force",),
            )
        )
    return problems


def _check_reason(force: Force) -> list[Problem]:
    reason = force.reason or ""
    if len(reason) > REASON_LENGTH:
        return [
            Problem(
                Code.TOO_LONG,
                f"A reason is at most {REASON_LENGTH:,} characters long.",
                ("reason",),
            )
        ]
    if _UNPRINTABLE.search(reason):
        return [
            Problem(
                Code.INVALID,
                "A reason must not hold control characters or broken surrogates.",
                ("reason",),
            )
        ]
    return []


def _owner_sentence(webhook: Webhook) -> str:
    place = f", {webhook.sync_file}:{webhook.sync_line}" if webhook.sync_file else ""
    commit = f", commit {webhook.sync_commit[:12]}" if webhook.sync_commit else ""
    return (
        f'The set "{webhook.sync_set}"{place}{commit} owns this. Change it there, release the '
        "webhook, or pass force: true with a reason."
    )


async def _change(
    runtime: Runtime,
    work: Work,
    actor: Actor,
    webhook: Webhook,
    given: Form,
    force: Force,
    deliver_missed: bool,
    before: Form,
) -> None:
    """Writes what really changes, with all that follows from it."""
    made = columns(given, webhook.id, webhook.workspace_id, runtime.vault)
    is_turned_on = made.get("is_active") is True
    if is_turned_on or RESETS_HEALTH & given.keys():
        made.update(TURNED_ON if is_turned_on else HEALTH_RESET)
    webhook.update_from_dict(made)
    sign(webhook, actor, force)
    await webhook.save(update_fields=[*made, *SIGNED])
    after = fingerprinted(given, runtime.vault)
    await audit.record(
        actor.workspace_id, webhook.modified_by, "webhook.update", ("wh", webhook.id), before, after
    )
    if is_turned_on and deliver_missed and (off_since := await jobs.last_pause(work, webhook.id)):
        await jobs.begin(
            work,
            runtime.enqueuer,
            actor,
            webhook.id,
            jobs.Which.MISSED,
            off_since - jobs.SLACK,
            clock.now(),
        )
    kinds = [Kind.WEBHOOK_UPDATED] if given.keys() - {"active"} else []
    if "active" in given:
        kinds.append(Kind.WEBHOOK_ACTIVATED if is_turned_on else Kind.WEBHOOK_DEACTIVATED)
    await finish(runtime, work, webhook, kinds)


def _signature(actor: Actor, force: Force) -> dict[str, str]:
    """Who did it, as the row keeps it; with the reason when it was forced."""
    return (
        {**actor.stored, "reason": force.reason.strip()}
        if force.is_wanted and force.reason
        else actor.stored
    )


def sign(webhook: Webhook, actor: Actor, force: Force) -> None:
    webhook.version += 1
    webhook.modified_at = clock.now()
    webhook.modified_by = _signature(actor, force)


async def finish(runtime: Runtime, work: Work, webhook: Webhook, kinds: list[Kind]) -> None:
    """The last statements: matching and sending must know, whoever follows must hear."""
    await bump_match_version(work, runtime.hub, webhook.workspace_id)
    await append_activity(
        work, runtime.hub, webhook.workspace_id, [(kind, webhook.id, webhook.id) for kind in kinds]
    )
