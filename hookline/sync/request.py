"""Options of an apply, and the origin of its file. Made by the commands and by api/schema/sync."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hookline.sync.read.document import Document


class DriftPolicy(StrEnum):
    BLOCK = "BLOCK"
    OVERWRITE = "OVERWRITE"
    KEEP = "KEEP"


@dataclass(frozen=True, slots=True)
class Options:
    """Options of an apply."""

    adopt: bool = False
    on_drift: DriftPolicy = DriftPolicy.BLOCK
    allow_empty: bool = False
    allow_removals: int | None = None
    allow_older: bool = False
    lock_timeout: timedelta = timedelta(seconds=30)
    reenable: frozenset[str] = frozenset()
    """Slugs."""


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


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A document to be planned or applied. plan_digest: of the plan that was agreed to, None for
    none; idempotency_key: of the asker's own making; message: kept with the revision.
    """

    document: Document
    options: Options = Options()
    source: Source = Source()
    plan_digest: str | None = None
    idempotency_key: str | None = None
    message: str | None = None
