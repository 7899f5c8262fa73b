"""Mails for notifications. Called by the worker's actors. A mail is tried by the worker that leases
it; a crash between the mail server's answer and the commit sends one address the same mail,
under the same Message-ID, twice.
"""

import logging
from typing import Final
from uuid import UUID

from hookline import ids
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.faults import faults_as_unavailable
from hookline.db.statements import for_dialect
from hookline.models import EmailStatus
from hookline.notifications import mail_leasing, mailboxes
from hookline.notifications.mail_leasing import LeasedMail
from hookline.notifications.smtp import Mailer, MailFailed, MailRefused
from hookline.runtime import Runtime

log = logging.getLogger(__name__)

RETRY_DELAYS_SECONDS: Final = (60, 300, 1_800, 7_200, 21_600, 43_200)
"""Seconds before each further try; after the last one the mail has failed."""

ASK_DELAY_SECONDS: Final = 1_800
"""Seconds until a question is sent again that the mail server has not taken."""

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
    where status < EmailStatus.SENT and next_try_at <= {now} and sent_with_id is null
    order by next_try_at limit 5000) oldest) due
order by nth, next_try_at limit $1""")
# Only of a receipt that is pending: of two that tried the same one, the first to end it decides.
LATER: Final = with_enum_numbers("""
update email set next_try_at = {now} + $1 * {second}, error = $3
where id = $2 and status = EmailStatus.PENDING""")
ASK_LATER: Final = with_enum_numbers("""
update email set next_try_at = {now} + $1 * {second}
where id = $2 and status = EmailStatus.UNCONFIRMED""")


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
    """Leases the receipt of one address and tries its mail, or one that asks for confirmation.
    False: there is nothing to send now.

    Raises Unavailable; the lease then ends by itself, and the mail is tried again.
    """
    leased = await mail_leasing.lease(runtime, notification_id, address)
    if leased is None:
        return False
    try:
        said = await mailer.send(leased.mail)
    except MailRefused as refused:
        await _end(runtime, leased, EmailStatus.FAILED, str(refused))
    except MailFailed as failed:
        await _try_again(runtime, leased, failed)
    else:
        if leased.question:
            await _note_question(runtime, leased, was_taken=True)
        else:
            await _end(runtime, leased, EmailStatus.SENT, said)
    return True


async def _end(runtime: Runtime, leased: LeasedMail, status: EmailStatus, said: str | None) -> None:
    async with runtime.database.unit_of_work() as work:
        await mail_leasing.end(work, leased.address, leased.receipt_id, status, said)


async def _try_again(runtime: Runtime, leased: LeasedMail, failed: MailFailed) -> None:
    # A server that is away is told once, not for each mail.
    log.log(
        logging.DEBUG if failed.is_away else logging.WARNING,
        "a mail was not taken notification_id=%s try=%d reason=%s",
        ids.encode("ntf", leased.notification_id),
        leased.tries,
        failed,
    )
    if not failed.may_have_arrived:
        async with runtime.database.unit_of_work() as work:
            await mailboxes.take_try_back(work, leased.address, leased.receipt_id)
    if leased.question:
        # Of one that may have arrived nobody knows: it is asked again in a day.
        if not failed.may_have_arrived:
            await _note_question(runtime, leased, was_taken=False)
    elif leased.tries <= len(RETRY_DELAYS_SECONDS):
        async with runtime.database.unit_of_work() as work:
            await work.execute(
                for_dialect(LATER, work.dialect),
                RETRY_DELAYS_SECONDS[leased.tries - 1],
                leased.receipt_id,
                str(failed),
            )
    else:
        await _end(runtime, leased, EmailStatus.FAILED, str(failed))


async def _note_question(runtime: Runtime, leased: LeasedMail, *, was_taken: bool) -> None:
    assert leased.question is not None
    async with runtime.database.unit_of_work() as work:
        await mailboxes.note_question(
            work, leased.address, leased.workspace_id, leased.question, was_taken=was_taken
        )
        if not was_taken:
            sql = for_dialect(ASK_LATER, work.dialect)
            await work.execute(sql, ASK_DELAY_SECONDS, leased.receipt_id)
