"""Options of an apply. Apart from its request, so that commands that only show something load no
reader of files.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hookline.sync.policy import DriftPolicy


@dataclass(frozen=True, slots=True)
class Options:
    """Options of an apply. on_drift, allow_removals: None for what the policy of the file says."""

    adopt: bool = False
    on_drift: DriftPolicy | None = None
    allow_empty: bool = False
    allow_removals: int | None = None
    allow_older: bool = False
    lock_timeout: timedelta = timedelta(seconds=30)
    reenable: frozenset[str] = frozenset()
    """Slugs."""
    only: frozenset[str] = frozenset()
    """Slugs of the webhooks that are planned; none: all."""
    allow_lost_secrets: bool = False
    """A rollback leaves out secrets that are nowhere any more."""

    @property
    def flags(self) -> tuple[str, ...]:
        """The command line's options that decide what is planned, as they were given. A lock's
        patience changes nothing of a plan.
        """
        flags = {
            "--adopt": self.adopt,
            f"--on-drift {(self.on_drift or '').lower()}": self.on_drift is not None,
            "--allow-empty": self.allow_empty,
            f"--allow-removals {self.allow_removals}": self.allow_removals is not None,
            "--allow-older": self.allow_older,
            **{f"--reenable {slug}": True for slug in sorted(self.reenable)},
            **{f"--only {slug}": True for slug in sorted(self.only)},
            "--allow-lost-secrets": self.allow_lost_secrets,
        }
        return tuple(flag for flag, is_given in flags.items() if is_given)


DEFAULT_OPTIONS: Final = Options()
