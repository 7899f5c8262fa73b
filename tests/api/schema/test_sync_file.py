"""A webhooks file as text over GraphQL: read and checked for clients that have no YAML."""

from typing import Any

import pytest

from tests.api.schema.asking import Asker

pytestmark = pytest.mark.engines("sqlite")

READ = """query($yaml: String!) { syncFile(yaml: $yaml) { set document positions
  problems { code message severity line column hint path } } }"""
PLAN = """mutation($input: SyncPlanInput!) { syncPlan(input: $input) {
  plan { set unknownSecrets changes { kind slug line fields { field after } } }
  problems { code } userErrors { message } } }"""
FILE = """# the shop's
version: 1
set: storefront
defaults: &all { environments: [production] }
webhooks:
  orders:
    name: 'Costs $${x}'
    url: https://crm.example.com/in
    events: [{ object: order, model: "*", action: create }]
    secretHeader: { name: X-Key, value: "${env:CRM_KEY}" }
"""


async def read(asker: Asker, text: str) -> Any:
    return (await asker.data(READ, yaml=text))["syncFile"]


async def test_what_a_text_is_read_as_can_be_planned(admin: Asker) -> None:
    found = await read(admin, FILE)
    assert (found["set"], found["problems"]) == ("storefront", [])

    given = {name: found[name] for name in ("set", "document", "positions")}
    answer = (await admin.data(PLAN, input={**given, "unresolvedSecrets": True}))["syncPlan"]

    assert (answer["problems"], answer["userErrors"]) == ([], [])
    [change] = answer["plan"]["changes"]
    assert (change["kind"], change["slug"], change["line"]) == ("CREATE", "orders", 6)
    assert answer["plan"]["unknownSecrets"] == ["orders.secretHeader.value"]
    planned = {one["field"]: one["after"] for one in change["fields"]}
    assert planned["name"] == "Costs ${x}"
    assert planned["environments"] == ["production"]


@pytest.mark.parametrize(
    ("changed", "to", "code", "line"),
    [
        ("https://crm", "https://${env:HOST}", "reference-not-allowed", 8),
        ('"${env:CRM_KEY}"', "s3cr3t", "plaintext-secret", 10),
        ("version: 1", "version: 1: 2", "syntax", 2),
        ("    url:", "    uri:", "unknown-key", 8),
        ("storefront", "\u202e", "bad-character", 3),
        ("storefront", "\ud800", "encoding", 3),
    ],
)
async def test_errors_stand_at_their_lines_and_nothing_can_be_planned(
    admin: Asker, changed: str, to: str, code: str, line: int
) -> None:
    found = await read(admin, FILE.replace(changed, to))
    assert found["document"] is None
    assert found["set"] is None
    assert (code, line) in [(one["code"], one["line"]) for one in found["problems"]]
    assert "s3cr3t" not in str(found)


async def test_text_that_is_too_long_is_told_before_it_is_read(admin: Asker) -> None:
    # Of hostile form: reading it would take long.
    [problem] = (await read(admin, "[" * (1024 * 1024 + 1)))["problems"]
    assert problem["code"] == "file-too-large"
    assert "1,048,577 bytes; at most 1,048,576" in problem["message"]


async def test_empty_text_is_a_problem_that_says_how_to_begin(admin: Asker) -> None:
    found = await read(admin, "")
    assert found["document"] is None
    assert found["problems"][0]["severity"] == "error"
