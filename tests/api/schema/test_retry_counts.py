"""A retry that only counts: as many as the retry then sends, and nothing begins."""

from typing import Any

import pytest

from hookline import ids
from hookline.deliveries import failed_search, retry_counts
from hookline.models import AttemptCause, AuditEntry, Delivery, DeliveryState, Job, JobStatus
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, set_webhook_active
from tests.api.schema.asking import Asker, told
from tests.hookline.deliveries.test_jobs import failed_for_good
from tests.making import (
    ENVIRONMENT,
    SOMEBODY,
    Hand,
    ago,
    enqueue,
    failed,
    make_webhook,
    make_workspace,
    publish,
    set_column,
)
from tests.working import finish_jobs

RETRY = """mutation ($input: DeliveriesRetryInput!) { deliveriesRetry(input: $input) {
    job { id } counts { failed missed webhooks exact }
    userErrors { code field } } }"""


async def ask(admin: Asker, webhook_id: Any, which: str, **given: Any) -> Any:
    wanted = {
        "webhookId": webhook_id and ids.encode("wh", webhook_id),
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

    cases = (("FAILED", 2, None, 1), ("MISSED", None, 3, None), ("ALL", 2, 3, 1))
    for which, failed_, missed, webhooks in cases:
        answer = await ask(admin, webhook.id, which)
        assert answer["counts"] == {
            "failed": failed_,
            "missed": missed,
            "webhooks": webhooks,
            "exact": True,
        }
        assert (answer["job"], answer["userErrors"]) == (None, [])
    assert (await ask(admin, webhook.id, "ALL", eventType="a.b.c"))["counts"]["failed"] == 0
    assert (await ask(admin, webhook.id, "ALL", until=ago(60).isoformat()))["counts"]["failed"] == 0
    elsewhere = (await ask(admin, webhook.id, "ALL", environment="staging"))["counts"]
    assert (elsewhere["failed"], elsewhere["missed"]) == (0, 0)
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
    counts = (await ask(admin, webhook.id, "FAILED"))["counts"]
    assert (counts["failed"], counts["exact"]) == (2, True)
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
    assert told(await ask(admin, None, "MISSED", environment="mars")) == {
        ("INVALID", "input.which"),
        ("INVALID", "input.environment"),
    }
    blind = admin.with_scopes("deliveries:retry")
    key = ids.encode("wh", webhook.id)
    given = {"webhookId": key, "which": "ALL", "since": ago(60).isoformat(), "dryRun": True}
    assert await blind.codes(RETRY, input=given) == ["FORBIDDEN", "FORBIDDEN"]


@pytest.mark.engines("sqlite", "postgres")
async def test_one_job_sends_what_failed_of_all_webhooks_but_deleted_and_strange_ones(
    runtime: Runtime, admin: Asker
) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(3)]
    stranger = await make_webhook(runtime, workspace_id=await make_workspace(runtime))
    for webhook, count in zip(webhooks, (2, 1, 1), strict=True):
        await failed_for_good(runtime, webhook, count)
    keys = await failed_for_good(runtime, stranger, 1)
    await set_column(runtime, "delivery", "workspace_id", stranger.workspace_id, keys)
    await delete_webhook(runtime, SOMEBODY, webhooks[2].id)

    counted = (await ask(admin, None, "FAILED", environment=ENVIRONMENT))["counts"]
    assert counted == {"failed": 3, "missed": None, "webhooks": 2, "exact": True}
    elsewhere = await ask(admin, None, "FAILED", environment="staging")
    assert (elsewhere["counts"]["failed"], elsewhere["counts"]["webhooks"]) == (0, 0)

    begun = await ask(admin, None, "FAILED", dryRun=False)
    assert begun["userErrors"] == []
    await finish_jobs(runtime)
    job = await Job.get()
    assert (job.status, job.done, job.total) == (JobStatus.SUCCEEDED, 3, 3)
    opened = await Delivery.filter(status=DeliveryState.OPEN)
    assert {row.webhook_id for row in opened} == {webhook.id for webhook in webhooks[:2]}
    text = "query ($id: ID!) { job(id: $id) { status webhook { id } } }"
    shown = (await admin.data(text, id=begun["job"]["id"]))["job"]
    assert shown == {"status": "SUCCEEDED", "webhook": None}
    entry = await AuditEntry.filter(action="deliveries.retry").get()
    assert entry.after is not None
    assert (entry.after["webhookId"], entry.after["which"]) == (None, "FAILED")


@pytest.mark.engines("sqlite")
async def test_statements_of_a_retry_of_all_find_their_rows_by_the_index_of_failures(
    runtime: Runtime,
) -> None:
    search = failed_search.FailedSearch(SOMEBODY.workspace_id, None, ago(60), ago(0))
    values = (*search._values, 10)
    reader = runtime.database.reader()
    for texts in (failed_search.NEXT, failed_search.COUNT, failed_search.COUNT_SENDABLE):
        plan = await reader.rows("explain query plan " + texts["workspace"], *values)
        steps = [row["detail"] for row in plan]
        assert any("delivery_failed (workspace_id=? AND id>? AND id<?)" in step for step in steps)
        assert not any("SCAN d" in step for step in steps)
