"""Exports: whatever webhooks hold, the plan of their export is empty, on both databases."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from hookline.models import SyncRevision, SyncSet, Webhook
from hookline.runtime import Runtime
from hookline.sync.options import Options
from hookline.sync.read.file_fields import Lifecycle
from hookline.webhooks.change import update_webhook
from hookline.webhooks.columns import canonical
from hookline.webhooks.create import create_webhook
from tests.api.schema.asking import Asker
from tests.hookline.sync.apply.state import BY_HAND, FORCER, one
from tests.hookline.sync.files import ORDERS, apply, document, preview, told, webhooks
from tests.making import SOMEBODY

EXPORT = """query ($set: String!, $unmanaged: Boolean!, $after: String) {
  syncExport(set: $set, unmanaged: $unmanaged) { head webhooks(first: 2, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { slug yaml variables { name path } omitted { field reason } } } } }"""
PIECES = "no 0123 12:30 ~ null true 1e3 -x - ? ! & *a &b !t % @ ` | > # a:b a: x#y = << {a} [a]"
TRICKY = [
    *PIECES.split(),
    *("a: b", "x #y", "'", '"', "\\", "\\n", "${env:HOME}", "$${x", "$$${x}", "a ", " a", "a, b"),
    *("a\u2028b", "x\ufeff", "é😀", "{{ a }}", "ENC[x]", "\u00a0"),
]
LINE = st.sampled_from(TRICKY) | st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cf", "Co", "Cn")), max_size=20
)
LINES = LINE | st.text(st.sampled_from("a \n\t#:-'\"${\u2028"), max_size=30)
NUMBER = st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15).map(lambda x: round(x, 6))
JSON = st.none() | st.booleans() | NUMBER | LINE
FILTER = st.dictionaries(
    st.sampled_from(["data.a", "data.b-c", "data.0", "type"]),
    st.fixed_dictionaries({"eq": JSON})
    | st.fixed_dictionaries({"in": st.lists(JSON, min_size=1, max_size=3)}),
    min_size=1,
)
DURATION = st.sampled_from(["1s", "90s", "5m", "2h"])
SECRET = st.sampled_from(["s3cret", "${x", "a b: c"])
FORM = st.fixed_dictionaries(
    {
        "name": LINE.map(lambda text: f"n{text}"),
        "environments": st.sampled_from([["production"], ["staging", "production"]]),
        "events": st.sampled_from([["*.order.create"], ["a.b.*", "a.b.c"], ["no.no.no"]]),
    },
    optional={
        "description": LINES,
        "active": st.booleans(),
        "headers": st.lists(
            st.sampled_from(["X-A", "X-Api-Key", "X_Api_Key", "X-Token", "Null"]), unique=True
        ).flatmap(
            lambda names: st.tuples(*[st.just(name) for name in names]).map(
                lambda found: [{"name": name, "value": "v: 0"} for name in found]
            )
        ),
        "secretHeader": st.fixed_dictionaries({"name": st.just("X-Hook"), "value": SECRET}),
        "basicAuth": st.fixed_dictionaries(
            {"username": st.sampled_from(["no", "a b", "${x"]), "password": SECRET}
        ),
        "timeout": st.sampled_from(["1s", "60s", "1500ms"]),
        "concurrency": st.integers(1, 100),
        "retry": st.fixed_dictionaries({"schedule": st.lists(DURATION, max_size=3)}),
        "labels": st.dictionaries(st.sampled_from(["no", "a.b", "0"]), LINE, max_size=2).map(
            lambda pairs: [{"key": key, "value": value} for key, value in pairs.items()]
        ),
        "filter": FILTER,
        "payloadTemplate": st.sampled_from(
            ['{"n": 1}\n', '{\n\n  "b": "${env:X}: #"\n}', ' {\n "a": 1}', "{}\n\n", "1"]
        ),
        "rateLimit": st.sampled_from(["5/s", "90/m"]),
        "autoDisable": st.none() | st.just({"failures": 3, "over": "1h"}),
        "notificationEmails": st.sampled_from([[], ["a@example.com", "b@example.com"]]),
        "notifyOn": st.sampled_from([[], ["FAILING"], ["AUTO_DISABLED"]]),
    },
)
FORMS = st.dictionaries(
    st.sampled_from(["a", "a-b", "null", "0", "hookline-x", "-"]), FORM, min_size=1, max_size=3
)


async def exported(
    asker: Asker, set_name: str = "default", unmanaged: bool = False
) -> tuple[str, dict[str, str]]:
    """The file, and its variables with the secrets that they stand for by slug and path."""
    text, after, entries, variables = "", None, list[str](), dict[str, str]()
    while True:
        found = (await asker.data(EXPORT, set=set_name, unmanaged=unmanaged, after=after))[
            "syncExport"
        ]
        text, page = found["head"], found["webhooks"]
        for node in page["nodes"]:
            entries.append(node["yaml"])
            names = {one["name"]: f"{node['slug']}.{one['path']}" for one in node["variables"]}
            assert not names.keys() & variables.keys()
            variables |= names
        if not page["pageInfo"]["hasNextPage"]:
            return text + "webhooks:\n" + "".join(entries), variables
        after = page["pageInfo"]["endCursor"]


def secrets_of(slug: str, form: Mapping[str, Any]) -> dict[str, str]:
    found = {f"{slug}.headers.{pair['name']}": pair["value"] for pair in form.get("headers", ())}
    if "secretHeader" in form:
        found[f"{slug}.secretHeader.value"] = form["secretHeader"]["value"]
    if "basicAuth" in form:
        found[f"{slug}.basicAuth.password"] = form["basicAuth"]["password"]
    return found


async def forms_now(runtime: Runtime) -> dict[str, Any]:
    return {row.slug: canonical(row, runtime.vault) for row in await Webhook.all()}


@pytest.mark.engines("sqlite")
async def test_an_export_leaves_to_people_what_the_file_left_to_them(
    runtime: Runtime, admin: Asker
) -> None:
    lifecycle = "lifecycle: { preventDestroy: true, ignoreChanges: [rateLimit] }"
    await apply(runtime, webhooks("", "default", orders=f"{ORDERS}rateLimit: 5/s\n{lifecycle}"))
    await update_webhook(runtime, SOMEBODY, (await one()).id, {"rateLimit": "9/s"})
    text, _ = await exported(admin)
    given = document(text).webhooks["orders"]
    assert (given.values["rateLimit"], given.lifecycle) == (
        "9/s",
        Lifecycle(True, frozenset(["rateLimit"])),
    )
    found = await preview(runtime, document(text))
    assert (told(found.plan), found.plan.writes) == ([], ())
    origin = await admin.data(
        '{ webhookBySlug(slug: "orders") { managedBy { lockedFields ignoredFields } } }'
    )
    assert origin["webhookBySlug"]["managedBy"] == {
        "lockedFields": ["environments", "events", "url"],
        "ignoredFields": ["rateLimit"],
    }


@settings(
    max_examples=8,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(forms=FORMS, by_hand=FORM)
async def test_plan_of_an_export_is_empty_whatever_webhooks_hold(
    runtime: Runtime, admin: Asker, forms: dict[str, Any], by_hand: dict[str, Any]
) -> None:
    # Taken out of the file, as none can hold it, a field that the set owns is released.
    assume("{{" not in str(by_hand) and "ENC[" not in str(by_hand))
    for table in (SyncRevision, SyncSet, Webhook):
        await table.all().delete()
    for slug, form in forms.items():
        values = {**form, "slug": slug, "url": "https://a.example.com/in?x=1"}
        await create_webhook(runtime, SOMEBODY, values)
    before = await forms_now(runtime)
    secrets = {
        path: value
        for slug, form in forms.items()
        for path, value in secrets_of(slug, form).items()
    }

    # What nobody manages is taken over as it is.
    text, variables = await exported(admin, unmanaged=True)
    wanted = document(text, {name: secrets[path] for name, path in variables.items()})
    done = await apply(runtime, wanted, Options(adopt=True))
    assert (done.blocked, done.problems) == ((), ())
    assert await forms_now(runtime) == before
    assert told((await preview(runtime, wanted)).plan) == []

    # And a set, with what people changed since; once more, the same bytes.
    slug = min(forms)
    await update_webhook(runtime, FORCER, (await one(slug)).id, by_hand, force=BY_HAND)
    secrets |= secrets_of(slug, by_hand)
    text, variables = await exported(admin)
    environment = {name: secrets[path] for name, path in variables.items()}
    assert told((await preview(runtime, document(text, environment))).plan) == []
    assert told((await preview(runtime, document(text))).plan) == []
    assert (text, variables) == await exported(admin)
    await apply(runtime, document(text, environment))
    assert (await exported(admin))[0] == text
