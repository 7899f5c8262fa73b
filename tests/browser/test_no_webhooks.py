"""The list of somebody who has no webhook yet, and what it offers."""

import re

from playwright.sync_api import expect

from tests.browser.console import Console, Server

DELETE = """mutation($ids: [WebhookSelection!]!) { webhooksDelete(input: {webhooks: $ids,
  force: true, reason: "begins anew"}) { results { userErrors { message } } } }"""


def test_empty_list_offers_a_first_webhook_and_a_sample_event(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    ids = server.graphql("{ webhooks { nodes { id } } }")["webhooks"]["nodes"]
    server.graphql(DELETE, ids=ids)
    # Live: the list empties by itself.
    expect(page.get_by_text("There are no webhooks yet.")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    signed_in.check_accessible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert signed_in.width() == 320
    page.set_viewport_size({"width": 1280, "height": 720})

    page.get_by_role("button", name="Publish a sample event").click()
    dialog = page.get_by_role("dialog", name="Publish an event")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("Published: it goes to 0 webhooks.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Add the first webhook").click()
    dialog = page.get_by_role("dialog", name="Add a webhook")
    dialog.get_by_label("Name").fill("First")
    dialog.get_by_label("URL").fill(f"{server.url}/_echo")
    field = dialog.get_by_role("combobox", name="Model 1")
    field.fill("")
    dialog.get_by_role("button", name="Add", exact=True).click()
    # What is refused stands at its field.
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("second part"))
    field.fill("*")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    page.get_by_role("link", name="Webhooks", exact=True).first.click()
    expect(page.get_by_role("switch", name="First: on")).to_be_visible()
