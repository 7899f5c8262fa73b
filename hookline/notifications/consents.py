"""Answers of a mailbox's owner to the question of a workspace, by the link in its mail. Called by
the page behind that link. A link is worth one answer about one mailbox, and nothing else.
"""

import asyncio
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hookline.db.connection import Database, Row, UnitOfWork
from hookline.db.enum_numbers import with_enum_numbers
from hookline.db.statements import for_dialect
from hookline.notifications import mailboxes
from hookline.notifications.mail_limits import mailbox_of

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)
_CALLER: Final = "the page of confirmations"
"""Those who guess share one caller's places at the read pool."""

FIND: Final = """
select address, workspace_id, confirmed_at from mail_consent
where token_digest = $1 and expires_at > {now}"""
IS_REFUSED: Final = """
select 1 as one from mailbox where address = $1 and refused_at is not null"""
CONFIRM: Final = """
update mail_consent set confirmed_at = {now}
where address = $1 and workspace_id = $2 and confirmed_at is null"""
WANTED: Final = "update mailbox set refused_at = null where address = $1"
# What waited goes out at once, as one mail.
RELEASE: Final = with_enum_numbers("""
update email set status = EmailStatus.HELD, next_try_at = {now}, error = null
where lower(address) = lower($1) and status < EmailStatus.SENT and workspace_id = $2
  and status = EmailStatus.UNCONFIRMED""")
REFUSE: Final = "update mailbox set refused_at = {now} where address = $1"
# Whatever it said to other workspaces before.
TAKE_BACK: Final = "update mail_consent set confirmed_at = null where address = $1"


class Wish(Enum):
    WANTED = "wanted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Consent:
    """A mailbox's address, and its owner's answer to one workspace; None: there is none yet."""

    address: str
    answer: Wish | None


async def find(database: Database, token: str, seconds: float) -> Consent | None:
    """The consent that a link is about; None when the link is unknown or older than 7 days.

    Raises Unavailable.
    """
    # Whoever guesses pays for no statement but with a text of the right form.
    if not _TOKEN.fullmatch(token):
        return None
    until = asyncio.get_running_loop().time() + seconds
    async with database.reading(_CALLER, until) as reader:
        rows = await reader.rows(for_dialect(FIND, reader.dialect), mailboxes.token_digest(token))
        if not rows:
            return None
        row = rows[0]
        is_refused = await reader.rows(IS_REFUSED, mailbox_of(row["address"]))
    said = Wish.REFUSED if is_refused else Wish.WANTED if row["confirmed_at"] else None
    return Consent(row["address"], said)


async def answer(database: Database, token: str, answer: Wish) -> Consent | None:
    """Notes the owner's answer, which may change until the link ends. None: as for `find`.

    Raises Unavailable.
    """
    async with database.unit_of_work() as work:
        sql = for_dialect(FIND, work.dialect)
        rows = await work.rows(sql, mailboxes.token_digest(token))
        if not rows:
            return None
        # The mailbox first, as everybody who sends to it: no mail is being leased meanwhile.
        await mailboxes.lock(work, rows[0]["address"])
        rows = await work.rows(sql, mailboxes.token_digest(token))
        if not rows:
            return None
        await _note(work, rows[0], answer)
        return Consent(rows[0]["address"], answer)


async def _note(work: UnitOfWork, row: Row, answer: Wish) -> None:
    address, workspace_id = row["address"], row["workspace_id"]
    mailbox = mailbox_of(address)
    if answer is Wish.REFUSED:
        await work.execute(for_dialect(REFUSE, work.dialect), mailbox)
        await work.execute(TAKE_BACK, address)
        return
    await work.execute(WANTED, mailbox)
    await work.execute(for_dialect(CONFIRM, work.dialect), address, workspace_id)
    await work.execute(for_dialect(RELEASE, work.dialect), address, workspace_id)
