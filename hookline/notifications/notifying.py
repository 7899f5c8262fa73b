"""Notifications that no recorded attempt brings about: of deliveries that a takeover ended, called
by the worker's actor, and of a sync that failed. The record writes the others, in the queue.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from hookline import clock, ids
from hookline.activity.events import ActivityKind
from hookline.activity.writer import append_activity
from hookline.db.connection import UnitOfWork
from hookline.db.faults import faults_as_unavailable
from hookline.db.statements import for_dialect
from hookline.deliveries.announcing import announce
from hookline.messaging.enqueuer import Enqueuer
from hookline.models import Email, Notification, NotificationKind, SyncSet, Webhook
from hookline.runtime import Runtime

# A sync that is applied again and again fails with the same reason each time.
_NO_NEWS: Final = timedelta(hours=1)
DUE_NOW: Final = "update email set next_try_at = {now} where notification_id = $1"


async def notify_failed_deliveries(runtime: Runtime) -> int:
    """Notifies of deliveries that failed for good since the last notification, for webhooks whose
    hour is over. Returns 0 when there was nothing to do.

    Raises Unavailable.
    """
    with faults_as_unavailable():
        written = await runtime.queue.notify_exhausted()
    if written is None:
        return 0
    announce(runtime.hub, runtime.enqueuer, *written)
    return 1


async def notify_failed_sync(
    runtime: Runtime, workspace_id: UUID, set_name: str, reason: str
) -> None:
    """Notifies that a set could not be applied: a mail to each address of its webhooks that ask for
    this kind; the same again only after an hour.

    reason: a sentence without anything secret.
    """
    async with runtime.database.unit_of_work() as work:
        now = clock.now()
        lately = Notification.filter(
            workspace_id=workspace_id,
            id__gte=ids.first_of(now - _NO_NEWS),
            kind=NotificationKind.SYNC_FAILED,
        )
        if await lately.filter(reason=reason).exists():
            return
        owner = await SyncSet.filter(workspace_id=workspace_id, name=set_name).first()
        notification = await Notification.create(
            id=ids.uuid7(),
            workspace_id=workspace_id,
            kind=NotificationKind.SYNC_FAILED,
            reason=reason,
            sync_set=set_name,
            sync_revision=owner.revision_number if owner else 0,
            created_at=now,
        )
        webhooks = await Webhook.filter(
            workspace_id=workspace_id, sync_set=set_name, deleted_at__isnull=True
        ).only("notify_on", "notification_emails")
        asked = [
            webhook.notification_emails
            for webhook in webhooks
            if NotificationKind.SYNC_FAILED.name in webhook.notify_on
        ]
        if addresses := dict.fromkeys(address for emails in asked for address in emails):
            await write_receipts(work, runtime.enqueuer, notification, list(addresses))
        await append_activity(
            work, runtime.hub, workspace_id, [(ActivityKind.NOTIFICATION, notification.id, None)]
        )


async def notify_of_source(
    work: UnitOfWork,
    runtime: Runtime,
    workspace_id: UUID,
    reason: str,
    set_name: str | None,
    *,
    is_degraded: bool,
) -> None:
    """Notifies that followed files can't be applied any more, or can again: a mail to each address
    of HOOKLINE_SYNC_ALERT_EMAILS. In the transaction that notes it.

    reason: a sentence without anything secret.
    """
    kinds = NotificationKind.SOURCE_RECOVERED, NotificationKind.SOURCE_DEGRADED
    owner = await SyncSet.filter(workspace_id=workspace_id, name=set_name).first()
    notification = await Notification.create(
        id=ids.uuid7(),
        workspace_id=workspace_id,
        kind=kinds[is_degraded],
        reason=reason,
        sync_set=set_name,
        sync_revision=owner.revision_number if owner else 0,
        created_at=clock.now(),
    )
    if addresses := runtime.settings.sync_alert_emails:
        await write_receipts(work, runtime.enqueuer, notification, addresses)
    await append_activity(
        work, runtime.hub, workspace_id, [(ActivityKind.NOTIFICATION, notification.id, None)]
    )


async def write_receipts(
    work: UnitOfWork, enqueuer: Enqueuer, notification: Notification, addresses: Sequence[str]
) -> None:
    """Writes a mail to each address, and enqueues it after the commit."""
    about: dict[str, Any] = {
        "workspace_id": notification.workspace_id,
        "notification_id": notification.id,
        "next_try_at": notification.created_at,
    }
    await Email.bulk_create(
        [Email(id=ids.uuid7(), address=address, **about) for address in addresses]
    )
    # By the clock that leases them.
    await work.execute(for_dialect(DUE_NOW, work.dialect), notification.id)

    def enqueue() -> None:
        for address in addresses:
            enqueuer.send_mail(notification.id, address)

    # A message before the commit would find no row.
    work.after_commit(enqueue)
