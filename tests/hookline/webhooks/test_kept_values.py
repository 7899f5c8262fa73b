"""Headers as they are read can be written back: a null keeps the stored value; on each database."""

from typing import Any

import pytest

from hookline.deliveries.target import Target
from hookline.errors import Refused
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.webhooks.change import update_webhook
from hookline.webhooks.create import create_webhook
from tests.making import SOMEBODY, make_webhook
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

URL = "https://crm.example.com/in"
STORED = [
    {"name": "X-Shop", "value": "7"},
    {"name": "X-Api-Key", "value": "first-k3y-of-two"},
    {"name": "X-Token", "value": "second-k3y-of-two"},
]


async def stored(runtime: Runtime) -> Webhook:
    return await make_webhook(
        runtime,
        URL,
        headers=STORED,
        secretHeader={"name": "X-Webhook", "value": "h00k-secret"},
        basicAuth={"username": "shop", "password": "pa55-of-shop"},
    )


async def change(runtime: Runtime, webhook: Webhook, **values: Any) -> Webhook:
    return await update_webhook(runtime, SOMEBODY, webhook.id, values)


async def sent(runtime: Runtime, webhook: Webhook) -> dict[str, str]:
    row = await runtime.database.reader().rows("select * from webhook where id = $1", webhook.id)
    return dict(Target(dict(row[0]), runtime.vault).request_parts.headers)


async def problems(runtime: Runtime, webhook: Webhook, **values: Any) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        await change(runtime, webhook, **values)
    return {".".join(problem.field): problem.message for problem in refused.value.problems}


async def test_one_of_three_headers_changes_without_the_secrets_of_the_others(
    runtime: Runtime,
) -> None:
    webhook = await stored(runtime)
    headers = [
        {"name": "X-Shop", "value": "8"},
        {"name": "x-api-key", "value": None},
        {"name": "X-Token", "value": None},
        {"name": "X-New", "value": ""},
    ]
    assert (await change(runtime, webhook, headers=headers)).version == 2
    parts = await sent(runtime, webhook)
    assert {name: parts[name] for name in ("X-Shop", "x-api-key", "X-Token", "X-New")} == {
        "X-Shop": "8",
        "x-api-key": "first-k3y-of-two",
        "X-Token": "second-k3y-of-two",
        "X-New": "",
    }


async def test_headers_as_they_were_read_change_nothing(runtime: Runtime) -> None:
    webhook = await stored(runtime)
    as_read = [{"name": header["name"], "value": None} for header in STORED]
    halves = {
        "secretHeader": {"name": "X-Webhook", "value": None},
        "basicAuth": {"username": "shop", "password": None},
    }
    assert (await change(runtime, webhook, headers=as_read, **halves)).version == 1
    assert (await sent(runtime, webhook))["X-Token"] == "second-k3y-of-two"


async def test_a_null_without_a_stored_value_is_an_error_at_its_index(runtime: Runtime) -> None:
    webhook = await stored(runtime)
    headers = [{"name": "X-Shop", "value": None}, {"name": "X-Other-Key", "value": None}]
    assert await problems(runtime, webhook, headers=headers) == {
        "headers.1.value": "headers[1].value is required: no header X-Other-Key is stored whose "
        "value could stay."
    }
    with pytest.raises(Refused) as refused:
        await create_webhook(
            runtime,
            SOMEBODY,
            {
                "name": "copy",
                "url": URL,
                "events": ["*.*.*"],
                "environments": ["production"],
                "headers": headers,
                "secretHeader": {"name": "X-Webhook", "value": None},
                "basicAuth": {"username": "shop", "password": None},
            },
        )
    assert {".".join(problem.field) for problem in refused.value.problems} == {
        "headers.0.value",
        "headers.1.value",
        "secretHeader.value",
        "basicAuth.password",
    }


async def test_an_empty_text_does_not_empty_a_stored_secret(runtime: Runtime) -> None:
    webhook = await stored(runtime)
    found = await problems(
        runtime,
        webhook,
        headers=[{"name": "X-Api-Key", "value": ""}],
        secretHeader={"name": "X-Webhook", "value": ""},
    )
    assert found == {
        "headers.0.value": "headers[0].value must not be empty: null keeps the stored value, "
        "leaving the header out removes it.",
        "secretHeader.value": "secretHeader.value must not be empty.",
    }


async def test_a_kept_value_does_not_move_to_another_origin(runtime: Runtime) -> None:
    webhook = await stored(runtime)
    as_read = [{"name": header["name"], "value": None} for header in STORED]
    found = await problems(
        runtime, webhook, url="https://thief.example.com/in", headers=as_read, secretHeader=None
    )
    assert set(found) == {"headers.1.value", "headers.2.value", "basicAuth.password"}


@each_of(
    "mask", ["(secret)", "********", "•••", " (secret) ", "ENC[AES256_GCM,data:x]", "{{ token }}"]
)
async def test_a_mask_is_never_a_value(runtime: Runtime, mask: str) -> None:
    webhook = await stored(runtime)
    found = await problems(
        runtime,
        webhook,
        headers=[{"name": "X-Api-Key", "value": mask}, {"name": "X-Shop", "value": mask}],
        secretHeader={"name": "X-Webhook", "value": mask},
        basicAuth={"username": "shop", "password": mask},
    )
    assert set(found) == {
        "headers.0.value",
        "headers.1.value",
        "secretHeader.value",
        "basicAuth.password",
    }
    assert all("it first" in text or "give the value itself" in text for text in found.values())


async def test_a_header_that_is_sent_twice_is_told_where_it_was_given(runtime: Runtime) -> None:
    webhook = await stored(runtime)
    given = {"headers": [{"name": "Authorization", "value": "Bearer crm-k3y"}]}
    assert await problems(runtime, webhook, **given) == {
        "headers.0.name": "headers sets the header Authorization, which basicAuth sets too; keep "
        "one of them."
    }


async def test_a_password_may_be_empty(runtime: Runtime) -> None:
    webhook = await stored(runtime)
    await change(runtime, webhook, basicAuth={"username": "api-key", "password": ""})
    assert (await sent(runtime, webhook))["Authorization"] == "Basic YXBpLWtleTo="


@each_of(
    "name, said",
    [
        ("\u200b\u2060", "must have a character that can be seen"),
        ("\u3164 \u2800", "must have a character that can be seen"),
        ("Orders \u202egnp.exe", "must not hold characters that change the direction of text"),
        ("Orders\u2066", "must not hold characters that change the direction of text"),
        ("Orders\n", "ends in a line break"),
        ("\ufeffOrders", "begins with a byte order mark"),
    ],
)
async def test_a_name_can_be_seen_and_read_in_its_order(
    runtime: Runtime, name: str, said: str
) -> None:
    webhook = await stored(runtime)
    assert said in (await problems(runtime, webhook, name=name))["name"]
    # Letters of every script, joined as they are written.
    await change(runtime, webhook, name="\u0645\u06cc\u200c\u062e \U0001f468\u200d\U0001f469")
