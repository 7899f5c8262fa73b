"""Plans an apply: the file's wish against the rows, three-way for each owned field. For applying.

Pure: no database, no clock. Secrets stand in clear only in the values that are to be written; what
is shown has them masked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hookline.form.check import check_whole
from hookline.form.equality import folded
from hookline.form.kinds import UNKNOWN_SECRET, FieldProblem, holds_unknown
from hookline.form.origins import left_behind
from hookline.form.webhook_fields import FIELDS, SECRET_FIELDS
from hookline.sync.options import DEFAULT_OPTIONS, Options
from hookline.sync.plan.changes import Change, ChangeKind, CreatedFields, FieldChange, wish_of
from hookline.sync.plan.comparing import (
    Values,
    Verdicts,
    changed_secrets,
    compare,
    holds_secret,
    masked,
    secrets_in,
)
from hookline.sync.plan.digest import digest_of
from hookline.sync.plan.policy_changes import policy_changes, shown
from hookline.sync.plan.webhooks import Planned, StoredWebhook, WantedWebhook, Write
from hookline.sync.policy import ApplyLimits, DriftPolicy, Prune, Rules, limits_of
from hookline.sync.read.file_fields import Move
from hookline.sync.read.problems import Position, SyncProblem

NO_RULES: Final = Rules()


def plan(
    set_name: str,
    base: int,
    wanted: Iterable[WantedWebhook],
    stored: Iterable[StoredWebhook],
    options: Options = DEFAULT_OPTIONS,
    may_read_secrets: bool = False,
    rules: Rules = NO_RULES,
    moves: Iterable[Move] = (),
    restores: int | None = None,
) -> Planned:
    """Compares everything: first what the file has, then what it no longer has, each in the order
    of the slugs.

    stored: what the set owns, and whatever has a wanted slug. may_read_secrets: a secret that
    people set goes along when the file moves its webhook to another origin. restores: the revision
    that stands for the file.
    """
    stored, wanted, moves = list(stored), list(wanted), list(moves)
    managed = sum(live.set_name == set_name and not live.is_removed for live in stored)
    limits = limits_of(rules, options.on_drift, options.allow_removals, managed)
    files = None if restores else frozenset(item.position.file for item in wanted)
    wish, only = wish_of(restores), options.only
    planner = _Planner(set_name, limits, options.reenable, may_read_secrets, only, wish, files)
    planner.compare(wanted, stored, moves)
    changes, writes = tuple(planner.changes), tuple(planner.writes)
    policies = policy_changes(set_name, rules, wanted, stored, moves, only)
    digest = digest_of(set_name, base, options, limits, policies, changes, writes, planner.unknown)
    return Planned(
        set_name=set_name,
        base=base,
        changes=changes,
        unchanged=planner.unchanged_count(),
        writes=writes,
        problems=tuple(planner.problems),
        owned_elsewhere=tuple(planner.owned_elsewhere),
        unknown_secrets=tuple(sorted(planner.unknown_secrets)),
        limits=limits,
        restores=restores,
        protected=rules.protected,
        policy_changes=shown(policies),
        digest=digest,
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
    return _of(live, ChangeKind.DRIFT, live.slug, fields, position)


def _of(
    live: StoredWebhook,
    kind: ChangeKind,
    slug: str,
    fields: tuple[FieldChange, ...],
    position: Position | None,
    hint: str | None = None,
    moved_from: str | None = None,
) -> Change:
    """A change of a webhook that exists."""
    return Change(kind, slug, live.id, fields, position, hint, moved_from, version=live.version)


@dataclass(slots=True)
class _Planner:
    set_name: str
    limits: ApplyLimits
    reenable: frozenset[str]
    may_read_secrets: bool
    only: frozenset[str] = frozenset()
    wish: str = "the file"
    files: frozenset[str] | None = None
    """Names of the files that have webhooks; None of a rollback."""
    slugs: set[str] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    problems: list[SyncProblem] = field(default_factory=list)
    owned_elsewhere: list[tuple[str, str]] = field(default_factory=list)
    unknown_secrets: list[str] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    """By slug, the fields with one."""

    def unchanged_count(self) -> int:
        changed = {change.slug for change in self.changes}
        return len(self.slugs - changed - {slug for slug, _ in self.owned_elsewhere})

    def compare(
        self,
        wanted: Iterable[WantedWebhook],
        stored: Iterable[StoredWebhook],
        moves: Iterable[Move],
    ) -> None:
        by_slug = {live.slug: live for live in stored}
        waiting = set[str]()
        for move in moves:
            if self._is_planned(move.target):
                self._move(move, by_slug)
            else:
                waiting.add(move.source)
        # Sorted and taken out: the order of the file makes no difference, and what is left is no
        # longer in it.
        for item in sorted(wanted, key=lambda item: item.slug):
            live = by_slug.pop(item.slug, None)
            if self._is_planned(item.slug):
                self.want(item, live)
        for slug, live in sorted(by_slug.items()):
            # One that is to be moved has not left the file.
            if self._is_planned(slug) and slug not in waiting:
                self.remove(live)

    def _is_planned(self, slug: str) -> bool:
        return not self.only or slug in self.only

    def _move(self, move: Move, by_slug: dict[str, StoredWebhook]) -> None:
        """Puts the webhook in its new place. One that stands there already was moved before."""
        source, target = by_slug.get(move.source), by_slug.get(move.target)
        if source is None:
            return
        if target is None:
            by_slug[move.target] = by_slug.pop(move.source)
        elif source.set_name == self.set_name:
            message = f"{move.source} can't become {move.target}: a webhook has this slug already"
            hint = "take the entry out, or give the webhook another slug"
            self.problems.append(SyncProblem("bad-move", message, move.position, ("moved",), hint))

    def want(self, item: WantedWebhook, live: StoredWebhook | None) -> None:
        self.slugs.add(item.slug)
        prints = item.prints
        secret = [name for name in SECRET_FIELDS & prints.keys() if holds_secret(prints[name])]
        if unknown := [name for name in secret if holds_unknown(prints[name])]:
            self._note_unknown(item, unknown)
        if live is None:
            self._create(item, secret)
        elif live.is_settled:
            return
        elif live.is_listener:
            message = f"{item.slug} is the slug of a listener (hookline listen) until it ends"
            path = ("webhooks", item.slug)
            self.problems.append(SyncProblem("bad-slug", message, item.position, path))
        elif live.set_name not in (None, self.set_name):
            self.owned_elsewhere.append((live.slug, str(live.set_name)))
        else:
            self._compare(item, live)

    def remove(self, live: StoredWebhook) -> None:
        """A webhook that the set owns and the file no longer has: turned off once, then left alone.
        The set owns the switch from then on. By the policy it is deleted, or left to people.
        """
        if live.is_removed or live.set_name != self.set_name:
            return
        match self.limits.prune:
            case Prune.DELETE:
                self._gone(live, ChangeKind.DELETE, {}, is_deleted=True)
            case Prune.KEEP:
                self._gone(live, ChangeKind.RELEASE, {}, is_released=True)
            case Prune.DISABLE:
                values = {"active": False} if live.form["active"] else {}
                self._gone(live, ChangeKind.DISABLE, values, is_removed=True)

    def _gone(
        self, live: StoredWebhook, kind: ChangeKind, values: dict[str, Any], **flags: bool
    ) -> None:
        hint = f"not in {self.wish}"
        file = live.position[0]
        # Of several teams' files one may not have been given.
        if file and self.files is not None and file not in self.files:
            hint += f" (it stood in {file})"
        if kind is ChangeKind.RELEASE:
            hint += ": stays as it is, and no file owns it any more"
        fields = (FieldChange("active", True, False, True),) if values else ()
        # Without a position: at its last line stands another webhook by now.
        self.changes.append(_of(live, kind, live.slug, fields, None, hint))
        applied = {**live.applied, "active": False}
        write = Write(live.slug, live, values, applied, None, ignored=live.ignored, **flags)
        self.writes.append(write)

    def _note_unknown(self, item: WantedWebhook, names: list[str]) -> None:
        self.unknown[item.slug] = names
        self.unknown_secrets += [
            f"{item.slug}.{path}"
            for name in names
            for path, secret in secrets_in(name, item.prints[name]).items()
            if secret is UNKNOWN_SECRET
        ]

    def _create(self, item: WantedWebhook, secret: list[str]) -> None:
        """secret: names of the fields that hold one."""
        prints = item.prints
        values = {name: prints[name] for name in FIELDS if name in prints}
        for name in secret:
            values[name] = masked(prints[name])
        fields = CreatedFields(values, frozenset(secret))
        self.changes.append(Change(ChangeKind.CREATE, item.slug, None, fields, item.position))
        self.writes.append(
            Write(
                item.slug,
                None,
                # The file has the last word.
                {"name": item.slug, **item.values},
                _owned(item.prints, item.lifecycle.ignored),
                item.position,
                ignored=item.lifecycle.ignored,
            )
        )

    def _compare(self, item: WantedWebhook, live: StoredWebhook) -> None:
        is_adopted = live.set_name is None
        is_reenabled = live.is_auto_disabled and item.slug in self.reenable
        ignored = item.lifecycle.ignored
        if live.is_removed:
            # The sync turned it off, nobody by hand: that much is the file's to undo.
            ignored -= {"active"}
        item = replace(item, prints=_owned(item.prints, ignored))
        applied = _owned(live.applied, ignored)
        old_slug = live.slug if live.slug != item.slug else None
        verdicts = compare(item.slug, item.prints, live.form, applied, is_adopted, old_slug)
        if old_slug:
            at, kind = item.position, ChangeKind.MOVE
            moved = _of(live, kind, item.slug, (), at, moved_from=old_slug)
            self.changes.append(moved)
        verdicts.released += [name for name in FIELDS if name in live.applied.keys() & ignored]
        if verdicts.updated or is_adopted or live.is_removed or is_reenabled:
            self._update(item, live, verdicts, is_reenabled)
        self._add_disputed(item, live, ChangeKind.DRIFT, verdicts.drifted)
        self._add_disputed(item, live, ChangeKind.CONFLICT, verdicts.conflicting)
        if verdicts.released:
            fields = tuple(
                _shown(name, live.applied[name], live.form[name], live.form[name])
                for name in verdicts.released
            )
            is_ignored = not ignored.isdisjoint(verdicts.released)
            is_gone = "no longer in" if self.wish == "the file" else "not in"
            hint = f"{'ignored' if is_ignored else f'{is_gone} {self.wish}'}: stays as it is"
            change = _of(live, ChangeKind.RELEASE, item.slug, fields, item.position, hint)
            self.changes.append(change)
        self._write(item, live, verdicts, is_reenabled)

    def _update(
        self, item: WantedWebhook, live: StoredWebhook, verdicts: Verdicts, is_reenabled: bool
    ) -> None:
        kind, hint = ChangeKind.UPDATE, f"back in {self.wish}" if live.is_removed else None
        if live.set_name is None:
            kind, hint = ChangeKind.ADOPT, "exists, not managed"
        fields = tuple(
            _shown(name, live.form[name], value, live.form[name], live.set_name is None)
            for name, value in verdicts.updated.items()
        )
        if is_reenabled:
            wanted = "ACTIVE" if live.form["active"] else "INACTIVE"
            fields = (FieldChange("status", "AUTO_DISABLED", wanted, "AUTO_DISABLED"), *fields)
        self.changes.append(_of(live, kind, item.slug, fields, item.position, hint))

    def _add_disputed(
        self, item: WantedWebhook, live: StoredWebhook, kind: ChangeKind, fields: Values
    ) -> None:
        if fields:
            hint = {
                DriftPolicy.BLOCK: None,
                DriftPolicy.OVERWRITE: "set back",
                DriftPolicy.KEEP: "kept as it is",
            }[self.limits.on_drift]
            shown = tuple(
                _shown(name, live.applied.get(name), value, live.form[name])
                for name, value in fields.items()
            )
            self.changes.append(_of(live, kind, item.slug, shown, item.position, hint))

    def _write(
        self, item: WantedWebhook, live: StoredWebhook, verdicts: Verdicts, is_reenabled: bool
    ) -> None:
        is_overwriting = self.limits.on_drift is DriftPolicy.OVERWRITE
        written = verdicts.updated | (verdicts.disputed if is_overwriting else {})
        # What is kept keeps its last applied value, too: the next plan shows the drift again.
        kept = {} if is_overwriting else verdicts.disputed
        applied = {name: value for name, value in item.prints.items() if name not in kept}
        applied |= {name: live.applied[name] for name in kept if name in live.applied}
        applied = _owned(applied, item.lifecycle.ignored)
        if written:
            # What is stored was checked when it was saved.
            self._check(item, live, {**live.form, **written})
        is_visible = (
            bool(written or verdicts.released)
            or live.slug != item.slug
            or live.is_removed
            or live.set_name is None
            or is_reenabled
        )
        # Folded: headers in another order would else be a write, and another digest, of nothing.
        is_owned_anew = item.lifecycle.ignored != live.ignored or (
            applied != live.applied and _folded(applied) != _folded(live.applied)
        )
        if is_visible or is_owned_anew:
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
                    ignored=item.lifecycle.ignored,
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
    if name not in SECRET_FIELDS:
        return FieldChange(name, before, after, live)
    is_secret = any(map(holds_secret, (before, after, live)))
    changed = dict.fromkeys(
        path for value in (before, live) for path in changed_secrets(name, value, after, is_adopted)
    )
    return FieldChange(name, masked(before), masked(after), masked(live), is_secret, tuple(changed))


def _owned(values: Values, ignored: frozenset[str]) -> dict[str, Any]:
    """The values without those of ignored fields."""
    if not ignored:
        return dict(values)
    return {name: value for name, value in values.items() if name not in ignored}


def _folded(values: Values) -> dict[str, Any]:
    return {name: folded(name, value) for name, value in values.items()}
