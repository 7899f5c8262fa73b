"""A webhook's health after a batch of attempts: the one pure rule of both queues. Recording counts
(SQLite with `fold`, PostgreSQL in hl_record_health) and gathers the evidence about those that
crossed a line; `decide` says what follows; the queue's second statement does it, once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple
from uuid import UUID

from hookline.models import NotificationKind

SECOND: Final = 1_000_000


class HealthLimit(IntEnum):
    """Numbers that the rule and the statements that gather for it share."""

    GONE_ANSWERS = 3
    """Answers of 410 in a row that turn a webhook off."""
    EVENTS = 2
    """Distinct events among the failures that turn a webhook off: one that its receiver can't take
    says little about the receiver.
    """
    ATTEMPTS_READ = 1_000
    """Failed attempts, the latest ones, among which the events are counted."""
    DIGEST_SECONDS = 3_600
    """Between two notifications about deliveries that failed for good."""


class EndedAttempt(NamedTuple):
    """One attempt, as far as health asks. began, ended: microseconds since 1970."""

    is_success: bool
    is_failure: bool
    """One that counts: not by hand, not a refused address or a template that failed, not begun
    under an older version of the webhook.
    """
    began: int
    ended: int
    status_code: int | None
    is_last: bool = False
    """The delivery failed for good with it."""


class FoldedBatch(NamedTuple):
    """The results of a batch. failed_at: when the latest failure that counts ended, if no success
    came after it.
    """

    had_success: bool
    failed_at: int | None


@dataclass(slots=True)
class Health:
    consecutive_failures: int
    failing_since: int | None
    last_attempt_at: int | None = None
    last_success_at: int | None = None
    last_status_code: int | None = None
    consecutive_gone: int = 0
    exhausted_count: int = 0
    is_auto_disabled: bool = False
    """Turned off by failing: what was counted until then is the evidence and stays."""


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """failures: None when failing never turns it off. is_active: switched on, and not deleted.
    Times are microseconds since 1970.
    """

    failures: int | None
    seconds: int
    is_active: bool
    warned_at: int | None
    exhausted_notified_at: int | None


class HealthEvidence(NamedTuple):
    """A webhook whose counters crossed a line in a batch: the evidence."""

    webhook_id: UUID
    version: int
    health: Health
    policy: HealthPolicy
    folded: FoldedBatch
    now: int
    """By the database's clock, microseconds since 1970."""
    events: int
    """Distinct events among the failures; 0 where they are too few or too short to matter."""


class Decision(NamedTuple):
    """A decision about a webhook, fenced by its version and failing_since: with other ones it is
    out of date.
    """

    webhook_id: UUID
    kind: NotificationKind
    reason: str | None
    """FAILURES or GONE of an auto-disable."""
    version: int
    failing_since: int | None


def decide(evidence: Sequence[HealthEvidence]) -> list[Decision]:
    """Decides from the evidence, webhook by webhook; most often one decision or none for each."""
    return [
        Decision(
            one.webhook_id, kind, _reason(kind, one.health), one.version, one.health.failing_since
        )
        for one in evidence
        for kind in notifications_due(one.health, one.policy, one.folded, one.now, one.events)
    ]


def digests(webhook_ids: Iterable[UUID]) -> list[Decision]:
    """Decisions to notify of deliveries that failed for good. Their fence is that there are some
    and that the hour is over, not the evidence.
    """
    return [Decision(key, NotificationKind.DELIVERY_FAILED, None, 0, None) for key in webhook_ids]


def _reason(kind: NotificationKind, health: Health) -> str | None:
    if kind is not NotificationKind.AUTO_DISABLED:
        return None
    return "GONE" if health.consecutive_gone >= HealthLimit.GONE_ANSWERS else "FAILURES"


def fold(health: Health, batch: Sequence[EndedAttempt]) -> FoldedBatch:
    """Takes a batch into account, in the order in which the attempts ended: a success resets the
    count, a failure adds to it.
    """
    had_success, failed_at = False, None
    for attempt in batch:
        health.last_attempt_at, health.last_status_code = attempt.ended, attempt.status_code
        health.exhausted_count += attempt.is_last
        if attempt.is_success:
            health.last_success_at, health.consecutive_gone = attempt.ended, 0
            had_success, failed_at = True, None
            # What was counted when it was turned off is the evidence, and stays.
            if not health.is_auto_disabled:
                health.consecutive_failures, health.failing_since = 0, None
        elif attempt.is_failure and not health.is_auto_disabled:
            if health.consecutive_failures == 0:
                health.failing_since = attempt.began
            health.consecutive_failures += 1
            health.consecutive_gone = (
                health.consecutive_gone + 1 if attempt.status_code == 410 else 0
            )
            failed_at = attempt.ended if failed_at is None else max(failed_at, attempt.ended)
    return FoldedBatch(had_success, failed_at)


def notifications_due(
    health: Health, policy: HealthPolicy, folded: FoldedBatch, now: int, events: int
) -> list[NotificationKind]:
    """Notifications after a batch: at most one of the first three, and the digest of failed
    deliveries at most once an hour.
    """
    # Parts of these conditions stand in SQL too: wider in record_health.sql, which asks the rule
    # about few webhooks only, `failures_suffice` in health_evidence.sql, and as fences in
    # apply_decision.sql and sqlite_health.APPLY. Change them with these;
    # test_queue_health_filter.py compares.
    kinds = []
    if (kind := _streak_notification(health, policy, folded, events)) is not None:
        kinds.append(kind)
    digest = HealthLimit.DIGEST_SECONDS * SECOND
    is_due = policy.exhausted_notified_at is None or policy.exhausted_notified_at < now - digest
    return (
        [*kinds, NotificationKind.DELIVERY_FAILED] if health.exhausted_count and is_due else kinds
    )


def failures_suffice(health: Health, policy: HealthPolicy, folded: FoldedBatch) -> bool:
    """True when failures are as many and as long as the policy asks for, whatever their events."""
    # From when the first failure began to when the latest ended, by the attempts' own times: how
    # late they are recorded does not count.
    return (
        folded.failed_at is not None
        and policy.failures is not None
        and health.failing_since is not None
        and health.consecutive_failures >= policy.failures
        and folded.failed_at - health.failing_since >= policy.seconds * SECOND
    )


def _streak_notification(
    health: Health, policy: HealthPolicy, folded: FoldedBatch, events: int
) -> NotificationKind | None:
    since = health.failing_since
    if (
        folded.failed_at is not None
        and policy.failures is not None
        and policy.is_active
        and not health.is_auto_disabled
        and since is not None
    ):
        span, count = folded.failed_at - since, health.consecutive_failures
        if health.consecutive_gone >= HealthLimit.GONE_ANSWERS or (
            failures_suffice(health, policy, folded)
            # Who asks for one failure means any one.
            and events >= min(HealthLimit.EVENTS, policy.failures)
        ):
            return NotificationKind.AUTO_DISABLED
        # One warning for each streak of failures: an older one belongs to a streak that ended.
        is_new = policy.warned_at is None or policy.warned_at < since
        if is_new and count * 2 >= policy.failures and span * 2 >= policy.seconds * SECOND:
            return NotificationKind.FAILING
    is_well = folded.had_success and not health.consecutive_failures and not health.is_auto_disabled
    return NotificationKind.RECOVERED if is_well and policy.warned_at is not None else None
