"""The verbs of webhooks, on both databases: what they write, and everything that they refuse."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from hookline import ids
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.errors import Code, Refused
from hookline.models import Webhook, Workspace
from hookline.runtime import Runtime
from hookline.webhooks import secrets
from hookline.webhooks.change import (
    delete_webhook,
    release_webhook,
    set_webhook_active,
    update_webhook,
)
from hookline.webhooks.columns import canonical
from hookline.webhooks.create import create_webhook
from hookline.webhooks.ownership import Force
from tests.making import SOMEBODY, WORKSPACE, activity, make_webhook, make_workspace, set_column
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

FORCER = replace(SOMEBODY, scopes=frozenset({"webhooks:force"}))


def form(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Order sync",
        "url": "https://crm.example.com/in",
        "events": ["order.*.create"],
        "environments": ["production"],
        **fields,
    }


def told(refused: pytest.ExceptionInfo[Refused]) -> set[tuple[str, str]]:
    return {(problem.code.value, ".".join(problem.field)) for problem in refused.value.problems}


async def match_version(runtime: Runtime) -> int:
    version: int = (await Workspace.get(id=WORKSPACE)).match_version
    return version


async def managed(runtime: Runtime, *fields: str) -> Webhook:
    webhook = await make_webhook(runtime)
    await Webhook.filter(id=webhook.id).update(
        sync_set="storefront",
        sync_file="config/webhooks.yaml",
        sync_line=9,
        sync_commit="9f2c1ab0c0ffee",
        sync_applied=dict.fromkeys(fields, 1),
    )
    return await Webhook.get(id=webhook.id)


async def test_a_new_webhook_has_defaults_and_a_signing_secret(runtime: Runtime) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    stored = await Webhook.get(id=webhook.id)
    assert (
        stored.slug,
        stored.timeout_ms,
        stored.concurrency,
        stored.version,
        stored.is_active,
    ) == ("order-sync", 15_000, 10, 1, True)
    assert stored.retry_schedule[:3] == [5, 60, 300]
    assert stored.created_by == {"kind": "TOKEN", "name": "tester"}
    assert (await secrets.reveal_secret(runtime, SOMEBODY, webhook.id))[1].startswith("whsec_")
    assert [(kind, subject) for _, kind, subject in await activity(runtime)] == [
        (ActivityKind.WEBHOOK_CREATED, webhook.id)
    ]


async def test_secrets_rest_sealed_and_show_as_fingerprints(runtime: Runtime) -> None:
    given = form(
        headers=[
            {"name": "X-Api-Key", "value": "k3y-0f-sh0p"},
            {"name": "X-Plain", "value": "seen"},
        ],
        secretHeader={"name": "X-Webhook-Secret", "value": "hush-0f-sh0p"},
        basicAuth={"username": "shop", "password": "pa55-0f-sh0p"},
    )
    webhook = await create_webhook(runtime, SOMEBODY, given)
    raw = str((await runtime.database.reader().rows("select * from webhook"))[0])
    assert not [
        secret for secret in ("k3y-0f-sh0p", "hush-0f-sh0p", "pa55-0f-sh0p") if secret in raw
    ]
    shown = canonical(await Webhook.get(id=webhook.id), runtime.vault)
    assert shown["headers"] == [
        {"name": "X-Api-Key", "value": {"fingerprint": runtime.vault.fingerprint("k3y-0f-sh0p")}},
        {"name": "X-Plain", "value": "seen"},
    ]
    assert shown["secretHeader"]["value"] == {
        "fingerprint": runtime.vault.fingerprint("hush-0f-sh0p")
    }
    assert shown["basicAuth"] == {
        "username": "shop",
        "password": {"fingerprint": runtime.vault.fingerprint("pa55-0f-sh0p")},
    }


async def test_all_problems_of_an_input_are_told_at_once(runtime: Runtime) -> None:
    await create_webhook(runtime, SOMEBODY, form(slug="taken"))
    with pytest.raises(Refused) as refused:
        await create_webhook(
            runtime,
            SOMEBODY,
            form(
                name="",
                slug="taken",
                url="ftp://a",
                events=["order"],
                headers=[{"name": "Host", "value": "a"}],
                timeout="2h",
            ),
        )
    assert told(refused) == {
        ("REQUIRED", "name"),
        ("TAKEN", "slug"),
        ("INVALID", "url"),
        ("INVALID", "events.0"),
        ("INVALID", "headers.0.name"),
        ("OUT_OF_RANGE", "timeout"),
    }
    assert await Webhook.all().count() == 1


async def test_a_slug_from_a_name_that_is_taken_gets_a_number(runtime: Runtime) -> None:
    slugs = [(await create_webhook(runtime, SOMEBODY, form())).slug for _ in range(3)]
    assert slugs == ["order-sync", "order-sync-2", "order-sync-3"]
    assert (await create_webhook(runtime, SOMEBODY, form(name="…"))).slug == "webhook"
    long = [(await create_webhook(runtime, SOMEBODY, form(name="a" * 100))).slug for _ in range(2)]
    assert long == ["a" * 63, "a" * 61 + "-2"]


@pytest.mark.engines("sqlite", "postgres")
async def test_many_creators_of_one_name_all_get_a_slug_of_their_own(runtime: Runtime) -> None:
    made = await asyncio.gather(*(create_webhook(runtime, SOMEBODY, form()) for _ in range(8)))
    assert {webhook.slug for webhook in made} == {
        "order-sync",
        *(f"order-sync-{number}" for number in range(2, 9)),
    }


@pytest.mark.engines("sqlite", "postgres")
async def test_two_creators_of_one_given_slug_get_one_webhook_and_one_taken(
    runtime: Runtime,
) -> None:
    outcomes = await asyncio.gather(
        *(create_webhook(runtime, SOMEBODY, form(slug="mine")) for _ in range(2)),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [problem.code for outcome in refused for problem in outcome.problems] == [Code.TAKEN]


@pytest.mark.engines("sqlite", "postgres")
async def test_a_deleted_webhook_gives_its_slug_free(runtime: Runtime) -> None:
    first = await create_webhook(runtime, SOMEBODY, form(slug="mine"))
    gone = await delete_webhook(runtime, SOMEBODY, first.id)
    assert gone.deleted_at is not None
    assert (await create_webhook(runtime, SOMEBODY, form(slug="mine"))).slug == "mine"
    with pytest.raises(Refused) as refused:
        await update_webhook(runtime, SOMEBODY, first.id, {"name": "Back"})
    assert told(refused) == {("NOT_FOUND", "id")}


async def test_an_update_changes_what_is_given_and_null_goes_back_to_the_default(
    runtime: Runtime,
) -> None:
    webhook = await create_webhook(
        runtime,
        SOMEBODY,
        form(description="why", timeout="5s", labels=[{"key": "team", "value": "a=b"}]),
    )
    changed = await update_webhook(
        runtime, SOMEBODY, webhook.id, {"timeout": None, "description": None, "events": ["a.b.c"]}
    )
    stored = canonical(await Webhook.get(id=webhook.id), runtime.vault)
    assert (stored["timeout"], stored["description"], stored["events"]) == ("15s", None, ["a.b.c"])
    assert (stored["name"], stored["labels"]) == ("Order sync", [{"key": "team", "value": "a=b"}])
    assert changed.version == 2


@each_of("field", ["name", "url", "events", "environments"])
async def test_null_for_a_required_field_is_refused(runtime: Runtime, field: str) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    with pytest.raises(Refused) as refused:
        await update_webhook(runtime, SOMEBODY, webhook.id, {field: None})
    assert told(refused) == {("REQUIRED", field)}


async def test_an_update_that_changes_nothing_bumps_nothing(runtime: Runtime) -> None:
    given = form(
        secretHeader={"name": "X-Webhook-Secret", "value": "hush-0f-sh0p"},
        headers=[{"name": "X-Token", "value": "t"}],
    )
    webhook = await create_webhook(runtime, SOMEBODY, given)
    before = (await match_version(runtime), len(await activity(runtime)))
    same = await update_webhook(runtime, SOMEBODY, webhook.id, {**given, "active": True})
    assert same.version == 1
    assert (await match_version(runtime), len(await activity(runtime))) == before


async def test_a_change_bumps_version_and_match_version_and_is_noted(runtime: Runtime) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    before = await match_version(runtime)
    await update_webhook(
        runtime, Actor(WORKSPACE, "anna"), webhook.id, {"name": "New", "active": False}
    )
    stored = await Webhook.get(id=webhook.id)
    assert (stored.version, stored.modified_by["name"], stored.is_active) == (2, "anna", False)
    assert await match_version(runtime) == before + 1
    assert [kind for _, kind, _ in await activity(runtime)][1:] == [
        ActivityKind.WEBHOOK_UPDATED,
        ActivityKind.WEBHOOK_DEACTIVATED,
    ]


async def test_a_secret_that_an_update_leaves_out_is_kept(runtime: Runtime) -> None:
    webhook = await create_webhook(
        runtime, SOMEBODY, form(secretHeader={"name": "X-One", "value": "hush-0f-sh0p"})
    )
    await update_webhook(runtime, SOMEBODY, webhook.id, {"secretHeader": {"name": "X-Two"}})
    stored = canonical(await Webhook.get(id=webhook.id), runtime.vault)
    assert stored["secretHeader"] == {
        "name": "X-Two",
        "value": {"fingerprint": runtime.vault.fingerprint("hush-0f-sh0p")},
    }


async def test_a_secret_that_is_left_out_and_not_there_is_required(runtime: Runtime) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    with pytest.raises(Refused) as refused:
        await update_webhook(
            runtime,
            SOMEBODY,
            webhook.id,
            {"secretHeader": {"name": "X-Two"}, "basicAuth": {"username": "a"}},
        )
    assert told(refused) == {("REQUIRED", "secretHeader.value"), ("REQUIRED", "basicAuth.password")}


async def test_a_header_that_another_field_sends_too_is_refused(runtime: Runtime) -> None:
    webhook = await create_webhook(
        runtime, SOMEBODY, form(secretHeader={"name": "X-One", "value": "hush-0f-sh0p"})
    )
    with pytest.raises(Refused) as refused:
        await update_webhook(
            runtime, SOMEBODY, webhook.id, {"headers": [{"name": "x-one", "value": "a"}]}
        )
    assert {code for code, _ in told(refused)} == {"INVALID"}


async def test_a_version_that_somebody_has_moved_on_is_a_conflict(runtime: Runtime) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    await update_webhook(runtime, SOMEBODY, webhook.id, {"name": "Second"}, if_version=1)
    with pytest.raises(Refused) as refused:
        await update_webhook(
            runtime, SOMEBODY, webhook.id, {"name": "Third", "url": "nonsense"}, if_version=1
        )
    assert told(refused) == {("VERSION_CONFLICT", "ifVersion"), ("INVALID", "url")}
    assert (await Webhook.get(id=webhook.id)).name == "Second"


@pytest.mark.engines("sqlite", "postgres")
async def test_of_two_editors_with_one_version_the_second_hears_of_the_first(
    runtime: Runtime,
) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    edits = [
        update_webhook(runtime, SOMEBODY, webhook.id, {"name": name}, if_version=1)
        for name in ("A", "B")
    ]
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    assert [
        type(outcome).__name__ for outcome in outcomes if isinstance(outcome, BaseException)
    ] == ["Refused"]
    assert (await Webhook.get(id=webhook.id)).version == 2


@pytest.mark.parametrize(
    ("change", "is_reset"),
    [
        ({"url": "https://other.example.com/"}, True),
        ({"headers": [{"name": "X-A", "value": "b"}]}, True),
        ({"basicAuth": {"username": "a", "password": "b"}}, True),
        ({"name": "Other", "timeout": "20s"}, False),
        ({"active": False}, False),
    ],
)
async def test_failures_count_anew_after_a_change_that_may_have_mended_them(
    runtime: Runtime, change: dict[str, Any], is_reset: bool
) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form())
    await set_column(runtime, "webhook", "consecutive_failures", 7, [webhook.id])
    await update_webhook(runtime, SOMEBODY, webhook.id, change)
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == (0 if is_reset else 7)


@pytest.mark.engines("sqlite", "postgres")
async def test_turning_a_webhook_on_again_counts_failures_anew(runtime: Runtime) -> None:
    webhook = await create_webhook(runtime, SOMEBODY, form(active=False))
    await set_column(runtime, "webhook", "consecutive_failures", 7, [webhook.id])
    await set_webhook_active(runtime, SOMEBODY, webhook.id, True)
    assert (await Webhook.get(id=webhook.id)).consecutive_failures == 0
    assert [kind for _, kind, _ in await activity(runtime)][1:] == [ActivityKind.WEBHOOK_ACTIVATED]


async def test_a_field_that_a_file_owns_is_refused_by_the_name_of_its_place(
    runtime: Runtime,
) -> None:
    webhook = await managed(runtime, "url", "events")
    with pytest.raises(Refused) as refused:
        await update_webhook(
            runtime, FORCER, webhook.id, {"url": "https://other.example.com/", "name": "Mine"}
        )
    assert told(refused) == {("FIELD_MANAGED", "url")}
    assert all(
        part in refused.value.message
        for part in ("storefront", "config/webhooks.yaml:9", "9f2c1ab0c0ff")
    )
    with pytest.raises(Refused) as refused:
        await delete_webhook(runtime, FORCER, webhook.id)
    assert told(refused) == {("FIELD_MANAGED", "id")}


async def test_a_field_that_no_file_sets_may_be_changed_and_an_equal_value_is_no_change(
    runtime: Runtime,
) -> None:
    webhook = await managed(runtime, "url", "active")
    changed = await update_webhook(
        runtime, SOMEBODY, webhook.id, {"name": "Mine", "url": webhook.url}
    )
    assert (changed.name, changed.version) == ("Mine", 2)


async def test_force_needs_a_reason_and_its_scope(runtime: Runtime) -> None:
    webhook = await managed(runtime, "active")
    with pytest.raises(Refused) as refused:
        await set_webhook_active(runtime, SOMEBODY, webhook.id, False, force=Force(True, " "))
    assert told(refused) == {("REQUIRED", "reason"), ("NOT_ALLOWED", "force")}
    for reason, code in (("r" * 1_001, "TOO_LONG"), ("a\x00", "INVALID"), ("\ud800", "INVALID")):
        with pytest.raises(Refused) as refused:
            await delete_webhook(runtime, FORCER, webhook.id, force=Force(True, reason))
        assert told(refused) == {(code, "reason")}
    forced, _ = await set_webhook_active(
        runtime, FORCER, webhook.id, False, force=Force(True, "incident 7")
    )
    assert (forced.is_active, forced.modified_by["reason"]) == (False, "incident 7")
    assert (
        await delete_webhook(runtime, FORCER, webhook.id, force=Force(True, "gone"))
    ).deleted_at is not None


async def test_a_foreign_webhook_does_not_exist_for_any_verb(runtime: Runtime) -> None:
    foreign = await make_webhook(runtime, workspace_id=await make_workspace(runtime))
    verbs = [
        update_webhook(runtime, FORCER, foreign.id, {"name": "Mine"}),
        set_webhook_active(runtime, FORCER, foreign.id, False),
        delete_webhook(runtime, FORCER, foreign.id),
        release_webhook(runtime, FORCER, foreign.id),
        secrets.reveal_secret(runtime, FORCER, foreign.id),
        update_webhook(runtime, FORCER, ids.uuid7(), {"name": "Mine"}),
    ]
    outcomes = await asyncio.gather(*verbs, return_exceptions=True)
    assert [outcome.code for outcome in outcomes if isinstance(outcome, Refused)] == [
        Code.NOT_FOUND
    ] * len(verbs)
    assert (await Webhook.get(id=foreign.id)).version == 1


async def test_a_filter_that_asks_for_true_instead_of_1_is_another_one(runtime: Runtime) -> None:
    webhook = await make_webhook(runtime, filter={"data.paid": {"eq": 1}})
    await update_webhook(runtime, SOMEBODY, webhook.id, {"filter": {"data.paid": {"eq": True}}})
    assert canonical(await Webhook.get(id=webhook.id), runtime.vault)["filter"] == {
        "data.paid": {"eq": True}
    }
