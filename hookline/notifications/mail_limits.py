"""Limits of the mails to one mailbox: one an hour about the same, and so many a day. Pure.

Tries count, not successes: a worker that dies between the mail server's answer and its commit must
not make one more possible.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from hookline.models.column_types import from_micros, to_micros

MAILS_A_DAY: Final = 20
"""Tries to one mailbox within a day, whoever's mails they are."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
QUESTION: Final = "question"
"""The subject of a mail that asks for confirmation: one a day."""


@dataclass(frozen=True, slots=True)
class MailTry:
    """One try to send a mail. key: its receipt; about: its subjects (`subject_of`), which are
    known for as long as they bound anything.
    """

    at: datetime
    key: UUID
    workspace_id: UUID
    about: frozenset[str]


def mailbox_of(address: str) -> str:
    """The mailbox of an address, which is one person in any spelling: case, what stands behind `+`,
    and at Gmail dots and the other name of the domain.

    >>> mailbox_of("Ops+hooks@Example.com")
    'ops@example.com'
    """
    local, _, domain = address.lower().rpartition("@")
    base = local.partition("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        base, domain = base.replace(".", ""), "gmail.com"
    return f"{base}@{domain}"


def subject_of(webhook_id: UUID | None, workspace_id: UUID, kind: int) -> str:
    """The webhook and the kind, of which there is one mail an hour. A sync has no webhook: there it
    is the workspace.
    """
    return f"{(webhook_id or workspace_id).hex}:{kind}"


def hour_free_at(tries: Sequence[MailTry], subject: str, now: datetime) -> datetime | None:
    """The time at which a new mail may tell of the subject again; None: now."""
    lately = [one.at for one in tries if subject in one.about and one.at > now - HOUR]
    return max(lately) + HOUR if lately else None


def day_free_at(tries: Sequence[MailTry]) -> datetime | None:
    """The time at which one more mail may go out; None: now."""
    latest = sorted(one.at for one in tries)[-MAILS_A_DAY:]
    return latest[0] + DAY if len(latest) == MAILS_A_DAY else None


def question_free_at(tries: Sequence[MailTry]) -> datetime | None:
    """The time at which the mailbox may be asked again; None: now."""
    return max((one.at + DAY for one in tries if QUESTION in one.about), default=None)


def without_latest(tries: Sequence[MailTry], key: UUID) -> list[MailTry]:
    """The tries without the latest one of that receipt, which is known to have reached nobody."""
    own = [one for one in tries if one.key == key]
    latest = max(own, key=lambda one: one.at, default=None)
    return [one for one in tries if one is not latest]


def read_tries(text: str, now: datetime) -> list[MailTry]:
    """The tries that `write_tries` wrote which are within the last day."""
    found = [
        MailTry(
            # Of a clock that was set back: it counts from now on, and not until that time comes.
            min(from_micros(at), now),
            UUID(key),
            UUID(workspace_id),
            frozenset(about),
        )
        for at, key, workspace_id, about in orjson.loads(text)
    ]
    return [one for one in found if one.at > now - DAY]


def write_tries(tries: Collection[MailTry], now: datetime) -> str:
    """As JSON of bounded length: a mail of many has many subjects, which count for an hour only."""
    return orjson.dumps(
        [
            [to_micros(one.at), str(one.key), str(one.workspace_id), sorted(_still_known(one, now))]
            for one in tries
        ]
    ).decode()


def _still_known(one: MailTry, now: datetime) -> frozenset[str]:
    return one.about if one.at > now - HOUR else one.about & {QUESTION}
