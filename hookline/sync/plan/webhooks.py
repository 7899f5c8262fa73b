"""Webhooks of a plan: as the file wants them, as the database has them, and what an apply writes of
each. Made by applying and store, compared by planning.
"""

from dataclasses import dataclass
from uuid import UUID

from hookline.sync.plan.changes import Plan
from hookline.sync.plan.comparing import Values
from hookline.sync.read.file_fields import NO_LIFECYCLE, Lifecycle
from hookline.sync.read.positions import Positions
from hookline.sync.read.problems import Position, SyncProblem


@dataclass(frozen=True, slots=True)
class WantedWebhook:
    """A webhook as the file wants it. values: of the fields that it mentions, secrets in clear;
    prints: the same with secrets as fingerprints. places: of the file's values.
    """

    slug: str
    values: Values
    prints: Values
    position: Position
    places: Positions | None = None
    lifecycle: Lifecycle = NO_LIFECYCLE

    @property
    def url_position(self) -> Position | None:
        """Position of its URL, which may stand in the file's defaults. Looked up when it is asked
        for: for 10,000 webhooks that took longer than many a step of a plan, and a problem alone
        has it.
        """
        found = self.places.get(f"webhooks.{self.slug}.url") if self.places else None
        return Position(found[1], found[2], found[0]) if found else None


@dataclass(frozen=True, slots=True)
class StoredWebhook:
    """A webhook as it is in the database. form: canonical, secrets as fingerprints; applied: the
    last applied values of the fields that its set owns.
    """

    id: UUID
    slug: str
    form: Values
    version: int
    set_name: str | None
    applied: Values
    is_removed: bool
    changed_by: str
    """The last change of the webhook: by whom and when."""
    position: tuple[str | None, int | None, str | None]
    """File, line and commit of the last apply."""
    ignored: frozenset[str] = frozenset()
    """Fields that the last applied file leaves to people."""
    is_auto_disabled: bool = False
    is_listener: bool = False
    """It goes when its command ends: no file can own it."""
    is_settled: bool = False
    """It is known to be as the file wants it, and its form was not read."""


@dataclass(frozen=True, slots=True)
class Write:
    """The values that an apply writes for one webhook. live: None for a new one. values: of the
    fields that change, of a new one of those that are not to be the defaults; applied: what the set
    owns then.

    is_visible: people see a change, not only the sync remembers something.
    """

    slug: str
    live: StoredWebhook | None
    values: Values
    applied: Values
    position: Position | None
    is_removed: bool = False
    is_visible: bool = True
    is_reenabled: bool = False
    """It was turned off by itself and goes on."""
    is_deleted: bool = False
    is_released: bool = False
    """No file owns it from then on."""
    ignored: frozenset[str] = frozenset()
    """Fields that the file leaves to people from then on."""

    @property
    def is_moved(self) -> bool:
        return self.live is not None and self.live.slug != self.slug


@dataclass(frozen=True, slots=True)
class Planned(Plan):
    """A plan with what an apply needs besides. problems: what the file wants and people contradict;
    with one of them nothing is applied.
    """

    writes: tuple[Write, ...] = ()
    problems: tuple[SyncProblem, ...] = ()
    owned_elsewhere: tuple[tuple[str, str], ...] = ()
    """Slugs that another set owns, with its name."""
    protected: frozenset[str] = frozenset()
    """Slugs that the file applied last protects from being taken out."""

    @property
    def has_effect(self) -> bool:
        """True when applying it changes what people see: then it makes a revision."""
        return bool(self.policy_changes) or any(write.is_visible for write in self.writes)
