"""Mailboxes that mails go to, of the whole installation, and what their owners have said to each
workspace. Whoever sends to a mailbox locks its row first. A consent is written only with the mail
that asks for it, of which each workspace has a few an hour.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from hookline.db.connection import UnitOfWork
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import for_dialect
from hookline.notifications.mail_limits import (
    MailTry,
    mailbox_of,
    read_tries,
    without_latest,
    write_tries,
)

VALID: Final = timedelta(days=7)
"""Time that a link is good for, and that mails wait for the answer."""
ASK_AGAIN: Final = timedelta(days=1)
"""Time after which a question is asked again of which nobody knows whether it arrived."""
ASKS: Final = 3
"""Questions of one workspace that a mailbox may leave unanswered; after them it gets none."""
ASKS_AN_HOUR: Final = 20
"""Questions of one workspace within an hour, to all mailboxes."""

# Locks the mailbox of a receipt that is due, in the statement that may make its row: two workers
# with different mails for it follow each other. No row: nothing is due.
LOCK_DUE: Final = with_enum_numbers("""
insert into mailbox (address, tries, touched_at)
select cast($3 as text), '[]', {now} from email
where notification_id = $1 and address = $2 and status < EmailStatus.SENT
  and next_try_at <= {now} and sent_with_id is null
on conflict (address) do update set touched_at = excluded.touched_at
returning tries, refused_at, touched_at""")
LOCK: Final = """
insert into mailbox (address, tries, touched_at) values ($1, '[]', {now})
on conflict (address) do update set touched_at = excluded.touched_at
returning tries, refused_at, touched_at"""
SAVE_TRIES: Final = "update mailbox set tries = $2 where address = $1"
CONSENT: Final = """
select asks, ask_again_at, confirmed_at from mail_consent
where address = $1 and workspace_id = $2"""
# Questions are few: one lock for all of them, so that two workers count none twice. Whoever takes
# it holds a mailbox and waits for nothing else.
LOCK_QUESTIONS: Final = {
    "postgres": "select pg_advisory_xact_lock(7165903388120) is null as done",
    "sqlite": "select 1 as done",
}
ASKED_LATELY: Final = """
select count(*) as count from mail_consent
where workspace_id = $1 and asked_at > {now} - 3600 * {second} and asked_at <= {now}"""
ASK: Final = """
insert into mail_consent (address, workspace_id, token_digest, asks, asked_at, ask_again_at,
  expires_at)
values ($1, $2, $3, 1, $4, $5, $6)
on conflict (address, workspace_id) do update set token_digest = excluded.token_digest,
  asks = mail_consent.asks + 1, asked_at = excluded.asked_at,
  ask_again_at = excluded.ask_again_at, expires_at = excluded.expires_at"""
ASKED: Final = """
update mail_consent set ask_again_at = expires_at
where address = $1 and workspace_id = $2 and token_digest = $3"""
# Nobody got the link; the time of the question stays, so that the hour's bound holds.
NOT_ASKED: Final = """
update mail_consent set ask_again_at = asked_at, asks = asks - 1
where address = $1 and workspace_id = $2 and token_digest = $3"""


@dataclass(slots=True)
class Mailbox:
    """A mailbox that is locked. name: as `mailbox_of` has it; address: the one that is written to
    now, in lower case; now: by the database's clock.
    """

    name: str
    address: str
    now: datetime
    is_refused: bool
    tries: list[MailTry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is to be sent. token: goes into the link, and is stored nowhere."""

    token: str
    digest: bytes


def token_digest(token: str) -> bytes:
    """The digest by which a link's token is stored; of these links only."""
    return hashlib.sha256(b"hookline mail consent\0" + token.encode()).digest()


async def lock_due(work: UnitOfWork, notification_id: UUID, address: str) -> Mailbox | None:
    """Locks the mailbox of a receipt; None when the receipt is not due."""
    sql = for_dialect(LOCK_DUE, work.dialect)
    return _mailbox(address, await work.rows(sql, notification_id, address, mailbox_of(address)))


async def lock(work: UnitOfWork, address: str) -> Mailbox:
    sql = for_dialect(LOCK, work.dialect)
    found = _mailbox(address, await work.rows(sql, mailbox_of(address)))
    assert found is not None
    return found


async def add_try(work: UnitOfWork, mailbox: Mailbox, one: MailTry) -> None:
    mailbox.tries.append(one)
    await work.execute(SAVE_TRIES, mailbox.name, write_tries(mailbox.tries, mailbox.now))


async def take_try_back(work: UnitOfWork, address: str, key: UUID) -> None:
    """Uncounts the latest try of a receipt: a mail server that is away uses nothing up."""
    mailbox = await lock(work, address)
    left = without_latest(mailbox.tries, key)
    await work.execute(SAVE_TRIES, mailbox.name, write_tries(left, mailbox.now))


async def has_consent(work: UnitOfWork, mailbox: Mailbox, workspace_id: UUID) -> bool:
    rows = await work.rows(CONSENT, mailbox.address, workspace_id)
    return bool(rows and rows[0]["confirmed_at"])


async def ask(work: UnitOfWork, mailbox: Mailbox, workspace_id: UUID) -> Question | datetime:
    """Notes that a workspace asks the mailbox now. Returns what is to be sent, or the time of the
    next look when it may not ask yet.
    """
    rows = await work.rows(CONSENT, mailbox.address, workspace_id)
    if rows and (rows[0]["asks"] >= ASKS or rows[0]["ask_again_at"] > mailbox.now):
        # No later than that, whatever a clock that was set back has written there.
        again_at: datetime = rows[0]["ask_again_at"]
        return min(max(again_at, mailbox.now + ASK_AGAIN), mailbox.now + VALID)
    await work.rows(LOCK_QUESTIONS[work.dialect])
    lately = await work.rows(for_dialect(ASKED_LATELY, work.dialect), workspace_id)
    if lately[0]["count"] >= ASKS_AN_HOUR:
        return mailbox.now + timedelta(hours=1)
    token = secrets.token_urlsafe(24)
    question = Question(token, token_digest(token))
    times = (mailbox.now, mailbox.now + ASK_AGAIN, mailbox.now + VALID)
    await work.execute(ASK, mailbox.address, workspace_id, question.digest, *times)
    return question


async def note_question(
    work: UnitOfWork, address: str, workspace_id: UUID, question: Question, *, was_taken: bool
) -> None:
    """Notes what became of a question: the mail server has taken it, or has surely not. Not called
    where nobody knows.
    """
    sql = ASKED if was_taken else NOT_ASKED
    await work.execute(sql, address, workspace_id, question.digest)


def _mailbox(address: str, rows: Sequence[dict[str, object]]) -> Mailbox | None:
    if not rows:
        return None
    now, tries = rows[0]["touched_at"], rows[0]["tries"]
    assert isinstance(now, datetime)
    assert isinstance(tries, str)
    is_refused = rows[0]["refused_at"] is not None
    return Mailbox(mailbox_of(address), address.lower(), now, is_refused, read_tries(tries, now))
