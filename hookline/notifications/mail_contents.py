"""The text of the mail of one or several receipts, from the rows that they are about. Called in the
transaction that leases them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.db.connection import UnitOfWork
from hookline.models import Notification, Webhook
from hookline.notifications import notification_texts
from hookline.notifications.mail_limits import subject_of
from hookline.notifications.mail_texts import (
    OF_SOURCES,
    MailText,
    line_about,
    line_about_sync,
    mail_about,
    mail_about_sync,
    mail_of_several,
)

GONE: Final = "What it was about is gone."
TAKEN_OFF: Final = "The address was taken off the webhook."
# Of a sync: one of the workspace's webhooks still has the address.
HAS_ADDRESS: Final = """
select 1 as one from webhook
where workspace_id = $1 and deleted_at is null
  and lower(notification_emails) like $2 escape '!' limit 1"""


@dataclass(frozen=True, slots=True)
class PendingNotification:
    """A receipt with the notification and the webhook that it is about; None of a sync."""

    receipt_id: UUID
    notification: Notification
    webhook: Webhook | None

    @property
    def subject(self) -> str:
        notification = self.notification
        return subject_of(
            notification.webhook_id, notification.workspace_id, int(notification.kind)
        )


async def find_pending(
    work: UnitOfWork, receipts: Sequence[tuple[UUID, UUID]], address: str
) -> tuple[list[PendingNotification], dict[UUID, str]]:
    """Reads what receipts are about. receipts: each with its notification; address: theirs, in
    lower case. Returns those that are still to be told of, in their order, and the others with the
    reason why not.
    """
    if not receipts:
        return [], {}
    keys = [notification_id for _, notification_id in receipts]
    notifications = {row.id: row for row in await Notification.filter(id__in=keys)}
    about = {row.webhook_id for row in notifications.values() if row.webhook_id}
    webhooks = {row.id: row for row in await Webhook.filter(id__in=list(about))}
    found, lost = list[PendingNotification](), dict[UUID, str]()
    # Held mails may wait for a day, and the address may be taken off meanwhile. Of a sync it is
    # looked up once for all.
    in_workspace = dict[UUID, bool]()

    async def wants(notification: Notification, webhook: Webhook | None) -> bool:
        if webhook is not None:
            return address in (one.lower() for one in webhook.notification_emails)
        # The address of an operator's setting, which this process may not have.
        if notification.kind in OF_SOURCES:
            return True
        key = notification.workspace_id
        if key not in in_workspace:
            in_workspace[key] = await _has_address(work, key, address)
        return in_workspace[key]

    for receipt_id, notification_id in receipts:
        notification = notifications.get(notification_id)
        webhook = webhooks.get(notification.webhook_id) if notification else None
        if (
            notification is None
            or (notification.webhook_id and webhook is None)
            or (webhook is not None and webhook.deleted_at is not None)
        ):
            lost[receipt_id] = GONE
        elif not await wants(notification, webhook):
            lost[receipt_id] = TAKEN_OFF
        else:
            found.append(PendingNotification(receipt_id, notification, webhook))
    return found, lost


def text_of(pending: Sequence[PendingNotification]) -> MailText:
    """A mail about one notification, or about several."""
    if len(pending) > 1:
        return _text_of_several(pending)
    notification, webhook = pending[0].notification, pending[0].webhook
    message = notification_texts.message(
        notification.kind,
        notification.reason,
        notification.failures,
        notification.failing_since,
        notification.last_status_code,
        notification.backlog,
    )
    if webhook is None:
        return mail_about_sync(notification.kind, message)
    return mail_about(
        notification.kind,
        webhook.name,
        webhook.slug,
        ids.encode("wh", webhook.id),
        webhook.url,
        message,
    )


async def _has_address(work: UnitOfWork, workspace_id: UUID, address: str) -> bool:
    escaped = address.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return bool(await work.rows(HAS_ADDRESS, workspace_id, f"%\n{escaped}\n%"))


def _text_of_several(pending: Sequence[PendingNotification]) -> MailText:
    groups = dict[str, list[PendingNotification]]()
    for one in pending:
        groups.setdefault(one.subject, []).append(one)
    lines = [
        (
            line_about(group[0].notification.kind, group[0].webhook.name, group[0].webhook.slug)
            if group[0].webhook
            else line_about_sync(group[0].notification.kind),
            len(group),
            max(one.notification.created_at for one in group),
        )
        for group in groups.values()
    ]
    return mail_of_several(len(pending), lines)
