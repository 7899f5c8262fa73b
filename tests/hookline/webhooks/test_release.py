"""Releases of webhooks that a YAML file owns, on both databases."""

from dataclasses import replace

import pytest

from hookline import clock
from hookline.errors import Refused
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import release_webhook, update_webhook
from hookline.webhooks.ownership import Force
from tests.making import SOMEBODY, make_webhook, set_column

pytestmark = pytest.mark.engines("sqlite")

FORCER = replace(SOMEBODY, scopes=frozenset({"webhooks:force"}))


async def managed(runtime: Runtime) -> Webhook:
    """A webhook whose URL a file owns."""
    webhook = await make_webhook(runtime)
    await Webhook.filter(id=webhook.id).update(sync_set="storefront", sync_applied={"url": 1})
    return await Webhook.get(id=webhook.id)


def told(refused: pytest.ExceptionInfo[Refused]) -> set[tuple[str, str]]:
    return {(problem.code.value, ".".join(problem.field)) for problem in refused.value.problems}


async def test_a_released_webhook_belongs_to_people_as_it_is(runtime: Runtime) -> None:
    webhook = await managed(runtime)
    released = await release_webhook(runtime, FORCER, webhook.id, force=Force(True, "theirs"))
    assert (released.sync_set, released.sync_applied, released.url, released.version) == (
        None,
        None,
        webhook.url,
        2,
    )
    assert released.modified_by["reason"] == "theirs"
    assert (await release_webhook(runtime, SOMEBODY, webhook.id)).version == 2
    assert (
        await update_webhook(runtime, SOMEBODY, webhook.id, {"url": "https://mine.example.com/"})
    ).version == 3


async def test_a_release_of_what_the_last_file_has_needs_force_a_reason_and_the_scope(
    runtime: Runtime,
) -> None:
    webhook = await managed(runtime)
    for force, lacking in [
        (Force(), {("FIELD_MANAGED", "id")}),
        (Force(False, "mine"), {("FIELD_MANAGED", "id")}),
        (Force(True), {("REQUIRED", "reason"), ("NOT_ALLOWED", "force")}),
        (Force(True, "mine"), {("NOT_ALLOWED", "force")}),
    ]:
        with pytest.raises(Refused) as refused:
            await release_webhook(runtime, SOMEBODY, webhook.id, 7, force)
        assert told(refused) == {*lacking, ("VERSION_CONFLICT", "ifVersion")}
    assert (await Webhook.get(id=webhook.id)).sync_set == "storefront"


@pytest.mark.engines("sqlite", "postgres")
async def test_a_webhook_that_left_its_file_is_released_without_force(runtime: Runtime) -> None:
    webhook = await managed(runtime)
    await set_column(runtime, "webhook", "sync_removed_at", clock.now(), [webhook.id])
    with pytest.raises(Refused, match="Release the webhook"):
        await update_webhook(runtime, SOMEBODY, webhook.id, {"url": "https://mine.example.com/"})
    assert (await release_webhook(runtime, SOMEBODY, webhook.id)).sync_set is None
