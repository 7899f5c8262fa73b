"""A retry that only counts: as many as the retry then sends, and nothing begins."""

from typing import Any

import pytest

from hookline import ids
from hookline.deliveries import retry_counts
from hookline.models import AttemptCause, AuditEntry, Delivery, DeliveryState, Job
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active
from tests.api.schema.asking import Asker, told
from tests.hookline.deliveries.test_jobs import failed_for_good
from tests.making import SOMEBODY, Hand, ago, enqueue, failed, make_webhook, publish, set_column
from tests.working import finish_jobs

RETRY = """mutation ($input: DeliveriesRetryInput!) { deliveriesRetry(input: $input) {
    job { id } counts { failed missed exact } userErrors { code field } } }"""


async def ask(admin: Asker, webhook_id: Any, which: str, **given: Any) -> Any:
    wanted = {
        "webhookId": ids.encode("wh", webhook_id),
        "which": which,
        "since": ago(3_600).isoformat(),
        "dryRun": True,
        **given,
    }
    return (await admin.data(RETRY, input=wanted))["deliveriesRetry"]


@pytest.mark.engines("sqlite", "postgres")
async def test_a_dry_run_counts_what_a_retry_then_sends(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime, filter={"data.n": {"gte": 1}})
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    row = await hand.claim_one(webhook.id)
    await hand.record(failed(row, cause=AttemptCause.TEST, state=DeliveryState.FAILED))
    gone, *_ = await failed_for_good(runtime, webhook, 3)
    await set_column(runtime, "event", "data", None, [(await Delivery.get(id=gone)).event_id])
    await set_webhook_active(runtime, SOMEBODY, webhook.id, False)
    await publish(runtime, 4)
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    before = await AuditEntry.all().count()

    for which, failed_, missed in (("FAILED", 2, None), ("MISSED", None, 3), ("ALL", 2, 3)):
        answer = await ask(admin, webhook.id, which)
        assert answer["counts"] == {"failed": failed_, "missed": missed, "exact": True}
        assert (answer["job"], answer["userErrors"]) == (None, [])
    assert (await ask(admin, webhook.id, "ALL", eventType="a.b.c"))["counts"]["failed"] == 0
    assert (await ask(admin, webhook.id, "ALL", until=ago(60).isoformat()))["counts"]["failed"] == 0
    assert (await Job.exists(), await AuditEntry.all().count()) == (False, before)

    sent = await ask(admin, webhook.id, "ALL", dryRun=False)
    assert (sent["counts"], sent["userErrors"]) == (None, [])
    await finish_jobs(runtime)
    assert (await Job.get()).done == 5


@pytest.mark.engines("sqlite")
async def test_a_count_that_was_cut_off_says_so(
    runtime: Runtime, admin: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_counts, "COUNTED", 2)
    webhook = await make_webhook(runtime)
    await failed_for_good(runtime, webhook, 2)
    assert (await ask(admin, webhook.id, "FAILED"))["counts"] == {
        "failed": 2,
        "missed": None,
        "exact": True,
    }
    await failed_for_good(runtime, webhook, 1)
    counts = (await ask(admin, webhook.id, "FAILED"))["counts"]
    assert (counts["failed"], counts["exact"]) == (2, False)


@pytest.mark.engines("sqlite")
async def test_a_dry_run_is_refused_as_the_retry_is(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    wrong = {"since": ago(0).isoformat(), "until": ago(60).isoformat()}
    refused = await ask(admin, webhook.id, "ALL", **wrong)
    assert (refused["counts"], told(refused)) == (None, {("INVALID", "input.until")})
    refused = await ask(admin, SOMEBODY.workspace_id, "ALL", since="today", eventType="a")
    assert told(refused) == {
        ("NOT_FOUND", "input.webhookId"),
        ("INVALID", "input.since"),
        ("INVALID", "input.eventType"),
    }
    blind = admin.with_scopes("deliveries:retry")
    key = ids.encode("wh", webhook.id)
    given = {"webhookId": key, "which": "ALL", "since": ago(60).isoformat(), "dryRun": True}
    assert await blind.codes(RETRY, input=given) == ["FORBIDDEN", "FORBIDDEN"]
