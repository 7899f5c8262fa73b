"""The tabs of a webhook in a browser: form, mails, changes."""

import re

import pytest
from playwright.sync_api import Dialog, expect

from tests.browser.console import Console, Server, open_form

CREATE = """mutation($slug: String!) { webhookCreate(input: {name: "Orders", slug: $slug,
  url: "https://example.com/in", environments: ["staging"], events: ["order.*.create"],
  headers: [{name: "x-team", value: "a"}, {name: "x-api-key", value: "k"}]}) { webhook { id } } }"""
READ = """query($id: ID!) { webhook(id: $id) { url version description secretHeader { name }
  headers { name } notificationEmails } }"""
RENAME = "mutation($input: WebhookUpdateInput!) { webhookUpdate(input: $input) { webhook { id } } }"


@pytest.fixture
def orders(console: Console, request: pytest.FixtureRequest) -> str:
    return open_form(console, CREATE, request.node.name)


def test_form_saves_what_was_changed_and_keeps_secrets_out_of_the_page(
    console: Console, server: Server, orders: str
) -> None:
    page = console.page
    page.get_by_label("Description").fill("For the warehouse")
    page.get_by_label("Header", exact=True).fill("authorization")
    page.get_by_label("Value", exact=True).fill("s3cret-value")
    page.get_by_role("button", name="Remove header 1").click()
    console.check_accessible()

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    saved = server.graphql(READ, id=orders)["webhook"]
    assert saved["description"] == "For the warehouse"
    assert saved["secretHeader"] == {"name": "authorization"}
    assert saved["headers"] == [{"name": "x-api-key"}]
    assert "s3cret-value" not in page.content()
    expect(page.get_by_label("Value", exact=True)).to_have_value("")
    page.get_by_role("tab", name="Changes").click()
    change = page.get_by_role("row").filter(has_text="Webhook changed")
    expect(change).to_contain_text("For the warehouse")
    expect(change).to_contain_text("in the console")
    console.check_accessible()


def test_servers_errors_stand_at_their_fields_and_leaving_asks_first(
    console: Console, orders: str
) -> None:
    page = console.page
    page.get_by_label("URL", exact=True).fill("ftp://example.com")
    page.get_by_role("combobox", name="Object 1").fill("")
    page.get_by_role("button", name="Save").click()

    url = page.get_by_label("URL", exact=True)
    expect(url).to_have_attribute("aria-invalid", "true")
    expect(url).to_be_focused()
    wrong = page.get_by_role("combobox", name="Object 1")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_accessible_description(re.compile("first part"))
    console.check_accessible()
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)
    page.get_by_role("link", name="Events").click()
    assert "not saved" in asked[0]
    expect(url).to_have_value("ftp://example.com")
    page.get_by_role("button", name="Discard changes").click()
    expect(url).to_have_value("https://example.com/in")
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_role("heading", name="Events")).to_be_visible()


def test_what_somebody_else_saved_meanwhile_stands_beside_ones_own(
    console: Console, server: Server, orders: str
) -> None:
    page = console.page
    page.get_by_label("Description").fill("mine")
    server.graphql(RENAME, input={"id": orders, "description": "theirs"})
    page.get_by_role("button", name="Save").click()

    conflict = page.get_by_role("alert").filter(has_text="saved this webhook meanwhile")
    row = conflict.get_by_role("row").filter(has_text="description")
    expect(row).to_contain_text("mine")
    expect(row).to_contain_text("theirs")
    console.check_accessible()
    conflict.get_by_role("button", name="Save mine over it").click()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    expect(conflict).to_be_hidden()
    assert server.graphql(READ, id=orders)["webhook"]["description"] == "mine"
