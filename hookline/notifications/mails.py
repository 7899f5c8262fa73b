"""Mails for notifications. Called by the worker's actors. A mail is tried by the worker that moves
its next try on, which leases it; a crash between the mail server's answer and the commit
sends one address the same mail, under the same Message-ID, twice.
"""

import logging
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.db.connection import faults_as_unavailable
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import for_dialect
from hookline.models import Email, EmailStatus, Notification, Webhook
from hookline.notifications import notification_texts
from hookline.notifications.mail_texts import mail_about, mail_about_sync
from hookline.notifications.smtp import Mail, Mailer, MailFailed, MailRefused
from hookline.runtime import Runtime

log = logging.getLogger(__name__)

# One try takes at most 20 s (smtp.DEADLINE_SECONDS) and a few statements.
LEASE_SECONDS: Final = 120
"""Longer than one try takes; after it another worker may try."""
RETRY_DELAYS_SECONDS: Final = (60, 300, 1_800, 7_200, 21_600, 43_200)
"""Seconds before each further try; after the last one the mail has failed."""

# Unsent mails whose time has come, in turn by the addresses' domains, of each those that wait
# longest first: many for one domain hide no others. Looks at the oldest 5,000, so that it stays
# short. What rtrim leaves ends at the last @, on either engine.
DUE: Final = with_enum_numbers("""
select notification_id, address from (
  select notification_id, address, next_try_at, row_number() over (
    partition by substr(address, length(rtrim(address, replace(address, '@', ''))))
    order by next_try_at) as nth
  from (
    select notification_id, address, next_try_at from email
    where status = EmailStatus.PENDING and next_try_at <= {now}
    order by next_try_at limit 5000) oldest) due
order by nth, next_try_at limit $1""")
# Moves the next try on, which leases the mail; no row: it ended, is not due, or is leased.
LEASE: Final = with_enum_numbers("""
update email set tries = tries + 1, next_try_at = {now} + $3 * {second} where id in (
  select id from email
  where notification_id = $1 and address = $2 and status = EmailStatus.PENDING
    and next_try_at <= {now} {skip_locked})
returning id""")
# Only of a mail that is pending: of two that tried the same one, the first to end it decides.
DONE: Final = with_enum_numbers("""
update email set status = $2, finished_at = {now}, error = $3
where id = $1 and status = EmailStatus.PENDING""")
LATER: Final = with_enum_numbers("""
update email set next_try_at = {now} + $1 * {second}, error = $3
where id = $2 and status = EmailStatus.PENDING""")


async def due(runtime: Runtime, limit: int) -> list[tuple[UUID, str]]:
    """Returns mails whose time has come and that are not leased, as notification and address, in
    turn by domains.
    """
    with faults_as_unavailable():
        rows = await runtime.database.reader().rows(
            for_dialect(DUE, runtime.database.dialect), limit
        )
    return [(row["notification_id"], row["address"]) for row in rows]


async def send_mail(runtime: Runtime, mailer: Mailer, notification_id: UUID, address: str) -> bool:
    """Leases the receipt of one address and tries its mail. False: it is sent, not due, gone, or
    another worker has it.

    Raises Unavailable; the lease then ends by itself, and the mail is tried again.
    """
    # The lease is committed before the mail goes out: a worker that dies leaves it to another one,
    # never two at once.
    async with runtime.database.unit_of_work() as work:
        rows = await work.rows(
            for_dialect(LEASE, work.dialect), notification_id, address, LEASE_SECONDS
        )
    if not rows:
        return False
    with faults_as_unavailable():
        receipt = await Email.get_or_none(id=rows[0]["id"])
    # Retention may have been faster.
    if receipt is not None:
        await _send(runtime, mailer, receipt)
    return True


async def _send(runtime: Runtime, mailer: Mailer, row: Email) -> None:
    try:
        mail = await _mail(row)
        said = await mailer.send(mail) if mail else "What it was about is gone."
        status = EmailStatus.SENT if mail else EmailStatus.FAILED
    except MailRefused as refused:
        status, said = EmailStatus.FAILED, str(refused)
    except MailFailed as failed:
        log.warning(
            "a mail was not taken notification_id=%s try=%d reason=%s",
            ids.encode("ntf", row.notification_id),
            row.tries,
            failed,
        )
        if row.tries <= len(RETRY_DELAYS_SECONDS):
            async with runtime.database.unit_of_work() as work:
                await work.execute(
                    for_dialect(LATER, work.dialect),
                    RETRY_DELAYS_SECONDS[row.tries - 1],
                    row.id,
                    str(failed),
                )
            return
        status, said = EmailStatus.FAILED, str(failed)
    async with runtime.database.unit_of_work() as work:
        await work.execute(for_dialect(DONE, work.dialect), row.id, int(status), said)


async def _mail(row: Email) -> Mail | None:
    """The mail to one address; None when the notification or its webhook is gone."""
    notification = await Notification.get_or_none(id=row.notification_id)
    webhook = (
        await Webhook.get_or_none(id=notification.webhook_id)
        if notification and notification.webhook_id
        else None
    )
    if notification is None or (notification.webhook_id and webhook is None):
        return None
    message = notification_texts.message(
        notification.kind,
        notification.reason,
        notification.failures,
        notification.failing_since,
        notification.last_status_code,
        notification.backlog,
    )
    if webhook is None:
        text = mail_about_sync(message)
    else:
        text = mail_about(
            notification.kind,
            webhook.name,
            webhook.slug,
            ids.encode("wh", webhook.id),
            webhook.url,
            message,
        )
    key = f"{ids.encode('ntf', notification.id)}-{row.id.hex[-12:]}"
    return Mail(key, row.address, text.subject, text.text, text.html, notification.created_at)
