"""Steps that every change of a webhook shares: lock the row, stamp it, announce the change. Called
by the verbs inside their transaction.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from hookline import clock
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport, write_report
from hookline.activity.writer import append_activity, bump_match_version
from hookline.db.connection import UnitOfWork
from hookline.errors import Code, Problem, Refused
from hookline.form.kinds import Bounds
from hookline.form.webhook_fields import FIELDS
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.ownership import NO_FORCE, Force

RESETS_HEALTH: Final = frozenset(row.name for row in FIELDS.values() if row.resets_health)
"""A change of these may have mended what failed: the count of failures begins anew."""
HEALTH_RESET: Final = {"consecutive_failures": 0, "failing_since": None, "consecutive_gone": 0}
"""Columns of a webhook whose failures count anew."""
TURN_ON_VALUES: Final = {**HEALTH_RESET, "auto_disabled_at": None, "auto_disabled_reason": None}
"""Columns of a webhook that goes on, also after it was turned off by itself."""
MODIFIED_COLUMNS: Final = ("version", "modified_at", "modified_by")
# An input by the API's field names.
Values = Mapping[str, Any]


def bounds_of(runtime: Runtime) -> Bounds:
    """Limits that this installation sets: environments, addresses and domains of mail."""
    settings = runtime.settings
    return Bounds(settings.environments, runtime.addresses, settings.only_mail_domains)


async def lock_webhook(
    actor: Actor, webhook_id: UUID, if_version: int | None, problems: list[Problem]
) -> Webhook:
    """Locks the webhook, if it is not deleted, to the end of the transaction: two changes of it
    follow each other, so the version shows whether another one came between. Adds
    VERSION_CONFLICT to the problems when the version is not the expected one.

    Raises Refused: the problems found so far, and NOT_FOUND.
    """
    webhook = (
        await Webhook.filter(
            id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        )
        .select_for_update()
        .first()
    )
    # With what was found so far: a wrong id does not hide a wrong value.
    if webhook is None:
        raise Refused([webhook_not_found(), *problems])
    if if_version is not None and webhook.version != if_version:
        who = webhook.modified_by["name"]
        message = (
            f"The webhook has version {webhook.version} by now, changed by {who}. Read it "
            "again, then repeat the change with that version."
        )
        problems.append(Problem(Code.VERSION_CONFLICT, message, ("ifVersion",)))
    return webhook


def webhook_not_found() -> Problem:
    return Problem(
        Code.NOT_FOUND,
        "There is no such webhook, or it was deleted. The query `webhooks` lists those that are "
        "there.",
        ("id",),
    )


def check_listener(webhook: Webhook) -> list[Problem]:
    """The problem of a change of a listener, whose fields are its command's."""
    if not webhook.is_listener:
        return []
    message = (
        "The webhook is a listener of `hookline listen`: it is as its command made it, and ends "
        "with it. Delete it, or create a webhook of your own."
    )
    return [Problem(Code.NOT_ALLOWED, message, ("id",))]


def _signature(actor: Actor, force: Force) -> dict[str, str]:
    """The actor as the row keeps it, with the reason when the change was forced."""
    return (
        {**actor.stored, "reason": force.reason.strip()}
        if force.is_requested and force.reason
        else actor.stored
    )


def stamp_modified(webhook: Webhook, actor: Actor, force: Force = NO_FORCE) -> None:
    """Sets the columns MODIFIED_COLUMNS: the next version, the time and the actor."""
    webhook.version += 1
    webhook.modified_at = clock.now()
    webhook.modified_by = _signature(actor, force)


async def announce_change(
    runtime: Runtime,
    work: UnitOfWork,
    webhook: Webhook,
    kinds: list[ActivityKind],
    drift: SyncReport | None = None,
) -> None:
    """The last statements of a change: matching and sending reload the webhook, followers of the
    activity hear of it. Last, because the match version's row is a lock that publishers wait for.
    drift: what the change means to the webhook's set.
    """
    drifted = [await write_report(webhook.workspace_id, drift, webhook.id)] if drift else []
    await bump_match_version(work, runtime.hub, webhook.workspace_id)
    entries = [(kind, webhook.id, webhook.id) for kind in kinds]
    await append_activity(work, runtime.hub, webhook.workspace_id, [*entries, *drifted])
