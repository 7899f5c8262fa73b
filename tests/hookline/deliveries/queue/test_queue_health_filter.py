"""No webhook on which the rule of health would act is missed: PostgreSQL's record asks the rule
about few webhooks, those that its own wider conditions let through.
"""

from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import pytest

from hookline import clock
from hookline.deliveries.health import EndedAttempt, Health, HealthPolicy, fold, notifications_due
from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery
from hookline.models import AttemptCause, DeliveryState, Notification, NotificationKind
from hookline.models.column_types import to_micros
from hookline.runtime import Runtime
from tests.hookline.deliveries.queue.failing import at
from tests.making import Hand, ago, enqueue, failed, make_webhook, succeeded

ENDED_AGO = 0.05
EVENTS = 2
"""Each webhook has failed for one event before."""
SET = """
update webhook set is_active = $2, deleted_at = $3, auto_disabled_at = $4,
  auto_disable_failures = $5, auto_disable_seconds = $6, consecutive_failures = $7,
  failing_since = $8, warned_at = $9, exhausted_notified_at = $10, consecutive_gone = $11,
  exhausted_count = $12
where id = $1"""


@dataclass(frozen=True)
class State:
    """A webhook before an attempt, and how that ends. Times are seconds ago, tens of seconds away
    from each line, so that a slow machine crosses none.
    """

    is_active: bool
    is_deleted: bool
    is_auto_disabled: bool
    failures: int | None
    seconds: int
    count: int
    since: float
    warned: float | None
    told: float | None
    gone: int
    exhausted: int
    ending: str

    @property
    def columns(self) -> list[Any]:
        def time(seconds: float | None) -> Any:
            return None if seconds is None else ago(seconds)

        return [
            self.is_active,
            time(10 if self.is_deleted else None),
            time(10 if self.is_auto_disabled else None),
            self.failures,
            self.seconds,
            self.count,
            time(self.since if self.count else None),
            time(self.warned),
            time(self.told),
            min(self.gone, self.count),
            self.exhausted,
        ]

    def notifications(self) -> list[NotificationKind]:
        """The notifications that the rule wants after the attempt."""
        now = to_micros(clock.now())

        def time(seconds: float | None) -> int | None:
            return None if seconds is None else now - int(seconds * 1_000_000)

        health = Health(
            self.count,
            time(self.since if self.count else None),
            consecutive_gone=min(self.gone, self.count),
            exhausted_count=self.exhausted,
            is_auto_disabled=self.is_auto_disabled,
        )
        policy = HealthPolicy(
            self.failures,
            self.seconds,
            self.is_active and not self.is_deleted,
            time(self.warned),
            time(self.told),
        )
        ended = now - int(ENDED_AGO * 1_000_000)
        code = {"ok": 200, "410": 410}.get(self.ending, 500)
        attempt = EndedAttempt(
            self.ending == "ok",
            self.ending in ("500", "410", "last"),
            ended - 1_000,
            ended,
            code,
            # a deleted webhook's delivery ends as cancelled
            self.ending == "last" and not self.is_deleted,
        )
        return notifications_due(health, policy, fold(health, [attempt]), now, EVENTS)

    def result(self, row: ClaimedDelivery) -> AttemptResult:
        if self.ending == "ok":
            return at(succeeded(row), ENDED_AGO)
        made = at(failed(row, status_code=410 if self.ending == "410" else 500), ENDED_AGO)
        if self.ending == "by hand":
            return made._replace(cause=AttemptCause.MANUAL)
        return made._replace(state=DeliveryState.FAILED) if self.ending == "last" else made


def random_state(chance: Random) -> State:
    return State(
        is_active=chance.random() < 0.8,
        is_deleted=chance.random() < 0.2,
        is_auto_disabled=chance.random() < 0.2,
        failures=chance.choice([None, 1, 2, 3, 5, 10]),
        seconds=chance.choice([10, 100]),
        count=chance.randint(0, 10),
        since=chance.choice([25.0, 75.0, 300.0]),
        warned=chance.choice([None, 50.0, 1_000.0]),
        told=chance.choice([None, 1_800.0, 7_200.0]),
        gone=chance.randint(0, 3),
        exhausted=chance.randint(0, 2),
        ending=chance.choice(["ok", "500", "410", "by hand", "last"]),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_record_acts_on_every_webhook_on_which_the_rule_acts(
    runtime: Runtime, seed: int
) -> None:
    chance, hand = Random(seed), await Hand.begin(runtime)
    results, states = list[AttemptResult](), dict[UUID, State]()
    for _ in range(40):
        webhook = await make_webhook(runtime)
        await enqueue(runtime, webhook.id, 2)
        states[webhook.id] = random_state(chance)
    before = {row.webhook_id: row for row in await hand.claim(*states, room=1)}
    await hand.record(*(at(failed(row), 20) for row in before.values()))
    rows = {row.webhook_id: row for row in await hand.claim(*states, room=1)}
    async with runtime.database.unit_of_work() as work:
        for webhook_id, state in states.items():
            await work.execute(SET, webhook_id, *state.columns)
            results.append(state.result(rows[webhook_id]))
    ended = clock.monotonic() - ENDED_AGO
    await hand.record(*(result._replace(began=ended - 0.001) for result in results))
    for webhook_id, state in states.items():
        told = await Notification.filter(webhook_id=webhook_id)
        assert sorted(NotificationKind(row.kind) for row in told) == sorted(
            state.notifications()
        ), state
