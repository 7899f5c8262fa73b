"""A plan or an apply of a file by its digest alone, and secrets in one value."""

from typing import Any

import pytest

from hookline.models import SyncSet
from hookline.sync.read.content_digest import content_digest
from tests.api.schema.asking import Asker, told
from tests.api.schema.test_sync import SECRETIVE, apply, plan, sent
from tests.hookline.sync.files import ORDERS

pytestmark = pytest.mark.engines("sqlite")


async def test_a_digest_stands_for_the_file_that_was_applied_last(admin: Asker) -> None:
    given = sent(environment={"CRM_KEY": "right"}, orders=SECRETIVE)
    secrets = {tuple(one["path"]): one["value"] for one in given["secrets"]}
    digest = content_digest(given["document"], given["positions"], secrets)
    asked = {"set": "storefront", "contentDigest": digest}
    needed = {("REQUIRED", "input.document")}
    assert told(await plan(admin, asked)) == told(await apply(admin, asked)) == needed
    assert told(await plan(admin, {"set": "storefront", "document": None})) == needed
    await apply(admin, given)
    assert await plan(admin, asked) == await plan(admin, given)
    answer = await apply(admin, asked, source={"commit": "abc"})
    assert (answer["plan"]["changes"], answer["plan"]["unchanged"]) == ([], 1)
    assert (await SyncSet.get(name="storefront")).commit == "abc"
    # Who may not apply could try secrets by it.
    planner = admin.with_scopes("webhooks:read", "deliveries:read", "sync:plan")
    assert told(await plan(planner, asked)) == needed
    assert told(await plan(admin, asked, unresolvedSecrets=True)) == needed


@pytest.mark.engines("sqlite", "postgres")
async def test_a_name_that_is_no_sets_is_refused_before_anything_is_asked_by_it(
    admin: Asker,
) -> None:
    for ask in (plan, apply):
        asked = {"set": "a\0b", "contentDigest": "sha256:" + "0" * 64}
        assert {code for code, _ in told(await ask(admin, asked))} <= {"INVALID", "REQUIRED"}
        whole = {**sent(orders=ORDERS), "set": "a\0b"}
        assert {code for code, _ in told(await ask(admin, whole))} == {"INVALID"}


async def test_a_digest_beside_a_document_is_not_used(admin: Asker) -> None:
    given = sent(orders=ORDERS)
    await apply(admin, given)
    digest = content_digest(given["document"], given["positions"], {})
    other = await plan(admin, sent(orders=ORDERS + "timeout: 20s"), contentDigest=digest)
    assert [change["kind"] for change in other["plan"]["changes"]] == ["UPDATE"]


async def test_document_of_a_digest_that_was_asked_before_is_compared_at_once(
    admin: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, made = sent(orders=ORDERS), list[str | None]()
    await apply(admin, given)
    digest = content_digest(given["document"], given["positions"], {})

    def counted(*parts: Any) -> str | None:
        made.append(content_digest(*parts))
        return made[-1]

    monkeypatch.setattr("api.schema.sync.content_digest", counted)
    known = await plan(admin, given)
    assert made == [digest]
    assert await plan(admin, given, contentDigest=digest) == known
    assert made == [digest]
    # An apply notes what it was that it applied, by its own look.
    await apply(admin, given, contentDigest="sha256:" + "0" * 64)
    assert made == [digest] * 2


async def test_secrets_may_come_in_one_value(admin: Asker) -> None:
    given = sent(environment={"CRM_KEY": "right"}, orders=SECRETIVE)
    await apply(admin, given)
    nested = {"webhooks": {"orders": {"secretHeader": {"value": "right"}}}}
    assert await plan(admin, {**given, "secrets": None, "secretsJson": nested}) == await plan(
        admin, given
    )
    nested["webhooks"]["orders"]["secretHeader"]["value"] = "wrong"
    # Those of the list go before.
    assert (await plan(admin, given, secretsJson=nested))["plan"]["changes"] == []
    assert (await plan(admin, {**given, "secrets": None, "secretsJson": nested}))["plan"]["changes"]
    deep = {"webhooks": {"a": {"b": {"c": {"d": "x"}}}}}
    stranger: list[Any] = [5, [], {"webhooks": {"orders": [1]}}, deep]
    for strange in stranger:
        lacking = await plan(admin, {**given, "secrets": None, "secretsJson": strange})
        assert [one["code"] for one in lacking["problems"]] == ["bad-reference"]
