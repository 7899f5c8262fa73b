"""Policy of a set: what an apply may do by itself. Words of the file, of the file applied last and
of the command make one thing here. Called by planning and by the readers of files. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

MOST_REMOVALS: Final = 10
"""A plan that removes more webhooks is probably a mistake."""


class DriftPolicy(StrEnum):
    BLOCK = "BLOCK"
    OVERWRITE = "OVERWRITE"
    KEEP = "KEEP"


class Prune(StrEnum):
    """Ways to treat a webhook that left the file."""

    DISABLE = "DISABLE"
    DELETE = "DELETE"
    KEEP = "KEEP"


Removals = int | str
"""A number, or a percentage such as `25%`."""
# From the strictest to the loosest.
_DRIFT: Final = (DriftPolicy.BLOCK, DriftPolicy.KEEP, DriftPolicy.OVERWRITE)
_PRUNE: Final = (Prune.KEEP, Prune.DISABLE, Prune.DELETE)


@dataclass(frozen=True, slots=True)
class FilePolicy:
    """The policy as a file gives it; None for what it leaves out."""

    prune: Prune | None = None
    on_drift: DriftPolicy | None = None
    max_removals: Removals | None = None

    @property
    def content(self) -> dict[str, Any]:
        """The policy as the file spells it."""
        words = {
            "prune": self.prune and self.prune.lower(),
            "onDrift": self.on_drift and self.on_drift.lower(),
            "maxRemovals": self.max_removals,
        }
        return {name: word for name, word in words.items() if word is not None}


NO_POLICY: Final = FilePolicy()


@dataclass(frozen=True, slots=True)
class Rules:
    """The file's policy and what was applied last. last: None for a set that was never applied.

    protected: slugs of the webhooks with preventDestroy, of the file applied last.
    """

    written: FilePolicy = NO_POLICY
    last: FilePolicy | None = None
    protected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApplyLimits:
    """The policy that a plan is made by.

    kept: names of the file's words that a stricter one of the file applied last outweighs.
    """

    prune: Prune = Prune.DISABLE
    on_drift: DriftPolicy = DriftPolicy.BLOCK
    max_removals: int = MOST_REMOVALS
    kept: tuple[str, ...] = ()


USUAL: Final = ApplyLimits()


def limits_of(
    rules: Rules, on_drift: DriftPolicy | None, allow_removals: int | None, managed: int
) -> ApplyLimits:
    """Of file and last apply the stricter, and before both what the command says. managed: webhooks
    that the set has before the apply.
    """
    new, old = rules.written, rules.last
    prune, drift = new.prune or Prune.DISABLE, new.on_drift or DriftPolicy.BLOCK
    most = _number(new.max_removals, managed)
    kept = []
    if old is not None:
        stricter_prune = min(prune, old.prune or Prune.DISABLE, key=_PRUNE.index)
        stricter_drift = min(drift, old.on_drift or DriftPolicy.BLOCK, key=_DRIFT.index)
        fewest = min(most, _number(old.max_removals, managed))
        kept = [
            *(["prune"] if stricter_prune is not prune else []),
            *(["onDrift"] if stricter_drift is not drift and on_drift is None else []),
            *(["maxRemovals"] if fewest < most and allow_removals is None else []),
        ]
        prune, drift, most = stricter_prune, stricter_drift, fewest
    return ApplyLimits(
        prune,
        drift if on_drift is None else on_drift,
        most if allow_removals is None else allow_removals,
        tuple(kept),
    )


def recorded(policy: FilePolicy, protected: Iterable[str]) -> dict[str, Any]:
    """Policy and protected slugs as a set remembers them."""
    return {**policy.content, "protected": sorted(protected)}


def remembered(stored: dict[str, Any] | None) -> tuple[FilePolicy, frozenset[str]]:
    """The policy and the protected slugs that `recorded` made. None: of a set whose last apply gave
    none.
    """
    content = stored or {}
    prune, on_drift = content.get("prune"), content.get("onDrift")
    return FilePolicy(
        Prune[prune.upper()] if prune else None,
        DriftPolicy[on_drift.upper()] if on_drift else None,
        content.get("maxRemovals"),
    ), frozenset(content.get("protected", ()))


def _number(removals: Removals | None, managed: int) -> int:
    if removals is None:
        return MOST_REMOVALS
    if isinstance(removals, int):
        return removals
    return managed * int(removals.removesuffix("%")) // 100
