"""Notifications in a browser: who gets mails about a webhook, a mail to try, what became of the
mails, and the list of all.
"""

from playwright.sync_api import expect

from tests.browser.console import Console, Server

CREATE = """mutation C($name: String!, $emails: [String!]) { webhookCreate(input: {name: $name,
url: "https://example.com/in", environments: ["staging"], events: ["mail.a.b"],
notificationEmails: $emails, autoDisable: {failures: 12, over: "36h"}})
{ webhook { id } userErrors { message } } }"""
TEST_MAIL = """mutation T($id: ID!) { webhookTestMail(input: {id: $id})
{ notification { id } userErrors { message } } }"""


def create(server: Server, name: str, *emails: str) -> str:
    made = server.graphql(CREATE, name=name, emails=emails)["webhookCreate"]
    assert made["userErrors"] == []
    return str(made["webhook"]["id"])


def test_addresses_are_pasted_kept_over_tabs_and_a_test_mail_says_what_became_of_it(
    console: Console, server: Server
) -> None:
    page, webhook = console.page, create(server, "Mailed", "first@example.com")
    console.go(f"/webhooks/{webhook}?tab=email")
    expect(page.get_by_text("After 12 failed attempts in a row")).to_contain_text(
        "at least 36 hours"
    )
    expect(page.get_by_role("region", name="Example of a mail")).to_contain_text(
        "Host: example.com"
    )
    add = page.get_by_label("Add addresses")
    add.fill('"Doe, Jane" <jane@example.com>; nobody;\nops@example.com')
    page.get_by_role("button", name="Remove first@example.com").click()
    page.get_by_role("tab", name="Configure").click()
    page.get_by_role("tab", name="Email Notification").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(add).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("nobody is none: write it as")).to_be_visible()
    console.check_accessible()

    add.fill('"Doe, Jane" <jane@example.com>;\nops@example.com')
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("button", name="Remove ops@example.com")).to_be_visible()
    expect(page.get_by_role("button", name="Remove first@example.com")).to_have_count(0)
    page.get_by_role("button", name="Send a test mail").click()

    receipt = page.get_by_role("listitem").filter(has_text="jane@example.com").last
    expect(receipt).to_contain_text("Written to a file")
    expect(receipt).to_contain_text("In the outbox folder")
    page.get_by_role("button", name="Send a test mail").click()
    expect(page.get_by_role("alert")).to_contain_text("A test mail was sent within the last minute")
    console.check_accessible()
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320


def test_notification_arrives_live_and_is_found_by_filters_of_the_address(
    signed_in: Console, server: Server
) -> None:
    page, webhook = signed_in.page, create(server, "Noted", "a@example.com", "b@example.com")
    page.get_by_role("link", name="Notifications").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    assert server.graphql(TEST_MAIL, id=webhook)["webhookTestMail"]["userErrors"] == []

    row = page.get_by_role("row").filter(has_text="Noted")
    expect(row).to_contain_text("Test mail")
    expect(row.get_by_text("Written to a file")).to_have_count(2)
    signed_in.check_accessible()
    page.get_by_label("ID of a webhook").fill(webhook)
    expect(page).to_have_url(f"{server.url}/notifications?webhook={webhook}")
    page.get_by_role("combobox", name="Kind").select_option("Works again")
    expect(page.get_by_text("No notification matches these filters.")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 640})
    assert signed_in.width() == 320
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("combobox", name="Kind").select_option("Test mail")
    expect(page.get_by_role("row")).to_have_count(2)

    page.keyboard.press("Escape")
    row.get_by_role("link", name="Noted").press("Enter")

    expect(page.get_by_role("tab", name="Email Notification")).to_have_attribute(
        "aria-selected", "true"
    )
