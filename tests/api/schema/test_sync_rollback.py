"""Rollbacks over GraphQL: planned, made as planned, and refused."""

import pytest

from hookline.access.scopes import ROLES, bound_to
from tests.api.schema.asking import Asker, told
from tests.api.schema.test_sync import ERRORS, PLAN, PROBLEMS, REVISION, apply, bare

pytestmark = pytest.mark.engines("sqlite")

ROLLBACK_PLAN = (
    f"mutation ($input: SyncRollbackPlanInput!) {{ syncRollbackPlan(input: $input) {{ {PLAN} "
    f"{PROBLEMS} {ERRORS} }} }}"
)
ROLLBACK = (
    f"mutation ($input: SyncRollbackInput!) {{ syncRollback(input: $input) {{ {PLAN} {REVISION} "
    f"{PROBLEMS} {ERRORS} }} }}"
)


async def test_a_revision_is_brought_back_as_it_was_planned(admin: Asker) -> None:
    bound = admin.with_scopes(*bound_to(ROLES["sync"], "storefront"))
    await apply(bound, bare(timeout="20s"))
    await apply(bound, bare(timeout="30s"))
    asked = {"set": "storefront", "revision": 1}
    planned = (await bound.data(ROLLBACK_PLAN, input=asked))["syncRollbackPlan"]
    [change] = planned["plan"]["changes"]
    field = {"field": "timeout", "before": "30s", "after": "20s", "live": "30s", "secret": False}
    assert (change["kind"], change["fields"]) == ("UPDATE", [field])
    given = {**asked, "planDigest": planned["plan"]["digest"], "message": "incident 7"}
    done = (await bound.data(ROLLBACK, input=given))["syncRollback"]
    assert (done["revision"]["number"], done["revision"]["message"]) == (3, "incident 7")
    history = '{ syncRevisions(set: "storefront") { nodes { number restores } } }'
    nodes = (await admin.data(history))["syncRevisions"]["nodes"]
    assert [(node["number"], node["restores"]) for node in nodes] == [(3, 1), (2, None), (1, None)]


async def test_a_rollback_that_cannot_be_is_refused(admin: Asker) -> None:
    for given in ({"set": "storefront", "revision": 7}, {"set": "\0", "revision": 1}):
        for text, name in ((ROLLBACK_PLAN, "syncRollbackPlan"), (ROLLBACK, "syncRollback")):
            refused = (await admin.data(text, input=given))[name]
            assert told(refused) == {("NOT_FOUND", "input.revision")}
    other = admin.with_scopes(*bound_to(ROLES["sync"], "team-b"))
    for text in (ROLLBACK_PLAN, ROLLBACK):
        asked = {"set": "storefront", "revision": 1}
        assert await other.codes(text, input=asked) == ["FORBIDDEN"]
