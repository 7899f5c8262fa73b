"""The audit log in a browser: who changed what, by filters, field by field, live."""

import re

from playwright.sync_api import expect

from tests.browser.console import Console, Server

UPDATE = """mutation U($description: String) { webhookUpdate(input: {id: "%s",
description: $description}) { userErrors { message } } }"""


def change_echo(server: Server, description: str) -> None:
    found = server.graphql('{ webhookBySlug(slug: "echo") { id } }')["webhookBySlug"]["id"]
    query = UPDATE.replace('"%s",', f'"{found}", force: true, reason: "Incident <7>",')
    changed = server.graphql(query, description=description)
    assert changed["webhookUpdate"]["userErrors"] == []


def test_change_arrives_live_and_is_shown_field_by_field(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Audit log").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    change_echo(server, "A <i>new</i> text")

    row = page.get_by_role("row").filter(has_text="A <i>new</i> text")
    expect(row).to_contain_text("Reason: Incident <7>")
    expect(row).to_contain_text("Shows what was sent.")
    # The webhook's name, which did not change, beside its id.
    expect(row.get_by_role("cell").nth(2)).to_contain_text(re.compile("^Echowh_"))
    signed_in.check_accessible()
    row.get_by_role("link", name="Webhook changed").press("Enter")

    drawer = page.get_by_role("dialog", name="Webhook changed")
    expect(drawer.get_by_role("region", name="description after")).to_have_text("A <i>new</i> text")
    expect(drawer).to_contain_text("hookline dev")
    expect(drawer.get_by_role("link", name="Open it")).to_be_visible()
    signed_in.check_accessible()
    page.keyboard.press("Escape")
    expect(row.get_by_role("link")).to_be_focused()


def test_filters_stand_in_the_address_and_no_match_is_told(signed_in: Console) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Audit log").click()
    created = page.get_by_role("row").filter(has_text="Webhook created")
    expect(created).to_have_count(2)
    page.get_by_role("combobox", name="Action").select_option("Anything with a token")
    expect(created).to_have_count(0)
    page.get_by_label("Exact name").fill("nobody")
    expect(page.get_by_text("No entry matches these filters.")).to_be_visible()
    page.get_by_role("combobox", name="Time").select_option("Between…")
    page.get_by_label("From", exact=True).fill("2026-01-02T03:04")
    signed_in.check_accessible()

    signed_in.go(signed_in.address)

    expect(page.get_by_label("Exact name")).to_have_value("nobody")
    expect(page.get_by_role("combobox", name="Action")).to_have_value("token.")
    expect(page.get_by_label("From", exact=True)).to_have_value("2026-01-02T03:04")
    expect(page.get_by_text("No entry matches these filters.")).to_be_visible()


def test_refusal_of_the_server_stands_in_place_and_nothing_widens_the_page(
    console: Console,
) -> None:
    page = console.page
    console.go("/audit?subject=%3Ci%3Ex")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Request")
    expect(alert.get_by_role("button", name="Try again")).to_be_visible()
    console.check_accessible()

    page.get_by_label("ID of an object").fill("")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 640})

    assert console.width() == 320
