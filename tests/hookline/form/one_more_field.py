"""Uses a field of the webhook form that CONTRIBUTING.md's example adds, `costCenter`, and prints as
JSON where it is seen, for each of the databases whose URLs it is given. Run by test_new_field.py in
a copy of the sources.
"""

import asyncio
import json
import sys
from typing import Any

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from api import schema
from hookline.cli import form_fields
from hookline.db.connection import tortoise_config
from hookline.db.migrate import migrate
from hookline.form import reference_page
from hookline.models import Webhook
from hookline.settings.fields import Settings, read_settings
from hookline.sync.read import json_schema
from hookline.webhooks.columns import canonical
from hookline.wiring import open_runtime
from tests.api.schema.asking import Asker
from tests.conftest import LOOPBACK
from tests.hookline.sync.files import apply, webhooks

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


async def differences(settings: Settings) -> list[str]:
    """Operations that migrations lack to make the models."""
    assert Tortoise.apps is not None
    apps = tortoise_config(settings)["apps"]
    found = await MigrationAutodetector(Tortoise.apps, apps).changes()
    return [operation.describe() for writer in found for operation in writer.operations]


async def look(settings: Settings) -> dict[str, Any]:
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
            "column": row.cost_center,  # type: ignore[attr-defined] # of the example
            "yaml": canonical(cheap, runtime.vault)["costCenter"],
            "yaml left out": canonical(plain, runtime.vault)["costCenter"],
            "json schema": json_schema.make()["$defs"]["webhook"]["properties"]["costCenter"],
            "graphql": schema.export(),
            "docs": reference_page.markdown(),
            "commands": [form_fields.editable()["costCenter"], form_fields.is_text("costCenter")],
            "differences": await differences(settings),
        }


async def main(database_url: str) -> dict[str, Any]:
    settings = read_settings(database_url=database_url)
    await migrate(settings)
    return await look(settings)


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asyncio.run(main(url)) for url in sys.argv[1:]]))
