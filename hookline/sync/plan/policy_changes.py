"""Changes of a set's policy and of its webhooks' lifecycles since the last apply, in words: what no
field of a webhook shows, and a guard that is lifted must not be lifted unseen. Called by planning.
Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Final

from hookline.sync.plan.webhooks import StoredWebhook, WantedWebhook
from hookline.sync.policy import MOST_REMOVALS, DriftPolicy, FilePolicy, Prune, Rules
from hookline.sync.read.file_fields import Move

MOST_CHANGES: Final = 100
"""Shown of a plan; thousands of webhooks may be protected at once."""


def policy_changes(
    set_name: str,
    rules: Rules,
    wanted: Sequence[WantedWebhook],
    stored: Iterable[StoredWebhook],
    moves: Iterable[Move],
    only: Set[str],
) -> tuple[str, ...]:
    """`maxRemovals 10 → 50`, `preventDestroy - orders`, `ignoreChanges of orders + rateLimit`.
    only: slugs of an apply of a part, which leaves the policy.
    """
    moved = {move.source: move.target for move in moves}
    before = {moved.get(live.slug, live.slug): live for live in stored if live.set_name == set_name}
    items = [item for item in wanted if not only or item.slug in only]
    found = list(_ignored(items, before))
    if only:
        return tuple(found)
    return (*_words(rules), *_protected(rules, items, moved), *found)


def shown(changes: Sequence[str]) -> tuple[str, ...]:
    """The first of very many, and how many more there are."""
    more = len(changes) - MOST_CHANGES
    return (*changes[: MOST_CHANGES - 1], f"… and {more + 1:,} more") if more > 0 else (*changes,)


def _words(rules: Rules) -> Iterator[str]:
    # The first file has nothing to be compared with.
    if rules.last is None:
        return
    before, after = _effective(rules.last), _effective(rules.written)
    yield from (
        f"{name} {word} → {after[name]}" for name, word in before.items() if word != after[name]
    )


def _effective(policy: FilePolicy) -> dict[str, str]:
    most = MOST_REMOVALS if policy.max_removals is None else policy.max_removals
    return {
        "prune": (policy.prune or Prune.DISABLE).lower(),
        "onDrift": (policy.on_drift or DriftPolicy.BLOCK).lower(),
        "maxRemovals": str(most),
    }


def _protected(
    rules: Rules, items: Sequence[WantedWebhook], moved: Mapping[str, str]
) -> Iterator[str]:
    before = {moved.get(slug, slug) for slug in rules.protected}
    for item in sorted(items, key=lambda item: item.slug):
        if item.lifecycle.prevents_destroy != (item.slug in before):
            yield f"preventDestroy {'+' if item.lifecycle.prevents_destroy else '-'} {item.slug}"


def _ignored(items: Sequence[WantedWebhook], before: Mapping[str, StoredWebhook]) -> Iterator[str]:
    for item in sorted(items, key=lambda item: item.slug):
        live, now = before.get(item.slug), item.lifecycle.ignored
        then = live.ignored if live else frozenset()
        if then != now:
            signs = [*(f"+ {name}" for name in sorted(now - then))]
            signs += [f"- {name}" for name in sorted(then - now)]
            yield f"ignoreChanges of {item.slug} {', '.join(signs)}"
