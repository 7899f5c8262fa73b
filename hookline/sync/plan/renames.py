"""Renames that a file does not tell: a webhook that leaves and one that comes with the same URL or
content. Called by applying, for plans that people read. Pure.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

import orjson

from hookline.form.equality import folded
from hookline.form.webhook_fields import DEFAULTS, FIELDS
from hookline.sync.plan.changes import Change, ChangeKind
from hookline.sync.plan.comparing import Values, masked
from hookline.sync.plan.webhooks import Planned, StoredWebhook, Write

# Of the webhook itself: the signing secret is random where no file gives it.
_OWN: Final = frozenset(["url", "name", "active", "signingSecret"])
_LEAVING: Final = (ChangeKind.DISABLE, ChangeKind.DELETE, ChangeKind.RELEASE)
MOST_COUNTED: Final = 200
"""Webhooks whose open deliveries a plan tells: nobody reads more of them line by line, and each may
have 10,000 to count."""


def interrupted(plan: Planned) -> list[UUID]:
    """Webhooks whose open deliveries the plan means something for; none where they are many."""
    found = dict.fromkeys(
        change.webhook_id for change in plan.changes if change.webhook_id and _concerns(change)
    )
    return [*found] if len(found) <= MOST_COUNTED else []


def with_deliveries(plan: Planned, counts: Mapping[UUID, int]) -> Planned:
    """The plan with numbers of open deliveries, and with what looks like a rename said where the
    new webhook comes; its digest stays.
    """
    # There is no file to write it in for a rollback, which knows by itself what was moved.
    renamed = {} if plan.restores else _renames(plan)
    changes = []
    for change in plan.changes:
        if change.kind is ChangeKind.CREATE and (old := renamed.get(change.slug)):
            change = replace(change, hint=_hint(old, change.slug, counts.get(old.id)))
        elif change.webhook_id and _concerns(change):
            change = replace(change, open_deliveries=counts.get(change.webhook_id))
        changes.append(change)
    return replace(plan, changes=tuple(changes))


def _concerns(change: Change) -> bool:
    if change.kind is ChangeKind.RELEASE:
        return not change.fields
    fields = {item.field for item in change.fields}
    is_turned = change.kind in (ChangeKind.UPDATE, ChangeKind.ADOPT) and fields & {"url", "active"}
    return bool(is_turned) or change.kind in (*_LEAVING, ChangeKind.MOVE)


def _renames(plan: Planned) -> dict[str, StoredWebhook]:
    """Webhooks that leave by the slug of the one that comes instead: each once, and only where
    nothing else fits as well.
    """
    gone = {change.slug for change in plan.changes if change.kind in _LEAVING}
    leaving = [
        write.live
        for write in plan.writes
        if write.live and write.position is None and write.slug in gone
    ]
    coming = [write for write in plan.writes if write.live is None]
    if not leaving or not coming:
        return {}
    found = dict[str, StoredWebhook]()
    # By the URL first, which nearly always tells: a text of all content takes 38 µs (2026-11).
    for new_key, old_key in (
        (lambda write: _url(write.values), lambda live: _url(live.form)),
        (lambda write: (_url(write.values), _content(write.values)), _whole_key),
        (lambda write: _content(write.values), lambda live: _content(live.form)),
    ):
        taken = {live.id for live in found.values()}
        rest = [write for write in coming if write.slug not in found]
        found |= _pairs(rest, [live for live in leaving if live.id not in taken], new_key, old_key)
    return found


def _pairs(
    coming: Iterable[Write],
    leaving: Iterable[StoredWebhook],
    new_key: Callable[[Write], Hashable],
    old_key: Callable[[StoredWebhook], Hashable],
) -> dict[str, StoredWebhook]:
    """Pairs of equal keys that no third webhook has."""
    new, old = dict[Hashable, list[str]](), dict[Hashable, list[StoredWebhook]]()
    for live in leaving:
        old.setdefault(old_key(live), []).append(live)
    for write in coming:
        new.setdefault(new_key(write), []).append(write.slug)
    return {
        slugs[0]: old[key][0]
        for key, slugs in new.items()
        if len(slugs) == 1 and len(old.get(key, ())) == 1
    }


def _whole_key(live: StoredWebhook) -> Hashable:
    return _url(live.form), _content(live.form)


def _url(values: Values) -> Hashable:
    return str(values["url"])


def _content(values: Values) -> Hashable:
    """All of a webhook but its address, its names and its switch, in one text."""
    whole = {
        name: folded(name, masked(value))
        for name, value in ({**DEFAULTS, **values}).items()
        if name in FIELDS and name not in _OWN
    }
    return orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)


def _hint(old: StoredWebhook, slug: str, count: int | None) -> str:
    kept = "id, history and secret" if not count else f"id, history, secret and its {_open(count)}"
    return (
        f"looks like a rename of {old.slug}: write "
        f"`moved: [{{ from: {old.slug}, to: {slug} }}]` to keep {kept}"
    )


def _open(count: int) -> str:
    return f"{count:,} open {'delivery' if count == 1 else 'deliveries'}"
