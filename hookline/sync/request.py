"""A request to apply, and the origin of its file. Made by the commands and by api/schema/sync."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from hookline.sync.options import DEFAULT_OPTIONS, Options
from hookline.sync.read.document import Document
from hookline.sync.read.problems import SyncProblem

DIRTY: Final = "-dirty"


@dataclass(frozen=True, slots=True)
class Source:
    """The origin of the file, as far as the caller knows it."""

    commit: str | None = None
    branch: str | None = None
    author: str | None = None
    run_url: str | None = None
    repository: str | None = None
    is_dirty: bool | None = None
    """True when the file differs from the commit."""
    committed_at: datetime | None = None
    followed_path: str | None = None
    """Path that the server follows; None: somebody applied it."""

    @property
    def recorded_commit(self) -> str | None:
        """The commit as webhooks, sets and the audit log name it: of a file that differs from it
        with the ending that `git describe --dirty` gives it.
        """
        return f"{self.commit}{DIRTY}" if self.commit and self.is_dirty else self.commit


@dataclass(frozen=True, slots=True)
class Restored:
    """A revision that a rollback brings back. prints: the values of its webhooks by slug, secrets
    as fingerprints; problems: what is not allowed any more.
    """

    number: int
    set_id: UUID
    prints: Mapping[str, Mapping[str, Any]]
    has_policy: bool
    """False of a revision that kept none: the set's stays."""
    base: int
    """Number of the set's newest revision when it was read."""
    undone: Sequence[tuple[str, str]] = ()
    """Moves of the revisions between, the newest first: the slug after each, and before."""
    problems: tuple[SyncProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A document to be planned or applied. plan_digest: of the plan that was agreed to, None for
    none; idempotency_key: of the asker's own making; message: kept with the revision.

    restored: the revision that the document was made of; None for a file's. content_digest: of the
    document as it was sent; None: the apply leaves no receipt (hookline.sync.apply.unchanged).
    """

    document: Document
    options: Options = DEFAULT_OPTIONS
    source: Source = Source()
    plan_digest: str | None = None
    idempotency_key: str | None = None
    message: str | None = None
    restored: Restored | None = None
    content_digest: str | None = None
    has_warnings: bool = False
    """The file has some, which each answer tells."""
