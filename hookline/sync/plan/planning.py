"""Plans an apply: the file's wish against the rows, three-way for each owned field. For applying.

Pure: no database, no clock. Secrets stand in clear only in the values that are to be written; what
is shown has them masked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson

from hookline.form.check import check_whole
from hookline.form.kinds import UNKNOWN_SECRET, FieldProblem
from hookline.form.origins import left_behind
from hookline.form.webhook_fields import DEFAULTS, FIELDS
from hookline.sync.plan.changes import Change, ChangeKind, FieldChange, Plan
from hookline.sync.plan.comparing import (
    Values,
    Verdicts,
    changed_secrets,
    compare,
    folded,
    holds_secret,
    holds_unknown,
    masked,
    secrets_in,
)
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.request import DEFAULT_OPTIONS, DriftPolicy, Options


@dataclass(frozen=True, slots=True)
class WantedWebhook:
    """A webhook as the file wants it. values: of the fields that it mentions, secrets in clear;
    prints: the same with secrets as fingerprints. url_position: of its URL, which may stand in the
    file's defaults.
    """

    slug: str
    values: Values
    prints: Values
    position: Position
    url_position: Position | None = None


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
    is_auto_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """The values that an apply writes for one webhook. live: None for a new one. values: of the
    fields that change; applied: what the set owns then.

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


@dataclass(frozen=True, slots=True)
class Planned(Plan):
    """A plan with what an apply needs besides. problems: what the file wants and people contradict;
    with one of them nothing is applied.
    """

    writes: tuple[Write, ...] = ()
    problems: tuple[SyncProblem, ...] = ()
    owned_elsewhere: tuple[tuple[str, str], ...] = ()
    """Slugs that another set owns, with its name."""

    @property
    def has_effect(self) -> bool:
        """True when applying it changes what people see: then it makes a revision."""
        return any(write.is_visible for write in self.writes)


def plan(
    set_name: str,
    base: int,
    wanted: Iterable[WantedWebhook],
    stored: Iterable[StoredWebhook],
    options: Options = DEFAULT_OPTIONS,
    may_read_secrets: bool = False,
) -> Planned:
    """Compares everything: first what the file has, then what it no longer has, each in the order
    of the slugs.

    stored: what the set owns, and whatever has a wanted slug. may_read_secrets: a secret that
    people set goes along when the file moves its webhook to another origin.
    """
    planner = _Planner(set_name, options.on_drift, options.reenable, may_read_secrets)
    planner.compare(wanted, stored)
    changes, writes = tuple(planner.changes), tuple(planner.writes)
    return Planned(
        set_name=set_name,
        base=base,
        changes=changes,
        unchanged=len(
            planner.slugs
            - {change.slug for change in changes}
            - {slug for slug, _ in planner.owned_elsewhere}
        ),
        writes=writes,
        problems=tuple(planner.problems),
        owned_elsewhere=tuple(planner.owned_elsewhere),
        unknown_secrets=tuple(sorted(planner.unknown_secrets)),
        digest=_digest(
            [
                set_name,
                base,
                # A plan that was agreed to would else be applied with a check lifted that held it.
                options.flags,
                [_digest_input(change) for change in changes],
                [_remembered(write) for write in writes],
            ]
        ),
    )


def drift(live: StoredWebhook) -> Change | None:
    """The fields that the set owns and that were changed by hand since it was applied; None where
    there is none. The last applied values stand for the file, which is not at hand.
    """
    found = compare(live.slug, live.applied, live.form, live.applied, is_adopted=False)
    if not found.drifted:
        return None
    fields = tuple(
        _shown(name, value, value, live.form[name]) for name, value in found.drifted.items()
    )
    file, line, _ = live.position
    position = Position(line, file=file) if file and line else None
    return Change(ChangeKind.DRIFT, live.slug, live.id, fields, position)


@dataclass(slots=True)
class _Planner:
    set_name: str
    on_drift: DriftPolicy
    reenable: frozenset[str]
    may_read_secrets: bool
    slugs: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    problems: list[SyncProblem] = field(default_factory=list)
    owned_elsewhere: list[tuple[str, str]] = field(default_factory=list)
    unknown_secrets: list[str] = field(default_factory=list)

    def compare(self, wanted: Iterable[WantedWebhook], stored: Iterable[StoredWebhook]) -> None:
        by_slug = {live.slug: live for live in stored}
        # Sorted and taken out: the order of the file makes no difference, and what is left is no
        # longer in it.
        for item in sorted(wanted, key=lambda item: item.slug):
            self.want(item, by_slug.pop(item.slug, None))
        for _, live in sorted(by_slug.items()):
            self.remove(live)

    def want(self, item: WantedWebhook, live: StoredWebhook | None) -> None:
        self.slugs.add(item.slug)
        self.unknown_secrets += [
            f"{item.slug}.{path}"
            for name, value in item.prints.items()
            for path, secret in secrets_in(name, value).items()
            if secret is UNKNOWN_SECRET
        ]
        if live is None:
            self._create(item)
        elif live.set_name not in (None, self.set_name):
            self.owned_elsewhere.append((item.slug, str(live.set_name)))
        else:
            self._compare(item, live)

    def remove(self, live: StoredWebhook) -> None:
        """A webhook that the set owns and the file no longer has: turned off once, then left alone.
        The set owns the switch from then on.
        """
        if live.is_removed or live.set_name != self.set_name:
            return
        is_on = bool(live.form["active"])
        fields = (FieldChange("active", True, False, True),) if is_on else ()
        self.changes.append(
            Change(
                # Without a position: at its last line stands another webhook by now.
                ChangeKind.DISABLE,
                live.slug,
                live.id,
                fields,
                None,
                "not in the file",
            )
        )
        values = {"active": False} if is_on else {}
        self.writes.append(
            Write(live.slug, live, values, {**live.applied, "active": False}, None, is_removed=True)
        )

    def _create(self, item: WantedWebhook) -> None:
        fields = tuple(
            _shown(name, None, item.prints[name], None) for name in FIELDS if name in item.prints
        )
        self.changes.append(Change(ChangeKind.CREATE, item.slug, None, fields, item.position))
        self.writes.append(
            Write(
                item.slug,
                None,
                # Each overrides what stands before it: the file has the last word.
                {**DEFAULTS, "name": item.slug, **item.values},
                item.prints,
                item.position,
            )
        )

    def _compare(self, item: WantedWebhook, live: StoredWebhook) -> None:
        is_adopted = live.set_name is None
        is_reenabled = live.is_auto_disabled and item.slug in self.reenable
        verdicts = compare(item.slug, item.prints, live.form, live.applied, is_adopted)
        if verdicts.updated or is_adopted or live.is_removed or is_reenabled:
            self._update(item, live, verdicts, is_reenabled)
        self._add_disputed(item, live, ChangeKind.DRIFT, verdicts.drifted)
        self._add_disputed(item, live, ChangeKind.CONFLICT, verdicts.conflicting)
        if verdicts.released:
            fields = tuple(
                _shown(name, live.applied[name], live.form[name], live.form[name])
                for name in verdicts.released
            )
            hint = "no longer in the file: stays as it is"
            self.changes.append(
                Change(ChangeKind.RELEASE, item.slug, live.id, fields, item.position, hint)
            )
        self._write(item, live, verdicts, is_reenabled)

    def _update(
        self, item: WantedWebhook, live: StoredWebhook, verdicts: Verdicts, is_reenabled: bool
    ) -> None:
        kind, hint = ChangeKind.UPDATE, "back in the file" if live.is_removed else None
        if live.set_name is None:
            kind, hint = ChangeKind.ADOPT, "exists, not managed"
        fields = tuple(
            _shown(name, live.form[name], value, live.form[name], live.set_name is None)
            for name, value in verdicts.updated.items()
        )
        if is_reenabled:
            wanted = "ACTIVE" if live.form["active"] else "INACTIVE"
            fields = (FieldChange("status", "AUTO_DISABLED", wanted, "AUTO_DISABLED"), *fields)
        self.changes.append(Change(kind, item.slug, live.id, fields, item.position, hint))

    def _add_disputed(
        self, item: WantedWebhook, live: StoredWebhook, kind: ChangeKind, fields: Values
    ) -> None:
        if fields:
            hint = {
                DriftPolicy.BLOCK: None,
                DriftPolicy.OVERWRITE: "set back",
                DriftPolicy.KEEP: "kept as it is",
            }[self.on_drift]
            shown = tuple(
                _shown(name, live.applied.get(name), value, live.form[name])
                for name, value in fields.items()
            )
            self.changes.append(Change(kind, item.slug, live.id, shown, item.position, hint))

    def _write(
        self, item: WantedWebhook, live: StoredWebhook, verdicts: Verdicts, is_reenabled: bool
    ) -> None:
        is_overwriting = self.on_drift is DriftPolicy.OVERWRITE
        written = verdicts.updated | (verdicts.disputed if is_overwriting else {})
        # What is kept keeps its last applied value, too: the next plan shows the drift again.
        kept = {} if is_overwriting else verdicts.disputed
        applied = {name: value for name, value in item.prints.items() if name not in kept}
        applied |= {name: live.applied[name] for name in kept if name in live.applied}
        self._check(item, live, {**live.form, **written})
        is_visible = (
            bool(written or verdicts.released)
            or live.is_removed
            or live.set_name is None
            or is_reenabled
        )
        # Folded: headers in another order would else be a write, and another digest, of nothing.
        if is_visible or _folded(applied) != _folded(live.applied):
            # In clear where the file has it; a default that a dropped field goes back to has no
            # secret.
            values = {name: item.values.get(name, value) for name, value in written.items()}
            self.writes.append(
                Write(
                    item.slug,
                    live,
                    values,
                    applied,
                    item.position,
                    is_visible=is_visible,
                    is_reenabled=is_reenabled,
                )
            )

    def _check(self, item: WantedWebhook, live: StoredWebhook, whole: Values) -> None:
        """Problems where the file's wishes and what people set by hand contradict each other, and
        secrets set by hand that the file would send to another place.
        """
        # The merged whole: a header by hand and one of the file may have the same name.
        self._note(item, check_whole(whole), item.position)
        if not self.may_read_secrets:
            behind = left_behind(live.form, whole, item.prints)
            self._note(item, behind, item.url_position or item.position)

    def _note(self, item: WantedWebhook, found: Iterable[FieldProblem], position: Position) -> None:
        for problem in found:
            path = ("webhooks", item.slug, *problem.field)
            self.problems.append(
                SyncProblem(problem.yaml_code, problem.message.removesuffix("."), position, path)
            )


def _shown(name: str, before: Any, after: Any, live: Any, is_adopted: bool = False) -> FieldChange:
    """is_adopted: whether a guess of the file is right stays untold, as in `compare`."""
    is_secret = any(map(holds_secret, (before, after, live)))
    changed = dict.fromkeys(
        path for value in (before, live) for path in changed_secrets(name, value, after, is_adopted)
    )
    return FieldChange(name, masked(before), masked(after), masked(live), is_secret, tuple(changed))


def _folded(values: Values) -> dict[str, Any]:
    return {name: folded(name, value) for name, value in values.items()}


def _digest_input(change: Change) -> list[Any]:
    fields = [
        [item.field, *(folded(item.field, value) for value in (item.before, item.after, item.live))]
        for item in change.fields
    ]
    return [change.kind, change.slug, change.webhook_id and str(change.webhook_id), fields]


def _remembered(write: Write) -> list[Any]:
    """Parts of the digest beyond what is shown: the webhook's version, and secrets by their
    fingerprints.
    """
    applied = {
        # An unknown secret has no fingerprint: two plans without it are equal.
        name: "" if holds_unknown(value) else folded(name, value)
        for name, value in write.applied.items()
    }
    return [write.slug, write.live and write.live.version, applied, write.is_removed]


# Of the base and the versions of what is written, too: a plan that was agreed to is stale once the
# set or one of its webhooks has changed.
def _digest(value: Any) -> str:
    # Sorted keys, so that equal plans are equal bytes.
    return "sha256:" + sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
