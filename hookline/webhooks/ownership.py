"""Ownership of a webhook by a YAML file: which changes it refuses, and how a person forces one.
Called by the verbs before they write; reads no database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport
from hookline.errors import Code, Problem
from hookline.models import Webhook
from hookline.text import is_lines, short_commit
from hookline.webhooks.columns import Form

FORCE_SCOPE: Final = "webhooks:force"
REASON_LENGTH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Force:
    """Permission, asked for, to change by hand what a YAML file owns. Counts only with a reason and
    the scope webhooks:force.
    """

    is_requested: bool = False
    reason: str | None = None


NO_FORCE: Final = Force()


def owned(webhook: Webhook, changed: Form) -> list[tuple[str, ...]]:
    """Paths of the changed fields that a YAML file owns."""
    owned = webhook.sync_applied if webhook.sync_set and webhook.sync_applied else {}
    return [(name,) for name in changed if name in owned]


def check_owner(
    actor: Actor, webhook: Webhook, fields: Sequence[tuple[str, ...]], force: Force
) -> list[Problem]:
    """Problems of a person's change of what a YAML file owns: FIELD_MANAGED, or what a forced one
    lacks. fields: paths of the input that touch it.
    """
    if not fields:
        return []
    if not force.is_requested:
        return [Problem(Code.FIELD_MANAGED, _owner_sentence(webhook), path) for path in fields]
    return _check_force(actor, force)


def _check_force(actor: Actor, force: Force) -> list[Problem]:
    """Problems of a forced change: no reason, or no scope for it."""
    problems = []
    if not (force.reason or "").strip():
        why = "Say why a webhook that a YAML file owns is changed by hand."
        problems.append(Problem(Code.REQUIRED, why, ("reason",)))
    # Beside a missing reason, not instead of it: all that is wrong is told at once.
    if FORCE_SCOPE not in actor.scopes:
        lacks = (
            f"This token may not force a change: it lacks the scope {FORCE_SCOPE}, which the role "
            "admin has."
        )
        problems.append(Problem(Code.NOT_ALLOWED, lacks, ("force",)))
    return problems


def drift_report(actor: Actor, webhook: Webhook, what: str, force: Force) -> SyncReport:
    """The report of a forced change to the followers of the webhook's set."""
    reason = f": {force.reason.strip()}" if force.reason else ""
    who = f'{actor.stored["kind"].lower()} "{actor.stored["name"]}"'
    return SyncReport(
        ActivityKind.SYNC_DRIFTED,
        f"{webhook.slug}: {what} by {who}{reason}",
        webhook.sync_set,
        webhook.slug,
        "drift",
        webhook.sync_file,
        webhook.sync_line,
    )


def check_reason(force: Force) -> list[Problem]:
    """Problems of the text of a reason: its length and its characters."""
    reason = force.reason or ""
    if len(reason) > REASON_LENGTH:
        too_long = f"A reason is at most {REASON_LENGTH:,} characters long."
        return [Problem(Code.TOO_LONG, too_long, ("reason",))]
    # Plans and the audit log show it, on terminals too.
    if not is_lines(reason):
        unprintable = "A reason must not hold control characters or broken surrogates."
        return [Problem(Code.INVALID, unprintable, ("reason",))]
    return []


def _owner_sentence(webhook: Webhook) -> str:
    # A webhook that left the file has no line in it.
    line = f":{webhook.sync_line}" if webhook.sync_line else ""
    place = f", {webhook.sync_file}{line}" if webhook.sync_file else ""
    commit = f", commit {short_commit(webhook.sync_commit)}" if webhook.sync_commit else ""
    owner = f'The set "{webhook.sync_set}"{place}{commit}'
    if webhook.sync_removed_at is not None:
        return (
            f"{owner} owned this before the webhook left the file. Release the webhook, or pass "
            "force: true with a reason."
        )
    return f"{owner} owns this. Change it there, or pass force: true with a reason."
