"""Sets and revisions as the API tells them, for `hookline sync status`, `history` and `show`: the
selection of each, and its parts with every type checked, as the answer is a server's word. Pure.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from hookline.sync.plan import codec
from hookline.sync.plan.changes import ChangeKind, FieldChange
from hookline.sync.plan.codec import Json
from hookline.sync.read.problems import SyncProblem

T = TypeVar("T")

REVISION_FIELDS: Final = """number commit branch author message runUrl repository dirty restores
    policyChanges
    actor { kind name } created updated moved disabled deleted appliedAt"""
SET_FIELDS: Final = f"""name commit committedAt lastAppliedAt webhookCount driftCount
    source {{ kind path repository branch author actor {{ kind name }} }}
    revision {{ {REVISION_FIELDS} }}"""
SOURCE_FIELDS: Final = f"""path set interval commit isFollowed degradedAt checkedAt appliedAt
    driftCount problem {{ {codec.PROBLEM_FIELDS} }}"""
CHANGE_FIELDS: Final = "kind slug movedFrom kept fields { field before after live changedSecrets }"


@dataclass(frozen=True, slots=True)
class RevisionRecord:
    """A revision without its changes. actor: `token "ci"`."""

    number: int
    actor: str
    applied_at: datetime
    created: int
    updated: int
    disabled: int
    moved: int = 0
    deleted: int = 0
    commit: str | None = None
    branch: str | None = None
    author: str | None = None
    message: str | None = None
    run_url: str | None = None
    repository: str | None = None
    is_dirty: bool = False
    restores: int | None = None
    """Number of the revision that a rollback brought back."""
    policy_changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OriginRecord:
    """Origin of what was applied to a set last. actor: `token "ci"`."""

    actor: str
    is_followed: bool
    """The server follows the files itself."""
    path: str | None = None
    repository: str | None = None
    branch: str | None = None
    author: str | None = None


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A set as it is now. revision: None where no apply has changed anything yet."""

    name: str
    webhook_count: int
    drift_count: int
    commit: str | None
    applied_at: datetime | None
    revision: RevisionRecord | None
    origin: OriginRecord | None = None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Files that a server follows. problem: None while they are applied."""

    path: str
    set_name: str | None
    interval: str
    commit: str | None
    problem: SyncProblem | None
    degraded_at: datetime | None
    checked_at: datetime | None
    applied_at: datetime | None
    is_followed: bool = True
    """A server follows them still."""


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A change as its revision keeps it."""

    kind: ChangeKind
    slug: str
    fields: tuple[FieldChange, ...]
    moved_from: str | None = None
    is_kept: bool | None = None
    """Of drift: True where it was left as it was, False where it was set back."""


def decode_set(content: Json) -> SetRecord:
    """Raises what `codec.decode` raises; so do those below."""
    return SetRecord(
        name=codec.text(content["name"]),
        webhook_count=codec.number(content["webhookCount"]),
        drift_count=codec.number(content["driftCount"]),
        commit=_or_none(codec.text, content["commit"]),
        applied_at=_or_none(_time, content["lastAppliedAt"]),
        revision=_or_none(decode_revision, content["revision"]),
        origin=_or_none(decode_origin, content["source"]),
    )


def decode_origin(content: Json) -> OriginRecord:
    return OriginRecord(
        actor=_actor(content["actor"]),
        is_followed=codec.text(content["kind"]) == "PULL",
        path=_or_none(codec.text, content["path"]),
        repository=_or_none(codec.text, content["repository"]),
        branch=_or_none(codec.text, content["branch"]),
        author=_or_none(codec.text, content["author"]),
    )


def decode_source(content: Json) -> SourceRecord:
    return SourceRecord(
        path=codec.text(content["path"]),
        set_name=_or_none(codec.text, content["set"]),
        interval=codec.text(content["interval"]),
        commit=_or_none(codec.text, content["commit"]),
        problem=_or_none(codec.decode_problem, content["problem"]),
        degraded_at=_or_none(_time, content["degradedAt"]),
        checked_at=_or_none(_time, content["checkedAt"]),
        applied_at=_or_none(_time, content["appliedAt"]),
        is_followed=content["isFollowed"] is True,
    )


def decode_revision(content: Json) -> RevisionRecord:
    return RevisionRecord(
        number=codec.number(content["number"]),
        actor=_actor(content["actor"]),
        applied_at=_time(content["appliedAt"]),
        created=codec.number(content["created"]),
        updated=codec.number(content["updated"]),
        disabled=codec.number(content["disabled"]),
        moved=codec.number(content["moved"]),
        deleted=codec.number(content["deleted"]),
        commit=_or_none(codec.text, content["commit"]),
        branch=_or_none(codec.text, content["branch"]),
        author=_or_none(codec.text, content["author"]),
        message=_or_none(codec.text, content["message"]),
        run_url=_or_none(codec.text, content["runUrl"]),
        repository=_or_none(codec.text, content["repository"]),
        is_dirty=content["dirty"] is True,
        restores=_or_none(codec.number, content["restores"]),
        policy_changes=tuple(map(codec.text, content["policyChanges"])),
    )


def decode_changes(contents: Iterable[Json]) -> list[RecordedChange]:
    return [
        RecordedChange(
            ChangeKind(content["kind"]),
            codec.text(content["slug"]),
            tuple(
                FieldChange(
                    codec.text(item["field"]),
                    codec.value(item["before"]),
                    codec.value(item["after"]),
                    codec.value(item["live"]),
                    changed_secrets=tuple(map(codec.text, item["changedSecrets"])),
                )
                for item in content["fields"]
            ),
            _or_none(codec.text, content["movedFrom"]),
            None if content["kept"] is None else content["kept"] is True,
        )
        for content in contents
    ]


def _actor(content: Json) -> str:
    return f'{codec.text(content["kind"]).lower()} "{codec.text(content["name"])}"'


def _time(value: object) -> datetime:
    return datetime.fromisoformat(codec.text(value))


def _or_none(read: Callable[[Json], T] | Callable[[object], T], value: Json | None) -> T | None:
    return None if value is None else read(value)
