"""Hookline with one more field of a webhook, `costCenter`: a column, an attribute of the model and
a row of the table. A process of its own, because everything is made from the table at import;
prints as JSON where the field is seen. Usage: python -m tests.hookline.form.one_more_field
SQLITE_FILE
"""

import asyncio
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any, cast

from tortoise import fields as columns

from hookline.form import fields
from hookline.form.codecs import Plain
from hookline.form.kinds import Text
from hookline.models import Webhook

MIGRATION = "alter table webhook add column cost_center text"
ROW = fields.Field(
    "costCenter", Text(40), Plain("cost_center"), "Cost centre that pays.", "At most 40 characters."
)
CREATE = """mutation { webhookCreate(input: {name: "Orders", url: "https://crm.example.com/in",
  events: ["order.*.*"], environments: ["production"], costCenter: "4711"}) {
  webhook { id costCenter } userErrors { code field } } }"""
UPDATE = """mutation ($id: ID!, $to: String) { webhookUpdate(input: {id: $id, costCenter: $to}) {
  webhook { costCenter } userErrors { code field message } } }"""
FILE = """url: https://crm.example.com/in
events: [order.*.*]
environments: [production]
costCenter: 4713
"""


def add_the_field(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(MIGRATION)
    cast(dict[str, fields.Field], fields.FIELDS)["costCenter"] = ROW
    cast(dict[str, object], fields.DEFAULTS)["costCenter"] = None
    Webhook._meta.add_field("cost_center", columns.TextField(null=True))


async def look(path: Path) -> dict[str, Any]:
    # imported now: their types are made from the table as it is here
    from api import schema
    from hookline.form import reference
    from hookline.settings.fields import read_settings
    from hookline.sync.read import json_schema
    from hookline.webhooks.columns import canonical
    from hookline.wiring import open_runtime
    from tests.api.schema.asking import Asker
    from tests.conftest import LOOPBACK
    from tests.hookline.sync.files import apply, webhooks

    settings = read_settings(database_url=f"sqlite:///{path}", home=path.parent)
    async with open_runtime(settings, LOOPBACK) as runtime:
        ask = Asker(runtime)
        made = (await ask.data(CREATE))["webhookCreate"]
        key = made["webhook"]["id"]
        changed = (await ask.data(UPDATE, id=key, to="4712"))["webhookUpdate"]
        row = await Webhook.get(slug="orders")
        refused = (await ask.data(UPDATE, id=key, to="4" * 41))["webhookUpdate"]
        await apply(runtime, webhooks(cheap=FILE, plain=FILE.replace("costCenter: 4713\n", "")))
        cheap, plain = await Webhook.get(slug="cheap"), await Webhook.get(slug="plain")
        return {
            "create": made["webhook"]["costCenter"],
            "update": changed["webhook"]["costCenter"],
            "refused": refused["userErrors"],
            "canonical": canonical(row, runtime.vault)["costCenter"],
            "column": row.cost_center,  # type: ignore[attr-defined] # added above
            "yaml": canonical(cheap, runtime.vault)["costCenter"],
            "yaml left out": canonical(plain, runtime.vault)["costCenter"],
            "json schema": json_schema.make()["$defs"]["webhook"]["properties"]["costCenter"],
            "graphql": schema.export(),
            "docs": reference.markdown(),
        }


if __name__ == "__main__":
    add_the_field(Path(sys.argv[1]))
    sys.stdout.write(json.dumps(asyncio.run(look(Path(sys.argv[1])))))
