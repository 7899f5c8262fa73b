"""Plan and apply over GraphQL: what a command sends, what it hears, and everything that strangers
could send instead.
"""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from hookline.access.scopes import ROLES, SCOPES, bound_to
from hookline.models import SyncSet, Webhook
from hookline.sync.plan import codec
from tests.api.schema.asking import Asker, told
from tests.hookline.sync.files import ORDERS, webhooks
from tests.making import WORKSPACE, make_webhook, make_workspace
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

PROBLEMS = "problems { code message severity path file line column hint }"
CHANGES = "changes { kind slug webhookId file line hint fields { field before after live secret } }"
PLAN = (
    f"plan {{ digest set unchanged base {{ number }} {CHANGES} blocked {{ code message slug "
    "flag } warnings { code line } }"
)
REVISION = (
    "revision { id set number commit branch author message runUrl created updated disabled "
    "appliedAt actor { kind name } }"
)
ERRORS = "userErrors { field code message }"
PLAN_IT = (
    f"mutation ($input: SyncPlanInput!) {{ syncPlan(input: $input) {{ {PLAN} {PROBLEMS} "
    f"{ERRORS} }} }}"
)
APPLY_IT = (
    f"mutation ($input: SyncApplyInput!) {{ syncApply(input: $input) {{ {PLAN} {REVISION} "
    f"{PROBLEMS} {ERRORS} }} }}"
)
SECRETIVE = ORDERS + 'secretHeader: { name: X-Webhook-Secret, value: "${env:CRM_KEY}" }'


def sent(*, environment: Mapping[str, str] | None = None, **bodies: str) -> dict[str, Any]:
    """The input that a command sends for a file, once it has been JSON."""
    document = webhooks("", "storefront", environment or {}, **bodies)
    secrets = [{"path": path, "value": value} for path, value in document.secrets.items()]
    whole = {
        "set": document.set_name,
        "document": document.content,
        "positions": document.positions.packed(),
        "secrets": secrets,
    }
    found: dict[str, Any] = orjson.loads(orjson.dumps(whole))
    return found


def bare(**fields: Any) -> dict[str, Any]:
    """An input with one webhook, written by hand."""
    form = {
        "url": "https://crm.example.com/in",
        "events": ["order.*.create"],
        "environments": ["production"],
        **fields,
    }
    return {
        "set": "storefront",
        "document": {"version": 1, "set": "storefront", "webhooks": {"orders": form}},
    }


async def plan(asker: Asker, given: dict[str, Any], **more: Any) -> Any:
    return (await asker.data(PLAN_IT, input={**given, **more}))["syncPlan"]


async def apply(asker: Asker, given: dict[str, Any], **more: Any) -> Any:
    return (await asker.data(APPLY_IT, input={**given, **more}))["syncApply"]


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("text", "name", "scope"),
    [(PLAN_IT, "syncPlan", "sync:plan"), (APPLY_IT, "syncApply", "sync:apply")],
)
async def test_each_asks_for_its_scope(admin: Asker, text: str, name: str, scope: str) -> None:
    answer = await admin.with_scopes(*(SCOPES.keys() - {scope})).answer(text, input=bare())
    assert (answer.codes, answer.data) == (["FORBIDDEN"], {name: None})
    reading = ("webhooks:read", "deliveries:read")
    assert await admin.with_scopes(scope, *reading).codes(text, input=bare()) == []
    for lacking in reading:
        blind = admin.with_scopes(*(SCOPES.keys() - {lacking}))
        assert (await blind.answer(text, input=bare())).data == {name: None}


@pytest.mark.parametrize("scope", ["sync:plan", "sync:plan:storefront", "sync:apply:team-b"])
async def test_a_plan_tells_nothing_of_a_guessed_secret_to_who_may_not_apply(
    admin: Asker, scope: str
) -> None:
    stored = sent(environment={"CRM_KEY": "right"}, orders=SECRETIVE)
    assert (await apply(admin, stored))["revision"]["number"] == 1
    planner = admin.with_scopes("webhooks:read", "deliveries:read", "sync:plan", scope)
    right = await plan(planner, stored)
    wrong = await plan(planner, sent(environment={"CRM_KEY": "wrong"}, orders=SECRETIVE))
    assert right == wrong
    assert right["plan"]["changes"] == []
    assert [warning["code"] for warning in right["plan"]["warnings"]] == ["secrets-unknown"]
    applier = admin.with_scopes("webhooks:read", "deliveries:read", "sync:plan", "sync:apply")
    found = await plan(applier, sent(environment={"CRM_KEY": "wrong"}, orders=SECRETIVE))
    assert [change["kind"] for change in found["plan"]["changes"]] == ["UPDATE"]
    assert found["plan"]["warnings"] == []


@pytest.mark.engines("sqlite")
async def test_a_token_that_is_bound_to_a_set_acts_on_that_set_only(admin: Asker) -> None:
    bound = admin.with_scopes(*bound_to(ROLES["sync"], "storefront"))
    assert (await apply(bound, bare()))["revision"]["number"] == 1
    assert (await plan(bound, bare()))["plan"]["changes"] == []
    other = admin.with_scopes(*bound_to(ROLES["sync"], "team-b"))
    for text, scope in ((PLAN_IT, "sync:plan"), (APPLY_IT, "sync:apply")):
        answer = await other.answer(text, input=bare())
        assert f"lacks the scope {scope}:storefront. Use a token" in answer.errors[0]["message"]
        assert await other.codes(text, input=bare()) == ["FORBIDDEN"]
    disguised = {**bare(timeout="9s"), "set": "team-b"}
    assert told(await apply(other, disguised)) == {("INVALID", "input.set")}
    for name in ("", "storefront:storefront", "STOREFRONT"):
        assert await bound.codes(APPLY_IT, input={**bare(), "set": name}) == ["FORBIDDEN"]


async def test_a_file_is_planned_then_applied_exactly_so(admin: Asker) -> None:
    given = sent(orders=ORDERS)
    planned = await plan(admin, given)
    assert planned["userErrors"] == planned["problems"] == planned["plan"]["blocked"] == []
    [change] = planned["plan"]["changes"]
    assert {name: change[name] for name in ("kind", "slug", "webhookId", "file", "line")} == {
        "kind": "CREATE",
        "slug": "orders",
        "webhookId": None,
        "file": "config/webhooks.yaml",
        "line": 4,
    }
    assert [field["field"] for field in change["fields"]] == ["url", "environments", "events"]
    source = {
        "commit": "9f2c1ab",
        "branch": "main",
        "author": "Ann",
        "runUrl": "https://ci.example.com/7",
        "committedAt": "2026-11-24T10:00:00Z",
    }
    done = await apply(
        admin, given, planDigest=planned["plan"]["digest"], source=source, message="first"
    )
    revision = done["revision"]
    assert (revision["number"], revision["commit"], revision["message"], revision["created"]) == (
        1,
        "9f2c1ab",
        "first",
        1,
    )
    assert revision["actor"] == {"kind": "TOKEN", "name": "tester"}
    hook = (
        await admin.data(
            '{ webhookBySlug(slug: "orders") { managedBy { set file line commit lockedFields } } }'
        )
    )["webhookBySlug"]
    assert hook["managedBy"] == {
        "set": "storefront",
        "file": "config/webhooks.yaml",
        "line": 4,
        "commit": "9f2c1ab",
        "lockedFields": ["environments", "events", "url"],
    }


async def test_nothing_to_do_is_told_as_such(admin: Asker) -> None:
    await apply(admin, sent(orders=ORDERS))
    again = await apply(admin, sent(orders=ORDERS))
    assert (
        again["revision"],
        again["plan"]["changes"],
        again["plan"]["unchanged"],
        again["plan"]["base"],
    ) == (None, [], 1, {"number": 1})


@pytest.mark.engines("sqlite", "postgres")
async def test_a_revision_is_a_node_of_its_workspace(admin: Asker) -> None:
    revision = (await apply(admin, sent(orders=ORDERS)))["revision"]
    text = f'{{ node(id: "{revision["id"]}") {{ id ... on SyncRevision {{ set number }} }} }}'
    assert (await admin.data(text))["node"] == {
        "id": revision["id"],
        "set": "storefront",
        "number": 1,
    }
    assert (await admin.in_workspace(await make_workspace(admin.runtime)).data(text))[
        "node"
    ] is None


async def test_secrets_arrive_and_never_come_back(admin: Asker) -> None:
    given = sent(environment={"CRM_KEY": "crm-in-clear"}, orders=SECRETIVE)
    done = await apply(admin, given)
    [field] = [field for field in done["plan"]["changes"][0]["fields"] if field["secret"]]
    assert (field["field"], field["after"]) == (
        "secretHeader",
        {"name": "X-Webhook-Secret", "value": "(secret)"},
    )
    assert "crm-in-clear" not in str(done)
    changed = await plan(admin, sent(environment={"CRM_KEY": "other-in-clear"}, orders=SECRETIVE))
    assert [change["kind"] for change in changed["plan"]["changes"]] == ["UPDATE"]
    assert (await plan(admin, given))["plan"]["changes"] == []


async def test_secrets_that_were_not_sent_can_be_planned_and_not_applied(admin: Asker) -> None:
    given = {**sent(environment={"CRM_KEY": "a"}, orders=SECRETIVE), "secrets": []}
    unknown = await plan(admin, given, unresolvedSecrets=True)
    assert [
        field["after"] for field in unknown["plan"]["changes"][0]["fields"] if field["secret"]
    ] == [{"name": "X-Webhook-Secret", "value": "(unknown)"}]
    refused = await apply(admin, given)
    assert [(problem["code"], problem["path"]) for problem in refused["problems"]] == [
        ("bad-reference", ["webhooks", "orders", "secretHeader", "value"])
    ]
    assert (refused["plan"], refused["revision"], await Webhook.all().count()) == (None, None, 0)


async def test_all_problems_of_a_document_come_with_their_places(admin: Asker) -> None:
    given = bare(url="ftp://a", timeout="2h", colour="red")
    given["positions"] = {
        "webhooks.orders": ["hooks.yaml", 9, 3],
        "webhooks.orders.url": ["hooks.yaml", 10, 10],
    }
    refused = await apply(admin, given)
    assert {
        (problem["code"], problem["file"], problem["line"]) for problem in refused["problems"]
    } == {
        ("bad-url", "hooks.yaml", 10),
        ("range", "hooks.yaml", 9),
        ("unknown-key", "hooks.yaml", 9),
    }
    assert (refused["plan"], refused["revision"], refused["userErrors"]) == (None, None, [])


async def test_warnings_do_not_stop_a_plan(admin: Asker) -> None:
    done = await apply(admin, bare(events=["a.b.c", "a.b.c"]))
    assert [warning["code"] for warning in done["plan"]["warnings"]] == ["duplicate-item"]
    assert (done["problems"], done["revision"]["number"]) == ([], 1)


async def test_the_commands_read_what_the_server_answers(admin: Asker) -> None:
    """One codec: its selection is the schema's, and its JSON is the answer."""
    await apply(admin, bare(events=["a.b.c"]))
    text = (
        "mutation ($input: SyncPlanInput!) { syncPlan(input: $input) "
        f"{{ plan {{ {codec.PLAN_FIELDS} changes {{ {codec.CHANGE_FIELDS} }} }} }} }}"
    )
    given = bare(events=["a.b.c", "a.b.c", "a.b.d"], labels={"a": "b"})

    answer = (await admin.data(text, input=given))["syncPlan"]["plan"]

    content = codec.encode(codec.decode(answer))
    [short] = answer.pop("changesJson")
    for one, whole in zip(short["fields"], answer["changes"][0]["fields"], strict=True):
        left_out = {name: whole[name] for name in whole.keys() - one.keys()}
        assert not any(left_out.values())
        assert {**one, **left_out} == whole
    assert {**short, "fields": answer["changes"][0]["fields"]} == answer["changes"][0]
    assert {name: content[name] for name in answer} == answer
    assert [change["kind"] for change in answer["changes"]] == ["UPDATE"]
    assert answer["base"] == {"number": 1, "commit": None, "dirty": None}


async def test_what_blocks_is_told_with_the_option_that_lifts_it(admin: Asker) -> None:
    await make_webhook(admin.runtime, name="orders")
    refused = await apply(admin, bare())
    assert [
        (block["code"], block["slug"], block["flag"]) for block in refused["plan"]["blocked"]
    ] == [("adopt", "orders", "--adopt")]
    assert refused["revision"] is None
    assert (await apply(admin, bare(), options={"adopt": True}))["revision"]["updated"] == 1


async def test_a_repeated_apply_gets_the_first_ones_revision(admin: Asker) -> None:
    first = await apply(admin, bare(), idempotencyKey="run-7")
    assert (await apply(admin, bare(), idempotencyKey="run-7"))["revision"] == first["revision"]
    assert told(await apply(admin, bare(timeout="9s"), idempotencyKey="run-7")) == {
        ("IDEMPOTENCY_CONFLICT", "input.idempotencyKey")
    }


async def test_all_that_is_wrong_beside_the_document_is_told_at_once(admin: Asker) -> None:
    refused = await apply(
        admin,
        bare(),
        set="warehouse",
        options={"allowRemovals": -1, "lockTimeout": "6m"},
        source={"commit": "a\x00b", "runUrl": "x" * 2_049},
        idempotencyKey="",
        message="x" * 10_001,
    )
    assert told(refused) == {
        ("INVALID", "input.set"),
        ("OUT_OF_RANGE", "input.options.allowRemovals"),
        ("OUT_OF_RANGE", "input.options.lockTimeout"),
        ("INVALID", "input.source.commit"),
        ("TOO_LONG", "input.source.runUrl"),
        ("REQUIRED", "input.idempotencyKey"),
        ("TOO_LONG", "input.message"),
    }
    assert await SyncSet.all().count() == 0


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.engines("sqlite")
@each_of(
    "document, code",
    [
        (5, "type"),
        ([], "type"),
        ({}, "required"),
        ({"version": 2, "set": "storefront", "webhooks": {}}, "range"),
        ({"version": 1, "webhooks": {"Not A Slug\x00": {}}}, "bad-slug"),
        ({"version": 1, "webhooks": {"orders": None}}, "type"),
        ({"version": 1, "webhooks": {"orders": {"url": nested(60)}}}, "type"),
        ({"version": 1, "webhooks": {"orders": {"url": nested(70)}}}, "too-deep"),
        ({"version": 1, "webhooks": [0] * 1_000_001}, "too-many-nodes"),
        (
            {
                "version": 1,
                "webhooks": {"orders": {"url": 10**40, "events": 1.5, "concurrency": 10**400}},
            },
            "type",
        ),
    ],
)
async def test_no_document_is_too_strange_for_a_problem(
    admin: Asker, document: Any, code: str
) -> None:
    refused = await plan(admin, {"set": "storefront", "document": document})
    assert code in {problem["code"] for problem in refused["problems"]}
    assert refused["plan"] is None


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "positions",
    [
        5,
        [],
        {"webhooks.orders": 5},
        {"webhooks.orders": ["a"]},
        {"webhooks.orders": ["a\x00", 1, 1]},
        {"webhooks.orders": ["a", 0, 10**20]},
    ],
)
async def test_positions_that_are_none_are_passed_over(admin: Asker, positions: Any) -> None:
    done = await apply(admin, bare(), positions=positions)
    assert (done["plan"]["changes"][0]["file"], done["revision"]["number"]) == (None, 1)
    stored = await Webhook.get(slug="orders")
    assert (stored.sync_file is None, stored.sync_line is None) == (True, True)


async def test_another_workspaces_webhooks_are_never_seen(admin: Asker) -> None:
    await apply(admin.in_workspace(await make_workspace(admin.runtime)), bare())
    found = await plan(admin, bare())
    assert [change["kind"] for change in found["plan"]["changes"]] == ["CREATE"]
    await apply(admin, bare())
    assert sorted([row.workspace_id == WORKSPACE for row in await Webhook.all()]) == [False, True]


async def test_each_webhook_that_an_apply_changes_is_in_the_audit_log(admin: Asker) -> None:
    await apply(admin, bare())
    await apply(admin, bare(timeout="9s"))
    await apply(admin, bare(timeout="9s"))
    asked = (
        "{ auditEntries { nodes { action actor { kind name revision } subjectId before after } } }"
    )
    second, first = (await admin.data(asked))["auditEntries"]["nodes"]
    assert (first["action"], first["actor"]) == (
        "webhook.create",
        {"kind": "SYNC", "name": "storefront", "revision": 1},
    )
    assert (second["action"], second["actor"]["revision"]) == ("webhook.update", 2)
    assert (second["before"], second["after"]) == ({"timeout": "15s"}, {"timeout": "9s"})
    assert first["subjectId"] == second["subjectId"]
