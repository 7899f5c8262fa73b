"""Sets as the API reads them: revisions with what each changed, and drift with who made it."""

from dataclasses import replace
from typing import Any

import pytest

from hookline import clock
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.sync.options import Options
from hookline.sync.plan.records import SOURCE_FIELDS, decode_source
from hookline.sync.policy import DriftPolicy
from hookline.sync.pull.source import FollowedSource
from hookline.sync.request import Source
from hookline.sync.show.past import source_lines
from hookline.webhooks.change import delete_webhook, update_webhook
from tests.api.schema.asking import Asker
from tests.hookline.sync.apply.state import (
    BY_HAND,
    COMMIT,
    FORCER,
    SECRETIVE,
    SECRETS,
    changed_by_hand,
    one,
)
from tests.hookline.sync.files import ORDERS, apply, webhooks
from tests.making import WORKSPACE, make_workspace, set_column

DRIFT = """{ totalCount nodes { kind slug webhookId file line hint fields {
  field before after live secret changedSecrets changedBy changedAt reason } } }"""
SETS = """{ syncSets { totalCount nodes { name commit lastAppliedAt webhookCount driftCount
  revision { number commit created updated disabled actor { name }
    changes { totalCount nodes { kind slug fields { field before after } } } } } } }"""
HISTORY = """query ($set: String!, $after: String) {
  syncRevisions(set: $set, first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor }
  nodes { number message
    changes(last: 1) { pageInfo { hasPreviousPage hasNextPage } nodes { kind slug } } } } }"""


async def drift_of(asker: Asker, set_name: str = "storefront") -> Any:
    text = f"query ($set: String!) {{ syncDrift(set: $set) {DRIFT} }}"
    return (await asker.data(text, set=set_name))["syncDrift"]


ORIGIN = """{ syncSet(name: "storefront") { source {
  kind path repository branch author runUrl actor { kind name } } } }"""


async def origin_of(asker: Asker) -> Any:
    return (await asker.data(ORIGIN))["syncSet"]["source"]


async def test_a_set_tells_where_what_was_applied_last_comes_from(
    runtime: Runtime, admin: Asker
) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=COMMIT)
    first = await origin_of(admin)
    assert first == {
        "kind": "COMMAND",
        "path": "config/webhooks.yaml",
        "repository": None,
        "branch": "main",
        "author": "Ann",
        "runUrl": "https://ci.example.com/7",
        "actor": {"kind": "TOKEN", "name": "ci"},
    }
    # A part of other files is not what the set is; neither is what a rollback brings back.
    part = webhooks(orders=ORDERS + "timeout: 20s")
    await apply(runtime, part, Options(only=frozenset(["orders"])), Source(branch="other"))
    assert await origin_of(admin) == first
    # The same content from elsewhere: no revision, another origin.
    await apply(runtime, part, source=Source(branch="pulled", followed_path="/srv/hooks"))
    assert await origin_of(admin) == {
        **first,
        "kind": "PULL",
        "path": "/srv/hooks",
        "branch": "pulled",
        "author": None,
        "runUrl": None,
    }


@pytest.mark.engines("sqlite")
async def test_the_path_of_a_set_is_what_its_files_have_in_common(
    runtime: Runtime, admin: Asker
) -> None:
    for files, path in (
        (("", ""), None),
        (("hooks/a/x.yaml", "hooks/b.yaml"), "hooks"),
        (("a.yaml", "b.yaml"), None),
        (("/srv/a.yaml", "b.yaml"), None),
    ):
        wanted = webhooks(one=ORDERS, two=ORDERS)
        for slug, file in zip(("one", "two"), files, strict=True):
            item = wanted.webhooks[slug]
            wanted.webhooks[slug] = replace(item, position=replace(item.position, file=file))
        await apply(runtime, wanted)
        assert (await origin_of(admin))["path"] == path


@pytest.mark.engines("sqlite")
async def test_a_path_that_no_server_follows_any_more_is_told_as_that(
    runtime: Runtime, admin: Asker
) -> None:
    followed = await FollowedSource.open(runtime, WORKSPACE, "/srv/a")
    await followed.lead()
    ended = await FollowedSource.open(runtime, WORKSPACE, "/srv/b")
    await ended.lead()
    await ended.release()
    text = f"{{ syncSources {{ nodes {{ {SOURCE_FIELDS} }} }} }}"
    nodes = (await admin.data(text))["syncSources"]["nodes"]
    assert [(one["path"], one["isFollowed"]) for one in nodes] == [
        ("/srv/a", True),
        ("/srv/b", False),
    ]
    lines = source_lines([decode_source(one) for one in nodes], clock.now())
    assert [line.strip() for line in lines if line.strip().startswith("!")] == [
        "! no server follows it any more; it leaves this list after 7 days"
    ]


async def test_sets_tell_their_revisions_and_what_was_changed_by_hand(
    runtime: Runtime, admin: Asker
) -> None:
    await apply(runtime, webhooks(orders=ORDERS, other=ORDERS), source=COMMIT)
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), message="slower")
    await apply(runtime, webhooks("", "warehouse", stock=ORDERS))
    await changed_by_hand(runtime, timeout="30s", name="Not owned")
    found = (await admin.data(SETS))["syncSets"]
    assert [found["totalCount"], *(node["name"] for node in found["nodes"])] == [
        2,
        "storefront",
        "warehouse",
    ]
    commit = "9f2c1ab0c0ffee"
    told = [(one["commit"], one["webhookCount"], one["driftCount"]) for one in found["nodes"]]
    assert told == [(commit, 1, 1), (None, 1, 0)]
    revision = found["nodes"][0]["revision"]
    assert (revision["number"], revision["updated"], revision["disabled"]) == (2, 1, 1)
    assert revision["changes"] == {
        "totalCount": 2,
        "nodes": [
            {
                "kind": "UPDATE",
                "slug": "orders",
                "fields": [{"field": "timeout", "before": "15s", "after": "20s"}],
            },
            {
                "kind": "DISABLE",
                "slug": "other",
                "fields": [{"field": "active", "before": True, "after": False}],
            },
        ],
    }


async def test_drift_names_the_values_and_who_set_them_until_it_is_set_back(
    runtime: Runtime, admin: Asker
) -> None:
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    await changed_by_hand(runtime, timeout="30s", name="Not owned")
    drift = await drift_of(admin)
    [change] = drift["nodes"]
    [field] = change["fields"]
    assert (change["kind"], change["slug"], change["line"]) == ("DRIFT", "orders", 4)
    assert field.pop("changedAt") is not None
    assert field == {
        "field": "timeout",
        "before": "20s",
        "after": "20s",
        "live": "30s",
        "secret": False,
        "changedSecrets": [],
        "changedBy": 'token "tester"',
        "reason": "incident 7",
    }
    back = Options(on_drift=DriftPolicy.OVERWRITE)
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"), back)
    assert (await drift_of(admin)) == {"totalCount": 0, "nodes": []}


async def test_history_is_read_page_by_page_from_either_end(runtime: Runtime, admin: Asker) -> None:
    for seconds in (10, 20, 30):
        timeout = f"{ORDERS}timeout: {seconds}s"
        await apply(runtime, webhooks(a=timeout, b=timeout), message=f"to {seconds}")
    page = (await admin.data(HISTORY, set="storefront"))["syncRevisions"]
    assert page["totalCount"] == 3
    assert [(node["number"], node["message"]) for node in page["nodes"]] == [
        (3, "to 30"),
        (2, "to 20"),
    ]
    assert page["nodes"][0]["changes"] == {
        "pageInfo": {"hasPreviousPage": True, "hasNextPage": False},
        "nodes": [{"kind": "UPDATE", "slug": "b"}],
    }
    after = page["pageInfo"]["endCursor"]
    rest = (await admin.data(HISTORY, set="storefront", after=after))["syncRevisions"]
    assert [node["number"] for node in rest["nodes"]] == [1]
    assert rest["pageInfo"]["hasNextPage"] is False
    text = (
        'query ($after: String) { syncRevision(set: "storefront", number: 1) { number '
        "changes(first: 1, after: $after) { edges { cursor node { slug kind } } "
        "pageInfo { hasNextPage hasPreviousPage } } } }"
    )
    [start] = (await admin.data(text))["syncRevision"]["changes"]["edges"]
    assert start["node"] == {"slug": "a", "kind": "CREATE"}
    following = (await admin.data(text, after=start["cursor"]))["syncRevision"]["changes"]
    assert [edge["node"]["slug"] for edge in following["edges"]] == ["b"]
    assert following["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True}


@pytest.mark.engines("sqlite")
async def test_secrets_are_never_shown(runtime: Runtime, admin: Asker) -> None:
    secretive = webhooks("", "storefront", SECRETS, orders=SECRETIVE)
    await apply(runtime, secretive)
    hidden = {"name": "X-Webhook-Secret", "value": "another-in-clear"}
    await changed_by_hand(runtime, secretHeader=hidden)
    drift = await drift_of(admin)
    [field] = drift["nodes"][0]["fields"]
    masked = {"name": "X-Webhook-Secret", "value": "(secret)"}
    assert (field["before"], field["live"], field["secret"]) == (masked, masked, True)
    assert field["changedSecrets"] == ["secretHeader.value"]
    told = f"{drift} {await admin.data(SETS)}"
    assert [clear for clear in (*SECRETS.values(), "another-in-clear") if clear in told] == []
    assert "fingerprint" not in told


@pytest.mark.engines("sqlite")
async def test_a_revision_tells_which_secrets_changed(runtime: Runtime, admin: Asker) -> None:
    await apply(runtime, webhooks("", "storefront", SECRETS, orders=SECRETIVE))
    rotated = {**SECRETS, "API": "another-api-key", "SHOP": "another-password"}
    await apply(runtime, webhooks("", "storefront", rotated, orders=SECRETIVE))
    text = "changes { nodes { fields { field changedSecrets } } }"
    found = await admin.data(f'{{ syncRevision(set: "storefront", number: 2) {{ {text} }} }}')
    [change] = found["syncRevision"]["changes"]["nodes"]
    assert {one["field"]: one["changedSecrets"] for one in change["fields"]} == {
        "headers": ["headers.X-Api-Key"],
        "basicAuth": ["basicAuth.password"],
    }


async def test_a_revision_tells_each_value_of_a_new_webhook_and_no_secret(
    runtime: Runtime, admin: Asker
) -> None:
    await apply(runtime, webhooks("", "storefront", SECRETS, orders=SECRETIVE))
    text = "changes { nodes { kind slug movedFrom fields { field before after changedSecrets } } }"
    found = await admin.data(f'{{ syncRevision(set: "storefront", number: 1) {{ {text} }} }}')
    [change] = found["syncRevision"]["changes"]["nodes"]
    assert (change["kind"], change["slug"], change["movedFrom"]) == ("CREATE", "orders", None)
    assert {(one["before"], *one["changedSecrets"]) for one in change["fields"]} == {(None,)}
    after = {one["field"]: one["after"] for one in change["fields"]}
    assert after["url"] == "https://crm.example.com/in"
    assert after["secretHeader"] == {"name": "X-Webhook-Secret", "value": "(secret)"}
    assert [clear for clear in SECRETS.values() if clear in str(found)] == []


@pytest.mark.engines("sqlite")
async def test_drift_is_paged_by_slug_and_only_of_what_the_file_has(
    runtime: Runtime, admin: Asker
) -> None:
    bodies = dict.fromkeys(("a", "b", "c", "gone", "left"), ORDERS + "timeout: 20s")
    await apply(runtime, webhooks(**bodies))
    for slug in bodies:
        await update_webhook(
            runtime, FORCER, (await one(slug)).id, {"timeout": "30s"}, force=BY_HAND
        )
    del bodies["left"]
    await apply(runtime, webhooks(**bodies), Options(on_drift=DriftPolicy.KEEP))
    await delete_webhook(runtime, FORCER, (await one("gone")).id, force=BY_HAND)
    # Written past the API: nobody knows by whom.
    await set_column(runtime, "webhook", "timeout_ms", 40_000, [(await one("c")).id])
    text = (
        "query ($first: Int, $last: Int, $after: String, $before: String) { syncDrift("
        'set: "storefront", first: $first, last: $last, after: $after, before: $before) { '
        "totalCount pageInfo { endCursor startCursor hasNextPage hasPreviousPage } "
        "nodes { slug } } }"
    )
    first = (await admin.data(text, first=2))["syncDrift"]
    assert ([node["slug"] for node in first["nodes"]], first["totalCount"]) == (["a", "b"], 4)
    info = first["pageInfo"]
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (True, False)
    rest = (await admin.data(text, first=2, after=info["endCursor"]))["syncDrift"]
    # Deleted by force, which is drift until it is made anew.
    assert [node["slug"] for node in rest["nodes"]] == ["c", "gone"]
    back = (await admin.data(text, last=1, before=rest["pageInfo"]["startCursor"]))["syncDrift"]
    assert [node["slug"] for node in back["nodes"]] == ["b"]
    assert await admin.codes(text, first=101) == ["BAD_USER_INPUT"]


@pytest.mark.engines("sqlite")
async def test_what_is_not_there_or_not_mine_is_empty(runtime: Runtime, admin: Asker) -> None:
    await apply(runtime, webhooks(orders=ORDERS), source=Source(commit="9f2c1ab"))
    stranger = admin.in_workspace(await make_workspace(runtime))
    text = """query ($set: String!) { syncSet(name: $set) { name }
      syncSets { nodes { name } }
      syncRevision(set: $set, number: 1) { id }
      syncRevisions(set: $set) { nodes { id } } syncDrift(set: $set) { nodes { slug } } }"""
    nothing: dict[str, Any] = {
        "syncSet": None,
        "syncSets": {"nodes": []},
        "syncRevision": None,
        "syncRevisions": {"nodes": []},
        "syncDrift": {"nodes": []},
    }
    assert await stranger.data(text, set="storefront") == nothing
    known = {"syncSets": {"nodes": [{"name": "storefront"}]}}
    for name in ("", "STOREFRONT", "a\x00b", "\ud800"):
        assert await admin.data(text, set=name) == nothing | known
    blind = admin.with_scopes("deliveries:read", "sync:plan")
    assert await blind.codes(text, set="storefront") == ["FORBIDDEN"] * 5
    assert (await Webhook.all().count()) == 1
