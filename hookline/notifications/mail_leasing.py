"""Leases the mail of a receipt that is due, or puts it off: limits, confirmation, what is gone. One
transaction, which holds the mailbox from its first statement; it ends before anything is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hookline import ids
from hookline.db.connection import UnitOfWork
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import for_dialect
from hookline.models import EmailStatus
from hookline.notifications import mail_limits, mailboxes
from hookline.notifications.mail_contents import PendingNotification, find_pending, text_of
from hookline.notifications.mail_limits import MailTry
from hookline.notifications.mail_texts import mail_that_asks
from hookline.notifications.mailboxes import Mailbox, Question
from hookline.notifications.smtp import Mail
from hookline.runtime import Runtime
from hookline.settings.fields import Settings

# One try takes at most 20 s (smtp.DEADLINE_SECONDS) and a few statements.
LEASE_SECONDS: Final = 120
"""Longer than one try takes; after it another worker may try."""
SEVERAL: Final = 1_000
"""Receipts that one mail tells of at most; the rest goes with the next one."""

HELD: Final = (
    f"Held: an address gets one mail an hour for each webhook and kind, and "
    f"{mail_limits.MAILS_A_DAY} in all within a day. Goes out with others in one mail."
)
UNCONFIRMED: Final = (
    "The address is not confirmed yet: its mails wait, for 7 days at most, until its owner says "
    "yes by the link in a mail that asks for it."
)
NEVER_CONFIRMED: Final = "The address was not confirmed within 7 days."
NOBODY_ASKED: Final = (
    "The address would have to be confirmed by a link, and this server knows no address of its own "
    "for one (HOOKLINE_PUBLIC_URL)."
)

# Again under the mailbox's lock: another worker may have had the receipt meanwhile.
TAKE: Final = with_enum_numbers("""
select id, workspace_id, tries from email
where notification_id = $1 and address = $2 and status < EmailStatus.SENT
  and next_try_at <= {now} and sent_with_id is null {skip_locked}""")
# What goes along: held receipts of the workspace whose time has come.
HELD_TOO: Final = with_enum_numbers("""
select id, notification_id from email
where lower(address) = lower($1) and status < EmailStatus.SENT and status = EmailStatus.HELD
  and workspace_id = $2 and id <> $3 and tries = 0
  and next_try_at <= {now} and sent_with_id is null
order by id limit $4 {skip_locked}""")
# What went along when the mail was tried first: a repeat is the same mail.
WENT_ALONG: Final = with_enum_numbers("""
select id, notification_id from email
where lower(address) = lower($1) and status < EmailStatus.SENT and sent_with_id = $2
order by id""")
LEASE: Final = with_enum_numbers("""
update email set status = EmailStatus.PENDING, tries = tries + 1,
  next_try_at = {now} + $2 * {second}
where id = $1""")
GO_ALONG: Final = "update email set sent_with_id = $1, error = null where id in ({places})"
SET_FREE: Final = with_enum_numbers("""
update email set sent_with_id = null
where lower(address) = lower($1) and status < EmailStatus.SENT and sent_with_id = $2""")
FAIL: Final = with_enum_numbers("""
update email set status = EmailStatus.FAILED, finished_at = {now}, error = $1
where id in ({places}) and status < EmailStatus.SENT""")
WAIT: Final = "update email set status = $2, next_try_at = $3, error = $4 where id = $1"
# Ends a receipt and those that went along. Only while it waits: of two that tried the same one, the
# first to end it decides.
END: Final = with_enum_numbers("""
update email set status = $2, finished_at = {now}, error = $3
where status < EmailStatus.SENT and (
  id = $1 or (lower(address) = lower($4) and status < EmailStatus.SENT and sent_with_id = $1))""")


@dataclass(frozen=True, slots=True)
class LeasedMail:
    """A mail to send now. receipt_id: the receipt that decides; question: of a mail that asks;
    tries: with this one.
    """

    mail: Mail
    receipt_id: UUID
    notification_id: UUID
    workspace_id: UUID
    address: str
    tries: int
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class _Receipt:
    id: UUID
    notification_id: UUID
    workspace_id: UUID
    tries: int


async def lease(runtime: Runtime, notification_id: UUID, address: str) -> LeasedMail | None:
    """Leases the mail of a receipt, or one that asks for confirmation. None: there is nothing to
    send now. Then the receipt ended, is not due, is leased, or waits for something.

    Raises Unavailable.
    """
    # The lease is committed before the mail goes out: a worker that dies leaves it to another one,
    # never two at once.
    async with runtime.database.unit_of_work() as work:
        mailbox = await mailboxes.lock_due(work, notification_id, address)
        if mailbox is None:
            return None
        rows = await work.rows(for_dialect(TAKE, work.dialect), notification_id, address)
        if not rows:
            return None
        row = rows[0]
        receipt = _Receipt(row["id"], notification_id, row["workspace_id"], row["tries"])
        pending, lost = await find_pending(work, [(receipt.id, notification_id)], mailbox.address)
        if not pending:
            await _lose(work, mailbox, receipt, lost[receipt.id])
            return None
        if mailbox.is_refused or (
            runtime.settings.asks_first(address)
            and not await mailboxes.has_consent(work, mailbox, receipt.workspace_id)
        ):
            return await _ask(work, runtime.settings, mailbox, receipt, address)
        return await _lease(work, mailbox, receipt, pending[0], address)


async def end(
    work: UnitOfWork, address: str, receipt_id: UUID, status: EmailStatus, said: str | None
) -> None:
    """Ends a receipt, and those that went along, unless it has ended."""
    sql = for_dialect(END, work.dialect)
    await work.execute(sql, receipt_id, int(status), said, address)


async def _lose(work: UnitOfWork, mailbox: Mailbox, receipt: _Receipt, reason: str) -> None:
    """Ends a receipt that is not to be told of. Those that went along with it still are."""
    if receipt.tries:
        await work.execute(SET_FREE, mailbox.address, receipt.id)
    await _fail(work, [receipt.id], reason)


async def _fail(work: UnitOfWork, receipt_ids: Sequence[UUID], reason: str) -> None:
    sql = for_dialect(FAIL.replace("{places}", _places(receipt_ids)), work.dialect)
    await work.execute(sql, reason, *receipt_ids)


async def _lease(
    work: UnitOfWork, mailbox: Mailbox, receipt: _Receipt, first: PendingNotification, address: str
) -> LeasedMail | None:
    """Leases it with what goes along, unless that would be one mail too many. What must wait is
    found out by the mailbox alone: many that wait cost no more each.
    """
    # A repeat is the same mail, which its own first try must not keep back.
    free_at = None if receipt.tries else _hour_free_at(mailbox, first)
    if free_at is not None:
        await work.execute(WAIT, receipt.id, int(EmailStatus.HELD), free_at, HELD)
        return None
    free_at = mail_limits.day_free_at(mailbox.tries)
    if free_at is not None:
        await _hold_for_the_day(work, mailbox, receipt, free_at)
        return None
    pending = [first, *await _others(work, mailbox, receipt)]
    about = frozenset(one.subject for one in pending)
    one_more = MailTry(mailbox.now, receipt.id, receipt.workspace_id, about)
    await mailboxes.add_try(work, mailbox, one_more)
    await work.execute(for_dialect(LEASE, work.dialect), receipt.id, LEASE_SECONDS)
    if along := [one.receipt_id for one in pending[1:]]:
        await work.execute(GO_ALONG.format(places=_places(along)), receipt.id, *along)
    text = text_of(pending)
    key = f"{ids.encode('ntf', receipt.notification_id)}-{receipt.id.hex[-12:]}"
    mail = Mail(key, address, text.subject, text.text, text.html, first.notification.created_at)
    return _leased(mail, mailbox, receipt, receipt.tries + 1)


async def _others(
    work: UnitOfWork, mailbox: Mailbox, receipt: _Receipt
) -> list[PendingNotification]:
    """Receipts that go along: at the first try those that were held and may be told of, later the
    same again. Ends those that are not to be told of any more.
    """
    if receipt.tries:
        sql = for_dialect(WENT_ALONG, work.dialect)
        values: tuple[Any, ...] = (mailbox.address, receipt.id)
    else:
        sql = for_dialect(HELD_TOO, work.dialect)
        values = (mailbox.address, receipt.workspace_id, receipt.id, SEVERAL - 1)
    found = [(row["id"], row["notification_id"]) for row in await work.rows(sql, *values)]
    pending, lost = await find_pending(work, found, mailbox.address)
    for reason in set(lost.values()):
        await _fail(work, [key for key, why in lost.items() if why == reason], reason)
    return pending if receipt.tries else [one for one in pending if not _hour_free_at(mailbox, one)]


def _places(values: Sequence[object]) -> str:
    """Placeholders for values that follow another one."""
    return ", ".join(f"${number}" for number in range(2, len(values) + 2))


def _hour_free_at(mailbox: Mailbox, one: PendingNotification) -> datetime | None:
    return mail_limits.hour_free_at(mailbox.tries, one.subject, mailbox.now)


async def _hold_for_the_day(
    work: UnitOfWork, mailbox: Mailbox, receipt: _Receipt, free_at: datetime
) -> None:
    own = sum(one.workspace_id == receipt.workspace_id for one in mailbox.tries)
    # Without a reason it is shown as one that waits for its turn: a workspace must not learn from
    # it that others write to this address.
    reason = HELD if own >= mail_limits.MAILS_A_DAY else None
    # A repeat stays what it is, so that it never becomes part of another mail.
    status = EmailStatus.PENDING if receipt.tries else EmailStatus.HELD
    await work.execute(WAIT, receipt.id, int(status), free_at, reason)


async def _ask(
    work: UnitOfWork, settings: Settings, mailbox: Mailbox, receipt: _Receipt, address: str
) -> LeasedMail | None:
    """Puts the receipt off until the mailbox's owner has said yes. Returns the mail that asks for
    it when there is to be one. Who wants no mails is not told from who does not answer.
    """
    # An answer would come too late for it then.
    last_at = ids.made_at(receipt.id) + mailboxes.VALID
    if last_at <= mailbox.now:
        await _lose(work, mailbox, receipt, NEVER_CONFIRMED)
        return None
    reason = UNCONFIRMED if settings.public_url else NOBODY_ASKED
    found = await _question(work, settings, mailbox, receipt)
    again_at = mailbox.now + mailboxes.ASK_AGAIN if isinstance(found, Question) else found
    await work.execute(
        WAIT, receipt.id, int(EmailStatus.UNCONFIRMED), min(again_at, last_at), reason
    )
    if not isinstance(found, Question):
        return None
    about = frozenset({mail_limits.QUESTION})
    one_more = MailTry(mailbox.now, receipt.id, receipt.workspace_id, about)
    await mailboxes.add_try(work, mailbox, one_more)
    text = mail_that_asks(settings.public_url, f"{settings.public_url}/mails/{found.token}")
    mail = Mail(
        f"confirm-{found.digest.hex()[:24]}",
        address,
        text.subject,
        text.text,
        text.html,
        mailbox.now,
    )
    return _leased(mail, mailbox, receipt, 1, found)


async def _question(
    work: UnitOfWork, settings: Settings, mailbox: Mailbox, receipt: _Receipt
) -> Question | datetime:
    """The question to send now, or the time of the next look."""
    if mailbox.is_refused or not settings.public_url:
        return mailbox.now + mailboxes.ASK_AGAIN
    free_at = mail_limits.question_free_at(mailbox.tries) or mail_limits.day_free_at(mailbox.tries)
    return free_at or await mailboxes.ask(work, mailbox, receipt.workspace_id)


def _leased(
    mail: Mail, mailbox: Mailbox, receipt: _Receipt, tries: int, question: Question | None = None
) -> LeasedMail:
    return LeasedMail(
        mail,
        receipt.id,
        receipt.notification_id,
        receipt.workspace_id,
        mailbox.address,
        tries,
        question,
    )
