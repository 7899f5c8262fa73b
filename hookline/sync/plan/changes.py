"""A plan as it is seen from the server to the terminal: changes, counts, blocks. Made by
planning, completed by apply; codec turns it to JSON and back, show to text.

Everything in it is masked already.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, overload
from uuid import UUID

from hookline.sync.options import DEFAULT_OPTIONS, Options
from hookline.sync.policy import USUAL, ApplyLimits
from hookline.sync.read.problems import Position, SyncProblem


def wish_of(restores: int | None) -> str:
    """The file, or the revision that a rollback brings back, in a sentence."""
    return f"revision {restores}" if restores else "the file"


class ChangeKind(StrEnum):
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    MOVE = "MOVE"
    ADOPT = "ADOPT"
    DISABLE = "DISABLE"
    DELETE = "DELETE"
    RELEASE = "RELEASE"
    DRIFT = "DRIFT"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class FieldAuthor:
    """Author of a field's value: `token "support"`, the time and the reason given."""

    name: str
    at: datetime
    reason: str | None = None


def changed_by(author: FieldAuthor | None) -> str:
    """`changed by token "support" on 2026-11-28 10:02 UTC: incident 7`."""
    if author is None:
        return "changed by hand, by whom is not recorded"
    reason = f": {author.reason}" if author.reason else ""
    return f"changed by {author.name} on {author.at:%Y-%m-%d %H:%M} UTC{reason}"


# No dataclass: of 10,000 new webhooks there are 150,000, which are made in a third of the time.
class FieldChange(NamedTuple):
    """before: what it was (last applied, for drift); after: what the file wants; live: what it is.
    Secrets are masked; changed_secrets: paths of those that differ between the three, such as
    `headers.X-Api-Key`.
    """

    field: str
    before: Any
    after: Any
    live: Any
    is_secret: bool = False
    changed_secrets: tuple[str, ...] = ()
    author: FieldAuthor | None = None
    """Of the live value, for drift and conflicts; None where it is not recorded."""


@dataclass(frozen=True, slots=True)
class CreatedFields(Sequence[FieldChange]):
    """The fields of a new webhook, each of which is made when it is asked for: of 10,000 webhooks
    that are 150,000, of which most commands need none. values: by field, secrets masked;
    secret_fields: those that hold one. Each Change of the kind CREATE has them.
    """

    values: Mapping[str, Any]
    secret_fields: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[FieldChange]:
        for name, value in self.values.items():
            yield FieldChange(name, None, value, None, name in self.secret_fields)

    @overload
    def __getitem__(self, at: int) -> FieldChange: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[FieldChange]: ...
    def __getitem__(self, at: int | slice) -> FieldChange | Sequence[FieldChange]:
        return [*self][at]


@dataclass(frozen=True, slots=True)
class Change:
    """webhook_id: None for a new webhook, and for clients that only read the plan. moved_from: the
    slug before a MOVE. open_deliveries: up to 10,000; None where they were not counted. version: of
    the webhook that was compared; None for a new one.
    """

    kind: ChangeKind
    slug: str
    webhook_id: UUID | None
    fields: Sequence[FieldChange]
    position: Position | None
    hint: str | None = None
    moved_from: str | None = None
    open_deliveries: int | None = None
    version: int | None = None

    @property
    def after(self) -> Mapping[str, Any]:
        """The values afterwards by field, masked."""
        if isinstance(self.fields, CreatedFields):
            return self.fields.values
        return {item.field: item.after for item in self.fields}


@dataclass(frozen=True, slots=True)
class Block:
    """code: removals, protected, empty-set, drift, adopt, owned-elsewhere, older, reenable, only,
    secret-lost, stale or locked. flag: the option that lifts it, if there is one.
    """

    code: str
    message: str
    slug: str | None = None
    flag: str | None = None
    position: Position | None = None
    """Of the webhook in the files; None of one that is not there, and of the whole set."""


@dataclass(frozen=True, slots=True)
class Plan:
    """base: number of the set's newest revision before, 0 for none; revision: of the one that an
    apply made. server: the server or database, for callers that asked several.

    unknown_secrets: paths of those that are not known here and so not compared, such as
    `orders.headers.X-Api-Key`. options: that it was made with, known to the caller.

    digest: equal for equal changes of an equal state by equal options; a reviewed plan is
    recognised by it.
    """

    set_name: str
    base: int
    changes: tuple[Change, ...]
    unchanged: int
    digest: str = ""
    blocked: tuple[Block, ...] = ()
    base_commit: str | None = None
    is_base_dirty: bool | None = None
    """True when that revision's file differed from the commit."""
    revision: int | None = None
    warnings: tuple[SyncProblem, ...] = ()
    server: str = ""
    options: Options = DEFAULT_OPTIONS
    unknown_secrets: tuple[str, ...] = ()
    commit: str | None = None
    """Of the files that were planned, as far as the caller knows it."""
    limits: ApplyLimits = USUAL
    """The policy that it was made by."""
    restores: int | None = None
    """Number of the revision that a rollback brings back; None for a file's plan."""
    policy_changes: tuple[str, ...] = ()
    """Changes of the policy and of lifecycles since the last apply, in words."""

    @property
    def is_empty(self) -> bool:
        """True when an apply would change nothing that people see."""
        return not self.changes and not self.policy_changes

    @property
    def wish(self) -> str:
        return wish_of(self.restores)

    def count(self, kind: ChangeKind) -> int:
        return sum(change.kind is kind for change in self.changes)
