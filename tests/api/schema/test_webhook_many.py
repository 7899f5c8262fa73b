"""Several webhooks in one mutation: each has its result, by the rules of a single one."""

from typing import Any

import pytest

from api.auth import Unauthenticated
from api.execution.execute import Request
from hookline import ids
from hookline.models import AuditEntry, Job, Webhook
from hookline.runtime import Runtime
from tests.api.schema.asking import EXECUTION, Asker, told
from tests.making import make_webhook, make_workspace, set_column

SWITCH = """mutation ($input: WebhooksSetActiveInput!) { webhooksSetActive(input: $input) {
    results { id webhook { active version } notice userErrors { field code } }
    userErrors { field code } } }"""
DELETE = """mutation ($input: WebhooksDeleteInput!) { webhooksDelete(input: $input) {
    results { id webhook { deletedAt } userErrors { field code } } userErrors { field code } } }"""

pytestmark = pytest.mark.engines("sqlite")


def chosen(*webhooks: Webhook, **more: Any) -> list[dict[str, Any]]:
    return [{"id": ids.encode("wh", webhook.id), **more} for webhook in webhooks]


async def switched(asker: Asker, **given: Any) -> Any:
    return (await asker.data(SWITCH, input=given))["webhooksSetActive"]


async def test_each_webhook_is_switched_or_says_why_it_is_not(
    runtime: Runtime, admin: Asker
) -> None:
    first, moved, last = [await make_webhook(runtime) for _ in range(3)]
    foreign = await make_webhook(runtime, workspace_id=await make_workspace(runtime))
    given = [
        *chosen(first, ifVersion=1),
        *chosen(moved, ifVersion=7),
        *chosen(foreign),
        *chosen(last),
    ]
    answer = await switched(admin, webhooks=given, active=False)
    assert answer["userErrors"] == []
    assert [result["id"] for result in answer["results"]] == [one["id"] for one in given]
    assert [told(result) for result in answer["results"]] == [
        set(),
        {("VERSION_CONFLICT", "input.webhooks.1.ifVersion")},
        {("NOT_FOUND", "input.webhooks.2.id")},
        set(),
    ]
    assert [result["webhook"] for result in answer["results"]] == [
        {"active": False, "version": 2},
        None,
        None,
        {"active": False, "version": 2},
    ]
    rows = {row.id: row.is_active for row in await Webhook.all()}
    assert rows == {first.id: False, moved.id: True, foreign.id: True, last.id: False}
    entries = await AuditEntry.filter(action="webhook.update")
    assert {entry.subject_id for entry in entries} == {first.id, last.id}


async def test_switching_again_changes_nothing_so_it_may_be_sent_again(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    for _ in range(2):
        answer = await switched(admin, webhooks=chosen(webhook, webhook), active=False)
        assert [result["webhook"]["version"] for result in answer["results"]] == [2, 2]


async def test_turning_on_delivers_what_each_one_missed(runtime: Runtime, admin: Asker) -> None:
    off, on = await make_webhook(runtime, active=False), await make_webhook(runtime)
    answer = await switched(admin, webhooks=chosen(off, on), active=True, deliverMissed=True)
    assert [told(result) for result in answer["results"]] == [set(), set()]
    first, second = [result["notice"] for result in answer["results"]]
    assert first is None
    assert "on already" in second
    assert [job.work["webhookId"] for job in await Job.all()] == [str(off.id)]


async def test_deleting_twice_finds_nothing_the_second_time(runtime: Runtime, admin: Asker) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(2)]
    given = {"webhooks": chosen(*webhooks)}
    first = (await admin.data(DELETE, input=given))["webhooksDelete"]
    assert all(result["webhook"]["deletedAt"] for result in first["results"])
    second = (await admin.data(DELETE, input=given))["webhooksDelete"]
    assert [told(result) for result in second["results"]] == [
        {("NOT_FOUND", f"input.webhooks.{place}.id")} for place in range(2)
    ]


async def test_a_file_keeps_its_webhooks_unless_they_are_forced(
    runtime: Runtime, admin: Asker
) -> None:
    owned, own = await make_webhook(runtime), await make_webhook(runtime)
    await set_column(runtime, "webhook", "sync_set", "main", [owned.id])
    await set_column(runtime, "webhook", "sync_applied", '{"active":true}', [owned.id])
    given = {"webhooks": chosen(owned, own), "active": False}
    answer = await switched(admin, **given)
    assert [told(result) for result in answer["results"]] == [
        {("FIELD_MANAGED", "input.active")},
        set(),
    ]
    deleted = (await admin.data(DELETE, input={"webhooks": chosen(owned)}))["webhooksDelete"]
    assert told(deleted["results"][0]) == {("FIELD_MANAGED", "input.webhooks.0.id")}
    editor = admin.as_role("editor")
    refused = await switched(editor, **given, force=True, reason="a test")
    assert told(refused["results"][0]) == {("NOT_ALLOWED", "input.force")}
    forced = await switched(admin, **given, force=True, reason="a test")
    assert [told(result) for result in forced["results"]] == [set(), set()]


async def test_none_too_many_and_malformed_ids_change_nothing(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime)
    assert await switched(admin, webhooks=[], active=False) == {
        "results": None,
        "userErrors": [{"field": ["input", "webhooks"], "code": "REQUIRED"}],
    }
    many = await switched(admin, webhooks=chosen(*[webhook] * 101), active=False)
    assert told(many) == {("TOO_MANY", "input.webhooks")}
    wrong = [*chosen(webhook), {"id": "nothing"}]
    assert await admin.codes(SWITCH, input={"webhooks": wrong, "active": False}) == [
        "BAD_USER_INPUT"
    ]
    assert (await Webhook.get(id=webhook.id)).is_active


async def test_a_token_that_ends_changes_no_further_webhook(runtime: Runtime, admin: Asker) -> None:
    webhooks = [await make_webhook(runtime) for _ in range(3)]
    given = Request(SWITCH, None, {"input": {"webhooks": chosen(*webhooks), "active": False}})
    looks = 0

    async def check() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise Unauthenticated

    context = admin.context()
    context.ends_with_token(check)
    answer = await EXECUTION.run(EXECUTION.select(given), given, context)
    assert answer.codes == ["UNAUTHENTICATED"]
    rows = [(await Webhook.get(id=webhook.id)).is_active for webhook in webhooks]
    assert rows == [False, False, True]


async def test_many_selections_in_one_request_cost_too_much(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime)
    one = f'(input: {{webhooks: [{{id: "{ids.encode("wh", webhook.id)}"}}], active: false}})'
    fields = " ".join(f"a{number}: webhooksSetActive{one} {{ __typename }}" for number in range(30))
    assert await admin.codes(f"mutation {{ {fields} }}") == ["QUERY_TOO_COSTLY"]
    assert (await Webhook.get(id=webhook.id)).is_active
    hundred = {"webhooks": chosen(*[webhook] * 100), "active": False}
    assert len((await switched(admin, **hundred))["results"]) == 100
