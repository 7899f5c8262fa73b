"""The short answer for what was applied last: never where a plan would say anything else."""

import json
import random
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from hookline.models import SyncSet, Webhook
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.secrets.vault import KeyRing, Vault
from hookline.sync.apply import applying
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.apply.unchanged import DigestRequest
from hookline.sync.options import Options
from hookline.sync.policy import DriftPolicy
from hookline.sync.read.content_digest import content_digest
from hookline.sync.read.document import Document
from hookline.sync.request import Source
from hookline.webhooks.change import delete_webhook, release_webhook, update_webhook
from hookline.webhooks.secrets import rotate_secret
from tests.hookline.sync.apply.state import BY_HAND, COMMIT, FORCER, SECRETS, changed_by_hand
from tests.hookline.sync.files import ORDERS, SOMEBODY, apply, codes, preview, webhooks

pytestmark = pytest.mark.engines("sqlite")

SECRET = 'secretHeader: { name: X-Hook, value: "${env:CRM_KEY}" }\n'
USUAL, NOWHERE = Options(), Source()
OVERWRITE = Options(on_drift=DriftPolicy.OVERWRITE, allow_removals=10, adopt=True)


def digest_of(document: Document) -> str:
    """The digest that the server computes of what it was sent."""
    sent = json.loads(json.dumps([document.content, document.positions.packed()]))
    digest = content_digest(sent[0], sent[1], document.secrets)
    assert digest
    assert digest == content_digest(document.content, document.positions.packed(), document.secrets)
    return digest


def question(
    document: Document, options: Options = USUAL, source: Source = NOWHERE, **more: Any
) -> DigestRequest:
    return DigestRequest(document.set_name, digest_of(document), options, source, **more)


async def applied(
    runtime: Runtime, document: Document, options: Options = USUAL, source: Source = NOWHERE
) -> ApplyOutcome:
    digest = digest_of(document)
    return await apply(runtime, document, options, source, content_digest=digest)


async def short(runtime: Runtime, asked: DigestRequest) -> ApplyOutcome | None:
    return await applying.preview_unchanged(runtime, SOMEBODY, asked)


@pytest.mark.engines("sqlite", "postgres")
async def test_what_was_applied_last_is_answered_as_a_plan_would_be(runtime: Runtime) -> None:
    document = webhooks(orders=ORDERS, other=ORDERS)
    assert await short(runtime, question(document)) is None
    await applied(runtime, document)
    answer, whole = await short(runtime, question(document)), await preview(runtime, document)
    assert answer
    assert (answer.plan, answer.plan.unchanged) == (whole.plan, 2)
    assert answer.base == whole.base
    assert await short(runtime, question(webhooks(orders=ORDERS))) is None


async def test_what_was_applied_from_a_dirty_checkout_is_known_until_a_commit_has_it(
    runtime: Runtime,
) -> None:
    document, dirty = webhooks(orders=ORDERS), replace(COMMIT, is_dirty=True)
    await applied(runtime, document, source=dirty)
    assert await short(runtime, question(document, source=dirty))
    assert await short(runtime, question(document))
    # The record moves to the commit, for which all is compared.
    clean = replace(COMMIT, is_dirty=False)
    assert await short(runtime, question(document, source=clean)) is None


@pytest.mark.engines("sqlite", "postgres")
async def test_applying_it_again_moves_the_commit_along(runtime: Runtime) -> None:
    document = webhooks(orders=ORDERS)
    await applied(runtime, document, source=COMMIT)
    later = replace(COMMIT, commit="b" * 40)
    answer = await applying.apply_unchanged(runtime, SOMEBODY, question(document, source=later))
    assert answer
    row = await SyncSet.get(name="storefront")
    assert (answer.revision, row.commit, row.revision_number) == (None, "b" * 40, 1)
    # What was edited since its commit proves none right.
    dirty = replace(COMMIT, commit="c" * 40, is_dirty=True)
    await applying.apply_unchanged(runtime, SOMEBODY, question(document, source=dirty))
    assert (await SyncSet.get(name="storefront")).commit == "b" * 40


@pytest.mark.engines("sqlite", "postgres")
async def test_applying_it_again_from_elsewhere_moves_where_the_set_comes_from(
    runtime: Runtime,
) -> None:
    document = webhooks(orders=ORDERS)

    async def origin(source: Source) -> tuple[Any, ...]:
        assert await applying.apply_unchanged(runtime, SOMEBODY, question(document, source=source))
        row = await SyncSet.get(name="storefront")
        return tuple(row.source[name] for name in ("kind", "path", "branch", "runUrl"))

    await applied(runtime, document, source=replace(COMMIT, branch="main", run_url="https://a/1"))
    before = (await SyncSet.get(name="storefront")).source
    gitlab = Source(branch="release", run_url="https://b/2")
    assert await origin(gitlab) == ("COMMAND", before["path"], "release", "https://b/2")
    assert await origin(Source(followed_path="config")) == ("PULL", "config", None, None)
    assert await origin(gitlab) == ("COMMAND", None, "release", "https://b/2")


async def test_what_says_more_than_nothing_is_compared(runtime: Runtime) -> None:
    document = webhooks(orders=ORDERS)
    await apply(runtime, document, idempotency_key="first", content_digest=digest_of(document))
    assert await short(runtime, question(document))
    assert await short(runtime, question(document, plan_digest="sha256:other")) is None
    assert await short(runtime, question(document, idempotency_key="first")) is None
    assert await short(runtime, question(document, idempotency_key="second"))


@pytest.mark.parametrize(
    "options", [Options(only=frozenset(["other"])), Options(on_drift=DriftPolicy.KEEP)]
)
async def test_an_apply_that_leaves_something_leaves_no_receipt(
    runtime: Runtime, options: Options
) -> None:
    document = webhooks(orders=ORDERS, other=ORDERS)
    await applied(runtime, document)
    await changed_by_hand(runtime, url="https://mine.example.com/")
    await applied(runtime, webhooks(orders=ORDERS, other=ORDERS + "timeout: 20s"), options)
    assert (await SyncSet.get(name="storefront")).receipt is None


async def test_other_limits_and_keys_of_the_server_are_asked_anew(runtime: Runtime) -> None:
    document = webhooks(orders=ORDERS)
    await applied(runtime, document)
    fewer = replace(
        runtime, settings=runtime.settings.model_copy(update={"environments": ("production",)})
    )
    other_keys = replace(runtime, vault=Vault(KeyRing([bytes(32)]), "00" * 32))
    # Fingerprints are as they were, and sealed texts open no more.
    lost_key = replace(runtime, vault=copy(runtime.vault))
    lost_key.vault._ring = KeyRing([bytes(32)])
    narrow = replace(
        runtime, addresses=AddressPolicy((ip_network("10.0.0.0/8"),), frozenset({"a.example"}))
    )
    for changed in (fewer, other_keys, lost_key, narrow):
        assert await short(changed, question(document)) is None
    assert await short(runtime, question(document))


async def test_an_older_commit_is_blocked_as_by_a_whole_plan(runtime: Runtime) -> None:
    document, noon = webhooks(orders=ORDERS), datetime(2026, 12, 1, 12, tzinfo=UTC)
    newer = replace(COMMIT, committed_at=noon)
    older = replace(COMMIT, commit="a" * 40, committed_at=noon - timedelta(hours=1))
    await applied(runtime, document, source=newer)
    assert await short(runtime, question(document, source=newer))
    asked = question(document, source=older)
    assert await short(runtime, asked) is None
    assert await applying.apply_unchanged(runtime, SOMEBODY, asked) is None
    assert codes(await apply(runtime, document, source=older)) == {"older"}
    assert (await SyncSet.get(name="storefront")).committed_at == noon


async def test_a_receipt_tells_nothing_of_a_secret(runtime: Runtime) -> None:
    document = webhooks("", "storefront", SECRETS, orders=ORDERS + SECRET)
    await applied(runtime, document)
    other = webhooks("", "storefront", {"CRM_KEY": "another"}, orders=ORDERS + SECRET)
    assert await short(runtime, question(document))
    assert await short(runtime, question(other)) is None
    receipt = (await SyncSet.get(name="storefront")).receipt
    assert receipt
    assert receipt not in digest_of(document)


def variants() -> list[Document]:
    environment = {**SECRETS, "OTHER": "another"}

    def of(**bodies: str) -> Document:
        return webhooks("", "storefront", environment, **bodies)

    return [
        of(a=ORDERS, b=ORDERS),
        of(a=ORDERS, b=ORDERS + "timeout: 20s\n"),
        of(a=ORDERS + SECRET, b=ORDERS),
        of(a=ORDERS + SECRET.replace("CRM_KEY", "OTHER"), b=ORDERS),
        of(a=ORDERS),
        of(a=ORDERS, b=ORDERS, c=ORDERS + "active: false\n"),
    ]


async def by_hand(runtime: Runtime, chance: random.Random) -> None:
    """Changes a webhook as people do."""
    rows = await Webhook.filter(deleted_at=None).order_by("slug")
    if not rows:
        return
    key = chance.choice(rows).id
    match chance.randrange(5):
        case 0:
            values = {"timeout": chance.choice(["15s", "20s", "30s"])}
            await update_webhook(runtime, FORCER, key, values, force=BY_HAND)
        case 1:
            await update_webhook(runtime, FORCER, key, {"active": False}, force=BY_HAND)
        case 2:
            await delete_webhook(runtime, FORCER, key, force=BY_HAND)
        case 3:
            await release_webhook(runtime, FORCER, key, force=BY_HAND)
        case 4:
            await rotate_secret(runtime, FORCER, key)


@pytest.mark.parametrize("seed", range(3))
async def test_a_short_answer_is_always_that_of_a_plan(runtime: Runtime, seed: int) -> None:
    chance, documents, answered = random.Random(seed), variants(), 0
    for _ in range(25):
        if chance.random() < 0.6:
            document = chance.choice(documents)
            outcome = await applied(runtime, document, OVERWRITE)
            assert not outcome.blocked
            assert await short(runtime, question(document))
        else:
            await by_hand(runtime, chance)
        for document in documents:
            if answer := await short(runtime, question(document)):
                answered += 1
                whole = await preview(runtime, document)
                assert (answer.plan, answer.base) == (whole.plan, whole.base)
                assert not whole.plan.changes
    assert answered > 10
