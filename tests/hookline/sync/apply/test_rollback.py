"""Rollbacks: a revision is what the set is again, by the rules of an apply, on both databases."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from hookline.errors import Refused
from hookline.models import SyncRevision, SyncSet, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import applying, restoring
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.apply.restoring import RollbackInput
from hookline.sync.options import Options
from hookline.sync.policy import DriftPolicy
from hookline.sync.request import Source
from hookline.webhooks.change import delete_webhook
from hookline.webhooks.columns import canonical, signing_secret, with_kept_secrets
from tests.hookline.sync.apply.state import BY_HAND, COMMIT, FORCER, changed_by_hand, one
from tests.hookline.sync.files import ORDERS, SOMEBODY, apply, codes, preview, told, webhooks

KEY = 'headers: { X-Api-Key: "${env:KEY}", X-Plain: a }\n'
AUTH = 'basicAuth: { username: shop, password: "${env:KEY}" }\n'
BODY = st.lists(
    st.sampled_from(
        [
            "timeout: 20s\n",
            "rateLimit: 20/s\n",
            "active: false\n",
            "name: Named\n",
            KEY,
            AUTH,
            "concurrency: 3\nlifecycle: { ignoreChanges: [concurrency] }\n",
            'labels: { team: "a" }\n',
        ]
    ),
    unique=True,
    max_size=4,
).map("".join)
FILE = st.dictionaries(st.sampled_from(["a", "b", "c"]), BODY, min_size=1)
POLICY = st.sampled_from(["", "policy: { prune: disable, maxRemovals: 50% }\n"])


async def rollback(
    runtime: Runtime, number: int, options: Options | None = None, **more: Any
) -> ApplyOutcome:
    asked = RollbackInput("storefront", number, options or Options(), **more)
    request = await restoring.request_of(runtime, SOMEBODY, asked)
    shown = await applying.preview(runtime, SOMEBODY, request)
    done = await applying.apply(runtime, SOMEBODY, request)
    # One plan, shown and applied.
    assert "plan_digest" in more or shown.blocked == done.blocked
    assert "idempotency_key" in more or shown.plan.digest == done.plan.digest
    return done


async def forms(runtime: Runtime) -> dict[str, Any]:
    """The webhooks that the last file has."""
    rows = await Webhook.filter(sync_removed_at=None, deleted_at=None)
    return {row.slug: (row.id, canonical(row, runtime.vault), row.sync_applied) for row in rows}


def policy_of(revision: SyncRevision) -> dict[str, Any]:
    """The policy that it keeps, without how it came to be."""
    return {name: word for name, word in (revision.policy or {}).items() if name != "changes"}


def path_and_code(outcome: ApplyOutcome) -> list[tuple[str, str]]:
    return [(problem.code, ".".join(problem.path)) for problem in outcome.plan.warnings]


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    first={"a": KEY, "b": ""},
    second={"c": AUTH, "b": "timeout: 20s\n"},
    policies=("", ""),
    is_moved=True,
)
@given(first=FILE, second=FILE, policies=st.tuples(POLICY, POLICY), is_moved=st.booleans())
async def test_a_rollback_of_an_apply_is_the_state_before(
    runtime: Runtime,
    first: dict[str, str],
    second: dict[str, str],
    policies: tuple[str, str],
    is_moved: bool,
) -> None:
    for table in (SyncRevision, SyncSet, Webhook):
        await table.all().delete()
    anything = Options(allow_removals=9, on_drift=DriftPolicy.OVERWRITE)
    # A secret that is taken out can't come back, so each header and password stays where it was.
    for slug in first.keys() & second.keys():
        secrets = [part for part in (KEY, AUTH) if part in first[slug]]
        second[slug] = "".join([second[slug], *(p for p in secrets if p not in second[slug])])
    env = {"KEY": "key-in-clear"}
    bodies = [{slug: ORDERS + body for slug, body in file.items()} for file in (first, second)]
    moved = ""
    if is_moved and "a" in first and "a" not in second:
        bodies[1]["d"] = ORDERS + first["a"]
        moved = "moved: [{ from: a, to: d }]\n"
    wanted = webhooks(policies[0], "storefront", env, **bodies[0])
    await apply(runtime, wanted)
    before, policy = await forms(runtime), (await SyncSet.get()).policy
    changed = await apply(
        runtime, webhooks(policies[1] + moved, "storefront", env, **bodies[1]), anything
    )
    assert (changed.blocked, changed.problems) == ((), ())

    done = await rollback(runtime, 1, anything)
    assert (done.blocked, done.problems, done.plan.warnings) == ((), (), ())
    assert (await forms(runtime), (await SyncSet.get()).policy) == (before, policy)
    again = (await preview(runtime, wanted)).plan
    assert (told(again), again.policy_changes) == ([], ())
    if done.revision is None:
        assert changed.revision is None
        return
    old = await SyncRevision.get(number=1)
    assert (done.revision.restores, done.revision.digest) == (1, old.digest)
    assert (done.revision.snapshot, policy_of(done.revision)) == (old.snapshot, policy_of(old))
    last = (await rollback(runtime, 1, anything)).plan
    assert (told(last), last.policy_changes) == ([], ())


SECRETIVE = ORDERS + KEY + AUTH + 'signingSecret: "${env:SIGN}"\n'
FIRST, OTHER = "whsec_" + "a" * 43 + "=", "whsec_" + "b" * 43 + "="


def secretive(key: str, sign: str, body: str = SECRETIVE) -> Any:
    return webhooks("", "storefront", {"KEY": key, "SIGN": sign}, orders=body)


@pytest.mark.engines("sqlite")
async def test_a_secret_that_was_changed_since_stays_as_it_is_now(runtime: Runtime) -> None:
    await apply(runtime, secretive("first-in-clear", FIRST), source=COMMIT)
    plain = SECRETIVE.replace("X-Plain: a", "X-Plain: b").replace("username: shop", "username: s")
    later = Source(commit="1a7e41a7e41a7e4")
    await apply(runtime, secretive("other-in-clear", OTHER, plain), source=later)
    done = await rollback(runtime, 1, message="incident 7")
    # The set's stays that of the last apply, which the repository has.
    assert (await SyncSet.get(name="storefront")).commit == later.commit
    paths = ("headers.X-Api-Key", "basicAuth.password", "signingSecret")
    assert {("secret-kept", f"webhooks.orders.{path}") for path in paths} == {*path_and_code(done)}
    assert told(done.plan) == ["UPDATE orders headers,basicAuth"]
    assert done.revision is not None
    assert (done.revision.restores, done.revision.message) == (1, "incident 7")
    assert (done.revision.commit, done.revision.branch) == (COMMIT.commit, "main")
    # The plain parts are those of then, with the secrets of now sealed for them anew.
    wanted = secretive("other-in-clear", OTHER)
    assert told((await preview(runtime, wanted)).plan) == []
    assert "in-clear" not in str(done.revision.snapshot)


@pytest.mark.engines("sqlite")
async def test_a_secret_that_people_changed_since_is_drift(runtime: Runtime) -> None:
    await apply(runtime, secretive("first-in-clear", FIRST))
    await apply(runtime, secretive("first-in-clear", FIRST, SECRETIVE + "timeout: 20s"))
    await changed_by_hand(runtime, basicAuth={"username": "shop", "password": "by-hand"})
    blocked = await rollback(runtime, 1)
    assert codes(blocked) == {"drift"}
    assert "DRIFT orders basicAuth" in told(blocked.plan)
    # Kept where that is asked for.
    done = await rollback(runtime, 1, Options(on_drift=DriftPolicy.KEEP))
    assert done.revision is not None
    opened = with_kept_secrets({"basicAuth": {"username": "shop"}}, await one(), runtime.vault)
    assert opened["basicAuth"]["password"] == "by-hand"


@pytest.mark.engines("sqlite")
async def test_a_secret_that_is_nowhere_any_more_blocks_unless_it_may_be_left_out(
    runtime: Runtime,
) -> None:
    await apply(runtime, secretive("first-in-clear", FIRST))
    await apply(runtime, secretive("", FIRST, ORDERS + "timeout: 20s"))
    blocked = await rollback(runtime, 1)
    assert {(block.code, block.slug) for block in blocked.blocked} == {("secret-lost", "orders")}
    assert (len(blocked.blocked), blocked.revision) == (2, None)
    done = await rollback(runtime, 1, Options(allow_lost_secrets=True))
    assert [code for code, _ in path_and_code(done)] == ["secret-lost", "secret-lost"]
    kept = canonical(await one(), runtime.vault)
    assert (kept["headers"], kept["basicAuth"]) == ([{"name": "X-Plain", "value": "a"}], None)
    assert kept["timeout"] == "15s"


@pytest.mark.engines("sqlite")
async def test_no_secret_goes_along_to_a_place_that_it_was_never_given_for(
    runtime: Runtime,
) -> None:
    await apply(runtime, secretive("first-in-clear", FIRST))
    elsewhere = SECRETIVE.replace("crm.example.com", "new.example.com")
    await apply(runtime, secretive("other-in-clear", FIRST, elsewhere))
    assert codes(await rollback(runtime, 1)) == {"secret-lost"}
    # Where it is the same one, it was.
    await apply(runtime, secretive("first-in-clear", FIRST, elsewhere))
    done = await rollback(runtime, 1)
    assert (told(done.plan), path_and_code(done)) == (["UPDATE orders url"], [])


@pytest.mark.engines("sqlite")
async def test_a_rollback_keeps_to_the_rules_of_an_apply(runtime: Runtime) -> None:
    protected = ORDERS + "lifecycle: { preventDestroy: true }"
    none = "policy: { maxRemovals: 0 }\n"
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 10s"))
    await apply(runtime, webhooks(none, orders=ORDERS + "timeout: 20s", crm=protected))
    await changed_by_hand(runtime, timeout="25s")
    assert codes(await rollback(runtime, 1)) == {"drift", "removals", "protected"}
    await apply(
        runtime,
        webhooks(none, orders=ORDERS + "timeout: 10s", crm=ORDERS),
        Options(on_drift=DriftPolicy.OVERWRITE),
    )
    agreed = await rollback(runtime, 1)
    assert [block.flag for block in agreed.blocked] == ["--allow-removals 1"]
    allowed = Options(allow_removals=1)
    stale = await rollback(runtime, 1, allowed, plan_digest=agreed.plan.digest)
    assert codes(stale) == {"stale"}
    done = await rollback(runtime, 1, allowed, idempotency_key="k")
    assert (told(done.plan), done.plan.changes[0].hint) == (
        ["DISABLE crm active"],
        "not in revision 1",
    )
    again = await rollback(runtime, 1, allowed, idempotency_key="k")
    assert (again.revision, again.plan.changes) == (done.revision, ())
    # And forward again: what it turned off goes on.
    forward = await rollback(runtime, 3)
    assert told(forward.plan) == ["UPDATE crm active"]
    with pytest.raises(Refused, match='The set "storefront" has no revision 9'):
        await rollback(runtime, 9)


@pytest.mark.engines("sqlite")
async def test_what_is_not_allowed_any_more_is_a_problem(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    fewer = runtime.settings.model_copy(update={"environments": ("staging",)})
    done = await rollback(replace(runtime, settings=fewer), 1)
    assert [(one.code, one.path[:3]) for one in done.problems] == [
        ("enum", ("webhooks", "orders", "environments"))
    ]
    assert (done.revision, (await one()).timeout_ms) == (None, 20_000)


async def test_a_deleted_webhook_comes_back_with_the_secrets_of_the_revision(
    runtime: Runtime,
) -> None:
    delete, env = "policy: { prune: delete }\n", {"KEY": "key-in-clear", "SIGN": FIRST}
    both = {"orders": SECRETIVE, "crm": ORDERS + KEY}
    wanted = webhooks(delete, "storefront", env, **both)
    await apply(runtime, wanted)
    before, made = await forms(runtime), await one("crm")
    await apply(runtime, webhooks(delete, stays=ORDERS))
    done = await rollback(runtime, 1)
    assert (done.blocked, path_and_code(done)) == ((), [])
    # Another webhook, which signs and asks as the one before did.
    after = await forms(runtime)
    assert {slug: form[1:] for slug, form in after.items()} == {
        slug: form[1:] for slug, form in before.items()
    }
    assert after["crm"][0] != made.id
    assert told((await preview(runtime, wanted)).plan) == []


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("is_moved", [False, True])
async def test_a_webhook_that_was_moved_and_deleted_comes_back_with_its_secrets(
    runtime: Runtime, is_moved: bool
) -> None:
    env = {"KEY": "key-in-clear"}
    await apply(runtime, webhooks("", "storefront", env, first=ORDERS + KEY, stays=ORDERS))
    made = await one("first")
    slug = "first"
    if is_moved:
        for slug, before in (("second", "first"), ("third", "second")):
            text = f"moved: [{{ from: {before}, to: {slug} }}]\n"
            form = {slug: ORDERS + KEY, "stays": ORDERS}
            await apply(runtime, webhooks(text, "storefront", env, **form))
    await delete_webhook(runtime, FORCER, (await one(slug)).id, force=BY_HAND)
    await apply(runtime, webhooks("", "storefront", env, stays=ORDERS))

    done = await rollback(runtime, 1)

    assert (done.blocked, path_and_code(done), told(done.plan)) == (
        (),
        [],
        ["CREATE first url,environments,events,headers"],
    )
    again = await one("first")
    assert signing_secret(again, runtime.vault) == signing_secret(made, runtime.vault)
    assert canonical(again, runtime.vault)["headers"] == canonical(made, runtime.vault)["headers"]


@pytest.mark.engines("sqlite")
async def test_a_repeated_rollback_is_known_by_its_key_whatever_became_of_secrets(
    runtime: Runtime,
) -> None:
    async def applied(key: str, timeout: str) -> None:
        form = f"{ORDERS}{KEY}timeout: {timeout}\n"
        await apply(runtime, webhooks("", "storefront", {"KEY": key}, orders=form))

    await applied("first-in-clear", "10s")
    await applied("second-in-clear", "20s")
    done = await rollback(runtime, 1, idempotency_key="k")
    assert done.revision
    await applied("third-in-clear", "30s")
    again = await rollback(runtime, 1, idempotency_key="k")
    assert (again.revision, again.plan.changes) == (done.revision, ())
    with pytest.raises(Refused, match="belongs to revision 3"):
        await rollback(runtime, 2, idempotency_key="k")
