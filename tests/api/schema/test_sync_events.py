"""Events of sets: replayed after a cursor, then live, for everybody who may read webhooks."""

from typing import Any

import pytest

from hookline.access.scopes import SCOPES
from hookline.activity.events import ActivityKind
from hookline.activity.sync_events import SyncReport, record_report
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook
from tests.api.schema.asking import Asker
from tests.api.schema.test_live import now, take
from tests.api.schema.test_sync import apply as apply_file
from tests.api.schema.test_sync import bare
from tests.hookline.sync.apply.state import BY_HAND, FORCER, changed_by_hand, one
from tests.hookline.sync.files import FILE, ORDERS, apply, webhooks
from tests.making import WORKSPACE

EVENTS = """subscription ($after: String) { syncEvents(after: $after) {
  cursor gap kind set at message code slug file line revision { number created set } } }"""
BROKEN = ORDERS + 'payloadTemplate: "{{ data | none }}"'


def told(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["kind"], event["set"], event["code"], event["slug"], event["message"]


async def test_events_of_sets_are_replayed_and_then_live(runtime: Runtime, admin: Asker) -> None:
    cursor = await now(admin)
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    await changed_by_hand(runtime, timeout="30s", name="Not owned")
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))
    await apply(runtime, webhooks(orders=ORDERS + "timeout: 30s", broken=BROKEN))
    async with admin.following(EVENTS, after=cursor) as stream:
        applied, drift, blocked, failed = await take(stream, 4)
        place = SyncReport(ActivityKind.SYNC_SOURCE_DEGRADED, "no file", code="unreadable")
        await record_report(runtime.database, runtime.hub, WORKSPACE, place)
        await delete_webhook(runtime, FORCER, (await one()).id, force=BY_HAND)
        await apply_file(admin, bare(url="ftp://a"))
        degraded, deleted, refused = await take(stream, 3)
    assert told(applied) == ("APPLIED", "storefront", None, None, None)
    assert applied["revision"] == {"number": 1, "created": 1, "set": "storefront"}
    by = 'by token "tester": incident 7'
    changed = f"orders: timeout was changed {by}"
    assert told(drift) == ("DRIFT", "storefront", "drift", "orders", changed)
    assert (blocked["kind"], blocked["code"], blocked["file"]) == ("BLOCKED", "drift", FILE)
    assert (blocked["slug"], blocked["line"]) == ("orders", drift["line"])
    assert told(failed)[:4] == ("FAILED", "storefront", "bad-template", "broken")
    # The field is named by the path of a problem already.
    assert failed["message"].startswith("The template fails")
    assert told(degraded) == ("SOURCE_DEGRADED", None, "unreadable", None, "no file")
    assert told(refused)[:4] == ("FAILED", "storefront", "bad-url", "orders")
    assert (told(deleted)[4], deleted["revision"]) == (f"orders: was deleted {by}", None)
    async with admin.following(EVENTS, after=blocked["cursor"]) as stream:
        assert await take(stream, 4) == [failed, degraded, deleted, refused]


@pytest.mark.engines("sqlite")
async def test_events_of_sets_need_the_scope_for_reading_webhooks(admin: Asker) -> None:
    others = admin.with_scopes(*(SCOPES.keys() - {"webhooks:read"}))
    assert await others.refused_subscription(EVENTS) == ["FORBIDDEN"]
