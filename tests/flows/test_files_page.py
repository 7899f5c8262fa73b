"""docs/how-to/live-with-a-webhooks-file.md, followed as it stands on a server."""

import re
import shlex

import pytest

from tests.docs.walk import blocks
from tests.flows.installation import Installation

pytestmark = pytest.mark.parametrize(
    "shared_installation", ["sqlite"], indirect=True, scope="session"
)
DRIFT = 2


def typed(shop: Installation, line: str, exit_code: int = 0) -> str:
    """Types one line of the page; variables may stand before the command."""
    words = shlex.split(line)
    program = words.index("hookline")
    environment = dict(word.split("=", 1) for word in words[:program])
    done = shop.run(*words[program + 1 :], exit_code=exit_code, **environment)
    return done.stdout.replace(shop.url, "https://hooks.example.com")


def anonymous(text: str) -> str:
    """The text without who changed something, and when."""
    return re.sub('token "[^"]*" on [0-9: -]* UTC', "somebody", text)


async def test_stages_taking_over_and_changes_by_hand_are_as_the_page_says(
    hookline: Installation,
) -> None:
    shop = hookline
    found = blocks("docs/how-to/live-with-a-webhooks-file.md")
    [file], texts = [text for kind, text in found if kind == "yaml"], found
    stages, take_over, drift, overwrite = [text for kind, text in texts if kind == "sh"]
    planned, drifted = [text for kind, text in texts if kind == "text"]
    (shop.folder / "config").mkdir()
    (shop.folder / "config/webhooks.yaml").write_text(file)

    development, production = [typed(shop, line) for line in stages.splitlines()]
    assert "https://crm.dev.example.com/in" in development
    assert production == planned

    await shop.create_webhook("https://billing.example.com/in", slug="billing", timeout="20s")
    export, plan, apply, again = take_over.splitlines()
    typed(shop, export)
    assert "billing" in typed(shop, plan)
    typed(shop, apply)
    typed(shop, again)

    [webhook] = (await shop.graphql("{ webhooks { nodes { id } } }"))["webhooks"]["nodes"]
    by_hand = {"timeout": "40s", "force": True, "reason": "receiver was slow"}
    await shop.mutate("webhookUpdate", "", id=webhook["id"], **by_hand)
    told = typed(shop, drift, exit_code=DRIFT)
    assert anonymous(told) == anonymous(drifted)
    back, none = overwrite.splitlines()
    typed(shop, back)
    assert typed(shop, none) == "No drift on https://hooks.example.com.\n"
