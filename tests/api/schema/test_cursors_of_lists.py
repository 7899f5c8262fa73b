"""A cursor is a place in its own list: no other list begins there."""

from itertools import permutations

from tests.api.schema.asking import Asker
from tests.making import make_webhook, publish

PAGE = "(first: 5{}) {{ edges {{ cursor }} }}"
LISTS = {
    "webhooks": "found: webhooks{}",
    "webhooks by time": "found: webhooks{}",
    "events": "found: events{}",
    "deliveries": "found: deliveries{}",
    "notes": "found: notifications{}",
    "first webhook": 'webhook(id: "{first}") {{ found: deliveries{} }}',
    "second webhook": 'webhook(id: "{second}") {{ found: deliveries{} }}',
    "event": 'node(id: "{event}") {{ ... on Event {{ found: deliveries{} }} }}',
}


def asking(name: str, ids: dict[str, str], after: str = "") -> str:
    order = ", orderBy: {field: MODIFIED_AT, direction: DESC}" if "by time" in name else ""
    at = f', after: "{after}"' if after else ""
    return "{ " + LISTS[name].format(PAGE.format(order + at), **ids) + " }"


async def test_a_cursor_of_one_list_is_refused_by_every_other(admin: Asker) -> None:
    first, second = await make_webhook(admin.runtime), await make_webhook(admin.runtime)
    await publish(admin.runtime)
    text = "{ events { nodes { id } } webhooks { nodes { id } } }"
    shown = await admin.data(text)
    ids = {
        "event": shown["events"]["nodes"][0]["id"],
        "first": shown["webhooks"]["nodes"][0]["id"],
        "second": shown["webhooks"]["nodes"][1]["id"],
    }
    assert first.id != second.id
    cursors = {}
    for name in LISTS:
        data = await admin.data(asking(name, ids))
        found = data.get("found") or next(iter(data.values()))["found"]
        if found["edges"]:
            cursors[name] = found["edges"][0]["cursor"]
            await admin.data(asking(name, ids, cursors[name]))
    assert set(cursors) == set(LISTS) - {"notes"}
    for name, other in permutations(LISTS, 2):
        if other in cursors:
            assert await admin.codes(asking(name, ids, cursors[other])) == ["BAD_USER_INPUT"], name
