"""Updates webhooks, turns them on and off, deletes and releases them. Called by the API.

Each verb is one transaction: the row is locked, all problems are told at once, and a change ends
with match version and activity. The sync writes rows by itself.
"""

from typing import Any, Final, NamedTuple
from uuid import UUID

from hookline import clock
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport
from hookline.db.connection import UnitOfWork
from hookline.deliveries import jobs, pauses
from hookline.errors import Code, Refused
from hookline.form.check import check_update, check_whole
from hookline.form.equality import is_identical, means_same
from hookline.form.kinds import FieldProblem
from hookline.form.origins import given_secrets, left_behind
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.columns import (
    Form,
    canonical,
    columns,
    fingerprinted,
    with_kept_secrets,
    with_stored_parts,
)
from hookline.webhooks.ownership import (
    NO_FORCE,
    Force,
    check_owner,
    check_reason,
    drift_report,
    owned,
)
from hookline.webhooks.samples import TEMPLATE, check_template, payload_of
from hookline.webhooks.saving import (
    HEALTH_RESET,
    MODIFIED_COLUMNS,
    RESETS_HEALTH,
    TURN_ON_VALUES,
    Values,
    announce_change,
    bounds_of,
    check_listener,
    lock_webhook,
    stamp_modified,
)

SYNC_COLUMNS: Final = (
    "sync_set",
    "sync_file",
    "sync_line",
    "sync_commit",
    "sync_applied",
    "sync_ignored",
    "sync_version",
    "sync_removed_at",
)
ON_ALREADY: Final = (
    "The webhook was on already, so deliverMissed did nothing. What it missed while it was off is "
    "sent by deliveriesRetry with which: MISSED and the time since when."
)


async def update_webhook(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    values: Values,
    if_version: int | None = None,
    force: Force = NO_FORCE,
) -> Webhook:
    """Changes the given fields: left out stays as it was, None goes back to the default. Equal
    values change nothing, and the version stays.

    Raises Refused with all that is wrong: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED, REQUIRED for
    each secret that would go to another origin (unless the actor may read secrets), and the form's
    own problems.
    """
    return (await _update(runtime, actor, webhook_id, values, if_version, force)).webhook


class Updated(NamedTuple):
    """is_turned_on: the webhook was off before."""

    webhook: Webhook
    is_turned_on: bool


async def _update(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    values: Values,
    if_version: int | None,
    force: Force,
    deliver_missed: bool = False,
) -> Updated:
    given, problems = check_update(values, bounds_of(runtime))
    problems += check_reason(force)
    # Before the transaction: a child process renders, and nobody is to wait for the row meanwhile.
    if TEMPLATE & given.keys():
        whole = {**await payload_of(actor, webhook_id), **given}
        problems += await check_template(runtime, actor, whole)
    async with runtime.database.unit_of_work() as work:
        webhook = await lock_webhook(actor, webhook_id, if_version, problems)
        stored = canonical(webhook, runtime.vault)
        # Under the lock, so that the version and the audit entry tell exactly what has changed.
        changed = _changed(webhook, given, stored, runtime)
        prints = fingerprinted(given, runtime.vault.fingerprint)
        problems += _check_change(actor, stored, changed, prints)
        problems += check_owner(actor, webhook, _held(actor, webhook, changed, prints), force)
        problems += check_listener(webhook)
        if given.get("active") is True and webhook.auto_disabled_at is not None:
            # the stored wish is "on" already, but only this turns the webhook on again
            changed["active"] = True
        problems += _check_missed(given) if deliver_missed else []
        if problems:  # only now: whatever is wrong is told at once
            raise Refused(problems)
        if changed:
            written = {name: given[name] for name in changed}
            before = {name: stored[name] for name in changed}
            await _write(runtime, actor, webhook, written, force, before, changed)
            # In the same transaction: the pause that has just ended says what was missed.
            if deliver_missed and changed.get("active") is True:
                await _deliver_missed(runtime, work, actor, webhook)
            drift = _drift(actor, webhook, changed, force)
            await announce_change(runtime, work, webhook, _kinds(written), drift)
    return Updated(webhook, changed.get("active") is True)


class Switched(NamedTuple):
    """notice: a sentence about what was asked for and did nothing."""

    webhook: Webhook
    notice: str | None


async def set_webhook_active(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    is_active: bool,
    if_version: int | None = None,
    force: Force = NO_FORCE,
    deliver_missed: bool = False,
) -> Switched:
    """Turns a webhook on or off. No attempt begins later than a second after it is off; open
    deliveries are held.

    deliver_missed: when it is turned on, a job delivers what was published since it went off. Where
    it was on already nothing is done, and the notice says so: whoever repeats a request whose
    answer was lost has what they wanted.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED, NOT_ALLOWED for deliver_missed when
    it is to be turned off.
    """
    values = {"active": is_active}
    updated = await _update(runtime, actor, webhook_id, values, if_version, force, deliver_missed)
    is_idle = deliver_missed and not updated.is_turned_on
    return Switched(updated.webhook, ON_ALREADY if is_idle else None)


async def delete_webhook(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    if_version: int | None = None,
    force: Force = NO_FORCE,
) -> Webhook:
    """Deletes a webhook for good; its log stays. The engine's sweep cancels what is open.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED.
    """
    problems = check_reason(force)
    async with runtime.database.unit_of_work() as work:
        webhook = await lock_webhook(actor, webhook_id, if_version, problems)
        problems += check_owner(actor, webhook, [("id",)] if webhook.sync_set else [], force)
        if problems:
            raise Refused(problems)
        await end_webhook(runtime, work, actor, webhook, force)
    return webhook


async def end_webhook(
    runtime: Runtime, work: UnitOfWork, actor: Actor, webhook: Webhook, force: Force = NO_FORCE
) -> None:
    """Deletes a webhook that is locked: the last statements of the transaction."""
    # Kept, as its log is read until retention takes both; the engine's sweep cancels in batches.
    webhook.deleted_at = clock.now()
    # Nobody is told any more of what failed before.
    webhook.exhausted_count = 0
    stamp_modified(webhook, actor, force)
    await webhook.save(update_fields=["deleted_at", "exhausted_count", *MODIFIED_COLUMNS])
    gone = {"slug": webhook.slug, **canonical(webhook, runtime.vault)}
    at = ("wh", webhook.id)
    await audit.record(actor.workspace_id, webhook.modified_by, "webhook.delete", at, gone, None)
    is_in_file = webhook.sync_set is not None and webhook.sync_removed_at is None
    drift = drift_report(actor, webhook, "was deleted", force) if is_in_file else None
    await announce_change(runtime, work, webhook, [ActivityKind.WEBHOOK_DELETED], drift)


async def release_webhook(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    if_version: int | None = None,
    force: Force = NO_FORCE,
) -> Webhook:
    """Hands a webhook that a YAML file owns back to people, as it is. Forced, unless it has left
    the file. One that no file owns stays as it is.

    Raises Refused: NOT_FOUND, VERSION_CONFLICT, FIELD_MANAGED.
    """
    problems = check_reason(force)
    async with runtime.database.unit_of_work() as work:
        webhook = await lock_webhook(actor, webhook_id, if_version, problems)
        # Otherwise a release would do without force what a change of the same fields may not.
        is_held = bool(webhook.sync_set) and webhook.sync_removed_at is None
        problems += check_owner(actor, webhook, [("id",)] if is_held else [], force)
        if problems:
            raise Refused(problems)
        if webhook.sync_set:
            owner = {"managedBy": webhook.sync_set}
            webhook.update_from_dict(dict.fromkeys(SYNC_COLUMNS))
            stamp_modified(webhook, actor, force)
            await webhook.save(update_fields=[*SYNC_COLUMNS, *MODIFIED_COLUMNS])
            await audit.record(
                actor.workspace_id,
                webhook.modified_by,
                "webhook.release",
                ("wh", webhook.id),
                owner,
                {"managedBy": None},
            )
            await announce_change(runtime, work, webhook, [ActivityKind.WEBHOOK_UPDATED])
    return webhook


def _check_change(actor: Actor, stored: Form, changed: Form, given: Form) -> list[FieldProblem]:
    whole = {**stored, **changed}
    # An editor would read a stored secret by pointing the URL at a server of their own.
    behind = [] if actor.may("secrets:read") else left_behind(stored, whole, given)
    return [*check_whole(whole, changed), *behind]


def _held(actor: Actor, webhook: Webhook, changed: Form, given: Form) -> list[tuple[str, ...]]:
    """Paths of the input that touch what a YAML file owns."""
    # A secret that is given counts as changed, equal or not: otherwise the refusal of wrong guesses
    # tells the right one.
    named = [] if actor.may("secrets:read") else given_secrets(given)
    return owned(webhook, {**changed, **dict.fromkeys(named)})


def _drift(actor: Actor, webhook: Webhook, changed: Form, force: Force) -> SyncReport | None:
    """The report of a change that takes fields away from the values that a YAML file gave them."""
    applied = webhook.sync_applied or {}
    names = [
        name
        for (name,) in owned(webhook, changed)
        if not means_same(name, changed[name], applied[name])
    ]
    # What left the file is not compared with it.
    if not names or webhook.sync_removed_at is not None:
        return None
    verb = "was changed" if len(names) == 1 else "were changed"
    return drift_report(actor, webhook, f"{', '.join(names)} {verb}", force)


def _changed(webhook: Webhook, given: Form, stored: Form, runtime: Runtime) -> dict[str, Any]:
    """The given fields that differ from the stored ones, secrets as fingerprints; what a given
    record leaves out is the stored one's. A field that a file owns differs when it means something
    else: headers in another order are the same to it.
    """
    # A secret that was left out is the stored one, so it makes no difference.
    wanted = with_stored_parts(fingerprinted(given, runtime.vault.fingerprint), stored)
    held = {name for (name,) in owned(webhook, wanted)}
    return {
        name: value
        for name, value in wanted.items()
        if not (means_same if name in held else _is_as_typed)(name, value, stored[name])
    }


def _is_as_typed(_: str, one: Any, other: Any) -> bool:
    return is_identical(one, other)


async def _write(
    runtime: Runtime,
    actor: Actor,
    webhook: Webhook,
    given: Form,
    force: Force,
    before: Form,
    after: Form,
) -> None:
    """Saves fields that really differ, and their audit entry (before and after, with fingerprints).
    Turning on and changes that may have mended the receiver count failures anew.
    """
    whole = with_kept_secrets(given, webhook, runtime.vault)
    made = columns(whole, webhook.id, webhook.workspace_id, runtime.vault)
    if given.get("active") is True:
        made.update(TURN_ON_VALUES)
    elif RESETS_HEALTH & given.keys():
        made.update(HEALTH_RESET)
    webhook.update_from_dict(made)
    stamp_modified(webhook, actor, force)
    await webhook.save(update_fields=[*made, *MODIFIED_COLUMNS])
    await audit.record(
        actor.workspace_id, webhook.modified_by, "webhook.update", ("wh", webhook.id), before, after
    )


def _check_missed(given: Form) -> list[FieldProblem]:
    """Refuses `deliverMissed` where a webhook is to be turned off: it contradicts itself."""
    if given.get("active") is True:
        return []
    reason = "deliverMissed is for turning a webhook on: leave it out to turn one off."
    return [FieldProblem(Code.NOT_ALLOWED, reason, ("deliverMissed",))]


async def _deliver_missed(
    runtime: Runtime, work: UnitOfWork, actor: Actor, webhook: Webhook
) -> None:
    """Begins a job that delivers the events published since the webhook went off."""
    off_at = await pauses.off_since(work, webhook.workspace_id, webhook.id)
    if off_at is None:
        return
    # By this process's clock and another one's; what was published before the commit of this change
    # met the webhook off.
    since, until = off_at - pauses.SKEW, clock.now() + pauses.SKEW
    asked = jobs.BulkRetry(webhook.id, jobs.RetryScope.MISSED, since, until)
    await jobs.begin(work, runtime.enqueuer, actor, asked)


def _kinds(given: Form) -> list[ActivityKind]:
    """The activities that a change of these fields is."""
    kinds = [ActivityKind.WEBHOOK_UPDATED] if given.keys() - {"active"} else []
    if "active" in given:
        kinds.append(
            ActivityKind.WEBHOOK_ACTIVATED if given["active"] else ActivityKind.WEBHOOK_DEACTIVATED
        )
    return kinds
