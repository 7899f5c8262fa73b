"""Both databases judge random batches of attempts as the rule in hookline.deliveries.health."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookline.deliveries.health import EndedAttempt, Health, HealthPolicy, fold, notifications_due
from hookline.deliveries.queue.base import AttemptResult, ClaimedDelivery
from hookline.models import AttemptCause, DeliveryState, Notification, NotificationKind, Webhook
from hookline.runtime import Runtime
from tests.hookline.deliveries.queue.failing import at
from tests.making import Hand, enqueue, failed, make_webhook, succeeded

# an even number of seconds apart: neither the 17 of the policy nor their half
ENDING = st.tuples(
    st.sampled_from(["ok", "500", "410", "by hand", "last"]), st.sampled_from([2, 4, 6, 8])
)
ENDINGS = st.lists(st.lists(ENDING, min_size=1, max_size=5), min_size=1, max_size=5)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=ENDINGS)
async def test_database_judges_as_the_rule_says(
    runtime: Runtime, batches: list[list[tuple[str, int]]]
) -> None:
    webhook = await make_webhook(runtime, autoDisable={"failures": 4, "over": "17s"})
    count, left = (
        sum(map(len, batches)),
        float(sum(gap for batch in batches for _, gap in batch)) + 0.5,
    )
    await enqueue(runtime, webhook.id, count)
    hand = await Hand.begin(runtime)
    rows = iter(await hand.claim(webhook.id, room=count))
    rule, notifications = Rule(), list[NotificationKind]()
    for batch in batches:
        results = []
        for kind, gap in batch:
            left -= gap
            results.append(at(as_result(next(rows), kind), left))
            rule.ended.append(as_ended(kind, int(-left * 1_000_000)))
        await hand.record(*results)
        notifications += rule.notifications()
    stored = await Webhook.get(id=webhook.id)
    assert sorted(
        NotificationKind(row.kind) for row in await Notification.filter(webhook_id=webhook.id)
    ) == sorted(notifications)
    assert (stored.consecutive_failures, stored.consecutive_gone) == (
        rule.health.consecutive_failures,
        rule.health.consecutive_gone,
    )
    assert (stored.exhausted_count, stored.auto_disabled_at is not None) == (
        rule.health.exhausted_count,
        rule.health.is_auto_disabled,
    )


class Rule:
    """The rule's side: what hl_record and the SQLite queue keep in columns."""

    def __init__(self) -> None:
        self.health, self.ended = Health(0, None, None, None, None), list[EndedAttempt]()
        self.warned_at: int | None = None
        self.told_at: int | None = None

    def notifications(self) -> list[NotificationKind]:
        folded = fold(self.health, self.ended)
        self.ended = []
        notifications = notifications_due(
            self.health, HealthPolicy(4, 17, True, self.warned_at, self.told_at), folded, 0, 2
        )
        for notification in notifications:
            if notification is NotificationKind.DELIVERY_FAILED:
                self.health.exhausted_count, self.told_at = 0, 0
            else:
                self.warned_at = None if notification is NotificationKind.RECOVERED else 0
            self.health.is_auto_disabled |= notification is NotificationKind.AUTO_DISABLED
        return notifications


def as_result(row: ClaimedDelivery, kind: str) -> AttemptResult:
    if kind == "ok":
        return succeeded(row)
    made = failed(row, state=DeliveryState.FAILED) if kind == "last" else failed(row)
    if kind == "by hand":
        return made._replace(cause=AttemptCause.MANUAL)
    return made._replace(status_code=410 if kind == "410" else 500)


def as_ended(kind: str, ended: int) -> EndedAttempt:
    code = {"ok": 200, "410": 410}.get(kind, 500)
    return EndedAttempt(
        kind == "ok", kind in ("500", "410", "last"), ended - 1_000, ended, code, kind == "last"
    )
