"""Triggering events, signing, and the form as GraphQL and YAML in a browser."""

import hmac
import json
import os
import re
import time
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from playwright.sync_api import expect

from tests.browser.console import Console, Server, open_form
from tests.processes import run_hookline

CREATE = """mutation($slug: String!) { webhookCreate(input: {name: "Stock", slug: $slug,
  url: "https://example.com/in", environments: ["staging"], events: ["stock.*.update"],
  headers: [{name: "x-team", value: "a ${x}"}, {name: "x-api-key", value: "k"}],
  basicAuth: {username: "u", password: "p"}, labels: [{key: "team", value: "stock: 1"}],
  filter: {type: {startsWith: "stock."}}, payloadTemplate: "{\\n\\"id\\": {{ event.id }}}"})
  { webhook { id } } }"""
PUBLISH = """mutation($type: String!) { eventPublish(input: {type: $type,
  environment: "staging", data: {}}) { event { id } } }"""
TOKEN = """mutation { tokenCreate(input: {name: "short-lived", role: ADMIN})
  { token { id } secret } }"""
REVOKE = "mutation($id: ID!) { tokenRevoke(input: {id: $id}) { token { id } } }"
READ = "query($id: ID!) { webhook(id: $id) { events name signing { secrets { expiresAt } } } }"


@pytest.fixture
def stock(console: Console, request: pytest.FixtureRequest) -> str:
    return open_form(console, CREATE, request.node.name)


def test_patterns_are_chosen_part_by_part_with_how_many_events_they_match(
    console: Console, server: Server, stock: str
) -> None:
    page = console.page
    for kind in ("stock.item.update", "stock.shelf.update", "stock.shelf.create"):
        server.graphql(PUBLISH, type=kind)
    page.reload()
    row = page.get_by_role("group", name="Triggering events")
    expect(row).to_contain_text("2 events in the last 24 h")
    model = page.get_by_role("combobox", name="Model 1")
    choices = page.locator(f"datalist[id='{model.get_attribute('list')}'] option")
    expect(choices).to_have_count(3)
    assert [one.get_attribute("value") for one in choices.all()] == ["*", "item", "shelf"]

    model.fill("shelf")
    expect(row).to_contain_text("1 event in the last 24 h")
    page.get_by_role("button", name="Add pattern").click()
    page.get_by_role("combobox", name="Object 2").fill("stock.shelf.create")
    expect(page.get_by_role("combobox", name="Action 2")).to_have_value("create")
    page.get_by_role("combobox", name="Model 2").fill("")
    expect(row).to_contain_text("Not a pattern yet")
    page.get_by_role("button", name="Save").click()
    # The one that was refused, and no other one.
    wrong = page.get_by_role("combobox", name="Model 2")
    expect(wrong).to_have_accessible_description(re.compile("second part"))
    expect(page.get_by_role("combobox", name="Model 1")).not_to_have_attribute(
        "aria-invalid", "true"
    )
    console.check_accessible()
    page.get_by_role("button", name="Write as text").click()
    page.get_by_label("Patterns").fill("stock.shelf.update\nstock.*.create")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert server.graphql(READ, id=stock)["webhook"]["events"] == [
        "stock.*.create",
        "stock.shelf.update",
    ]
    page.get_by_role("button", name="Choose part by part").click()
    expect(page.get_by_role("combobox", name="Model 1")).to_have_value("*")
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320


def test_secret_is_shown_and_rotated_and_the_code_for_receivers_verifies(
    console: Console, server: Server, stock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = console.page
    page.get_by_role("button", name="Reveal secret").click()
    dialog = page.get_by_role("dialog", name="Signing secret")
    first = dialog.locator("code").inner_text()
    console.check_accessible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    assert first.startswith("whsec_")
    assert first not in page.content()

    # What is typed beside it stays unsaved, and may be saved afterwards.
    page.get_by_label("Description").fill("Counted twice")
    page.get_by_role("button", name="Rotate secret…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Overlap").fill("9d")
    dialog.get_by_role("button", name="Rotate").click()
    expect(dialog.get_by_label("Overlap")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Overlap").fill("1h")
    dialog.get_by_role("button", name="Rotate").click()
    dialog = page.get_by_role("dialog", name="New signing secret")
    secret = dialog.locator("code").inner_text()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_text("An earlier one, created")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    assert secret != first
    expired, present = [
        one["expiresAt"] for one in server.graphql(READ, id=stock)["webhook"]["signing"]["secrets"]
    ][::-1]
    assert expired
    assert not present

    page.get_by_label("Language").select_option("Python")
    code = page.get_by_role("region", name="Code that verifies")
    expect(code).to_contain_text(f"Requests of {stock}")
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    assert verdicts(code.inner_text(), secret) == [True, False, False]


def verdicts(code: str, secret: str) -> list[bool]:
    """Of the shown code: of a request as it is signed, of another body, of an old one."""
    now = str(int(time.time()))
    content = f"evt_1.{now}.".encode() + b"{}"
    code_of_content = hmac.digest(b64decode(secret.removeprefix("whsec_")), content, "sha256")
    signature = f"v1,b2xk v1,{b64encode(code_of_content).decode()}"
    headers = {"webhook-id": "evt_1", "webhook-timestamp": now, "webhook-signature": signature}
    calls = [(headers, b"{}"), (headers, b"[]"), ({**headers, "webhook-timestamp": "1"}, b"{}")]
    receiver: dict[str, Any] = {}
    exec(code, receiver)
    return [receiver["verify"](*one) for one in calls]


def test_form_is_shown_as_graphql_without_secrets_and_as_yaml_that_validates(
    console: Console, server: Server, stock: str, tmp_path: Path
) -> None:
    page = console.page
    page.get_by_label("Name").fill("Stock levels")
    page.get_by_label("Password").fill("hunter2")
    page.get_by_label("Value 2").fill("another key")
    link = page.get_by_role("link", name="Show the GraphQL").get_attribute("href")

    assert link
    asked = parse_qs(urlsplit(link).query)
    sent = json.loads(asked["variables"][0])["input"]
    assert sent["basicAuth"] == {"username": "u", "password": "…"}
    assert sent["headers"][1] == {"name": "x-api-key", "value": "…"}
    assert "hunter2" not in link
    assert "another key" not in link
    answer = server.graphql(
        asked["query"][0],
        input={"id": sent["id"], "name": sent["name"], "ifVersion": sent["ifVersion"]},
    )
    assert answer["webhookUpdate"]["webhook"]["name"] == "Stock levels"

    page.get_by_role("button", name="Show as YAML").click()
    drawer = page.get_by_role("dialog", name="As a webhooks file")
    file = tmp_path / "webhooks.yaml"
    file.write_text(drawer.get_by_role("region", name="YAML").inner_text(), "utf-8")
    console.check_accessible()
    drawer.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Discard changes").click()

    validated = run_hookline(
        ("sync", "validate", "-f", str(file), "--unresolved-secrets"), tmp_path, os.environ
    )
    assert "is valid: 1 webhook in set default" in validated.stdout, validated.stderr
    webhook = yaml.safe_load(file.read_text("utf-8"))["webhooks"]
    (entry,) = webhook.values()
    assert entry["headers"]["x-team"] == "a $${x}"
    assert entry["filter"] == {"type": {"startsWith": "stock."}}
    assert entry["labels"] == {"team": "stock: 1"}
    assert entry["payloadTemplate"] == '{\n"id": {{ event.id }}}'


def test_draft_outlives_another_tab_of_the_page_and_a_revoked_token(
    console: Console, server: Server, stock: str
) -> None:
    page = console.page
    console.expect("401")
    made = server.graphql(TOKEN)["tokenCreate"]
    page.evaluate("sessionStorage.clear()")
    console.sign_in(f"/webhooks/{stock}?tab=configure", token=made["secret"])
    page.get_by_label("Description").fill("not saved yet")
    page.get_by_label("Password").fill("hunter2")
    page.get_by_role("tab", name="Changes").click()
    expect(page.get_by_label("Description")).to_be_hidden()
    page.get_by_role("tab", name="Configure").click()
    expect(page.get_by_label("Description")).to_have_value("not saved yet")
    expect(page.get_by_label("Password")).to_have_value("")

    server.graphql(REVOKE, id=made["token"]["id"])
    page.get_by_label("Token").fill(server.token)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_label("Description")).to_have_value("not saved yet")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
