"""Signing secrets: reveal and rotate. Called by the API; each verb is one transaction, as in
webhooks.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.errors import Code, Problem, Refused
from hookline.models import Webhook
from hookline.outbound import signing
from hookline.runtime import Runtime
from hookline.webhooks.columns import (
    LIVE_SECRETS,
    live_secrets,
    signing_algorithm,
    signing_secret,
    with_new_secret,
)
from hookline.webhooks.ownership import NO_FORCE, check_owner, owned
from hookline.webhooks.saving import (
    HEALTH_RESET,
    MODIFIED_COLUMNS,
    announce_change,
    check_listener,
    lock_webhook,
    stamp_modified,
    webhook_not_found,
)

log = logging.getLogger(__name__)

SECRET_OVERLAP: Final = timedelta(hours=24)
"""Time for which an old signing secret signs beside a new one, unless the caller says otherwise."""
OVERLAP_LIMIT: Final = timedelta(days=7)


async def reveal_secret(runtime: Runtime, actor: Actor, webhook_id: UUID) -> tuple[Webhook, str]:
    """The webhook and its newest signing secret, `whsec_…`.

    Raises Refused: NOT_FOUND; HooklineError UNKNOWN_KEY or UNREADABLE_SECRET when the secret does
    not open.
    """
    async with runtime.database.unit_of_work():
        webhook = await Webhook.filter(
            id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
        ).first()
        if webhook is None:
            raise Refused(webhook_not_found())
        # Committed before the secret is handed out: nobody sees one without a trace.
        await audit.record(
            actor.workspace_id, actor.stored, "webhook.secretReveal", ("wh", webhook_id)
        )
    log.info(
        "signing secret revealed webhook_id=%s by=%s", ids.encode("wh", webhook_id), actor.name
    )
    return webhook, signing_secret(webhook, runtime.vault)


async def rotate_secret(
    runtime: Runtime,
    actor: Actor,
    webhook_id: UUID,
    secret: str | None = None,
    overlap: timedelta = SECRET_OVERLAP,
    found: Sequence[Problem] = (),
) -> tuple[Webhook, str]:
    """Signs with a new secret from the next claim on, besides with the old ones for the overlap (0
    to 7 days). secret: made when None. found: problems of the input so far, told with the others.

    The webhook and its new secret. Raises Refused: NOT_FOUND, INVALID, OUT_OF_RANGE, TOO_MANY (ten
    sign already), FIELD_MANAGED.
    """
    problems = [*found, *_check_overlap(overlap)]
    async with runtime.database.unit_of_work() as work:
        webhook = await lock_webhook(actor, webhook_id, None, problems)
        algorithm, now = signing_algorithm(webhook), clock.now()
        problems += _check_secret(secret, algorithm)
        # With the row locked: two rotations at once are counted one after the other.
        problems += _check_room(webhook, overlap, now)
        # No force: the next apply would set the file's secret again.
        fields = [("id",)] if owned(webhook, {"signingSecret": secret}) else []
        problems += [*check_owner(actor, webhook, fields, NO_FORCE), *check_listener(webhook)]
        if problems:
            raise Refused(problems)
        made = secret or signing.new_secret(algorithm)
        secrets = with_new_secret(webhook, made, overlap, now, runtime.vault)
        await _write(actor, webhook, {"signing_secrets": secrets, **HEALTH_RESET}, overlap)
        await announce_change(runtime, work, webhook, [ActivityKind.WEBHOOK_UPDATED])
    log.info("signing secret rotated webhook_id=%s by=%s", ids.encode("wh", webhook_id), actor.name)
    return webhook, made


async def _write(
    actor: Actor, webhook: Webhook, values: dict[str, Any], overlap: timedelta
) -> None:
    webhook.update_from_dict(values)
    stamp_modified(webhook, actor)
    await webhook.save(update_fields=[*values, *MODIFIED_COLUMNS])
    overlapping = {
        "signingSecret": audit.MASK,
        "overlapSeconds": overlap.total_seconds(),
        # The answer shows the new secret to these tokens, as a reveal does.
        "revealed": actor.may("secrets:read"),
    }
    at = ("wh", webhook.id)
    await audit.record(
        actor.workspace_id, webhook.modified_by, "webhook.secretRotate", at, None, overlapping
    )


def _check_room(webhook: Webhook, overlap: timedelta, now: datetime) -> list[Problem]:
    if not overlap or len(live_secrets(webhook, now)) < LIVE_SECRETS:
        return []
    message = (
        f"{LIVE_SECRETS} secrets sign already. Wait until one expires, or rotate "
        "with the overlap 0s, which ends them all."
    )
    return [Problem(Code.TOO_MANY, message, ("overlap",))]


def _check_overlap(overlap: timedelta) -> list[Problem]:
    if timedelta() <= overlap <= OVERLAP_LIMIT:
        return []
    return [
        Problem(
            Code.OUT_OF_RANGE,
            "An overlap is from 0s to 7d: how long the old secrets sign beside the new one.",
            ("overlap",),
        )
    ]


def _check_secret(secret: str | None, algorithm: str) -> list[Problem]:
    if secret is None:
        return []
    if fault := signing.secret_fault(secret):
        return [Problem(Code.INVALID, f"secret {fault}.", ("secret",))]
    if signing.algorithm_of(secret) != algorithm:
        message = (
            f"The webhook signs with {algorithm}: whsec_… is for HMAC_SHA256, whsk_… for ED25519."
        )
        return [Problem(Code.INVALID, message, ("secret",))]
    return []
