"""The order of the list of webhooks, and what the menu of a row does."""

import re
import sqlite3
from contextlib import closing

from playwright.sync_api import expect

from tests.browser.console import Console, Server

CREATE = """mutation C($name: String!) { webhookCreate(input: {name: $name,
url: "https://example.com/in", environments: ["staging"], events: ["listed.a.b"], active: false})
{ webhook { id } userErrors { message } } }"""
LISTEN = """mutation { listenerCreate(input: {name: "My laptop", events: ["listened.a.b"],
environments: ["staging"]}) { listenerId userErrors { message } } }"""
DELETE = """mutation D($id: ID!) { webhookDelete(input: {id: $id}) { userErrors { message } } }"""
MAKE = """mutation M($input: WebhookCreateInput!) { webhookCreate(input: $input) {
userErrors { message } } }"""
SET_ACTIVE = """mutation A($id: ID!, $active: Boolean!) { webhookSetActive(input: {id: $id,
active: $active}) { userErrors { message } } }"""
PUBLISH = """mutation { eventPublish(input: {type: "listed.a.b", environment: "staging",
data: {}}) { event { id } } }"""


def test_order_stands_in_the_address_and_events_of_an_earlier_pause_are_not_asked_about(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    listed = [server.graphql(CREATE, name=f"Listed {n}")["webhookCreate"] for n in "12"]
    webhook = listed[0]["webhook"]["id"]
    server.graphql(PUBLISH)
    for active in (True, False):
        server.graphql(SET_ACTIVE, id=webhook, active=active)
    page.get_by_role("searchbox", name="Search name").fill("Listed")
    page.get_by_role("combobox", name="Order").select_option("Newest first")
    names = page.locator("td.name a")
    expect(names).to_have_text(["Listed 2", "Listed 1"])
    page.get_by_role("button", name="Name").click()
    expect(names).to_have_text(["Listed 1", "Listed 2"])
    page.get_by_role("button", name="Name").click()

    signed_in.go(signed_in.address)

    expect(names).to_have_text(["Listed 2", "Listed 1"])
    head = page.get_by_role("columnheader", name="Name")
    expect(head).to_have_attribute("aria-sort", "descending")
    page.get_by_role("switch", name="Listed 1: on").press("Space")
    row = page.get_by_role("row").filter(has_text="Listed 1")
    expect(row).to_contain_text("Active")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_filters_that_are_refused_say_beside_their_fields_what_would_pass(
    signed_in: Console,
) -> None:
    page = signed_in.page
    receives = page.get_by_role("searchbox", name="Receives")
    receives.fill("order")
    expect(receives).to_have_accessible_description(re.compile("Has 1 part, and must have three"))
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    signed_in.check_accessible()
    receives.fill("order.order.create")
    expect(page.get_by_role("link", name="Echo", exact=True)).to_be_visible()
    expect(receives).to_have_accessible_description("")
    label = page.get_by_role("searchbox", name="Label:")
    label.fill("team")
    expect(label).to_have_accessible_description(re.compile("team=payments"))
    # The same on the other pages with such a filter.
    for path, name in (("/activity", "Event type"), ("/events", "Type")):
        signed_in.go(path)
        box = page.get_by_role("searchbox", name=name)
        box.fill("order.*")
        expect(box).to_have_accessible_description(re.compile("Has 2 parts"))
        expect(page.get_by_role("alert")).to_have_count(0)
    page.set_viewport_size({"width": 320, "height": 700})
    assert signed_in.width() == 320


def test_why_a_webhook_was_disabled_stands_in_the_list_and_its_url_is_copied_without_tls(
    console: Console, server: Server
) -> None:
    form: dict[str, object] = {
        "name": "Gave up",
        "url": f"{server.url}/_echo/fail",
        "environments": ["staging"],
    }
    form |= {"events": ["gave.up.now"], "retry": {"schedule": ["1s", "1s", "1s"]}}
    server.graphql(MAKE, input={**form, "autoDisable": {"failures": 2, "over": "1s"}})
    for _ in range(2):
        server.graphql(PUBLISH.replace("listed.a.b", "gave.up.now"))
    page = console.page
    # As on a page that came without TLS.
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    console.go("/webhooks?search=Gave")
    row = page.get_by_role("row").filter(has_text="Gave up")
    expect(row).to_contain_text("Auto-disabled")
    expect(row).to_contain_text("attempts failed in a row")
    row.get_by_role("button", name="Copy URL of Gave up").click()
    expect(row.get_by_role("button", name="Copied URL of Gave up")).to_be_focused()
    box = page.get_by_role("textbox", name="Go to an ID")
    box.focus()
    box.press("ControlOrMeta+v")
    expect(box).to_have_value(f"{server.url}/_echo/fail")


def test_menu_of_a_row_retries_and_sends_a_test(signed_in: Console) -> None:
    page = signed_in.page
    page.get_by_role("button", name="Actions for Echo").click()
    signed_in.check_accessible()
    page.get_by_role("menuitem", name="Retry failed or missed…").click()
    expect(page.get_by_role("dialog")).to_contain_text("Failed deliveries")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Actions for Echo").click()
    page.get_by_role("menuitem", name="Send test").click()

    expect(page.get_by_role("dialog")).to_contain_text("200")
    assert "tab=activity&attempt=att_" in signed_in.address


def test_a_listener_bears_a_mark_and_can_be_deleted_but_not_changed(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    made = server.graphql(LISTEN)["listenerCreate"]
    # Nobody renews it, and this page may take its time.
    database = server.folder / "var" / "hookline.db"
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        later = "update webhook set listener_expires_at = listener_expires_at + 600000000"
        connection.execute(f"{later} where listener_expires_at is not null")
    page.get_by_role("searchbox", name="Search name").fill("My laptop")
    row = page.get_by_role("row").filter(has_text="My laptop")
    expect(row.get_by_text("listener", exact=True)).to_be_visible()
    expect(row).to_contain_text("listen://wh_")
    expect(row.get_by_role("switch")).to_be_disabled()
    signed_in.check_accessible()
    page.get_by_role("link", name="My laptop").click()
    expect(page.get_by_text("It ends with the command, and can be deleted")).to_be_visible()
    page.get_by_role("tab", name="Configure").click()
    expect(page.get_by_text("A listener is as its command made it.")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    rotate = page.get_by_role("button", name=re.compile("Rotate secret.+ as its command made it"))
    expect(rotate).to_be_disabled()
    signed_in.check_accessible()
    page.get_by_role("button", name="Actions for My laptop").click()
    expect(page.get_by_role("menuitem", name="Rotate secret (a listener is")).to_be_disabled()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Email Notification").click()
    expect(page.get_by_role("textbox", name="Add addresses")).to_be_disabled()
    expect(page.get_by_text("A listener is as its command made it.")).to_be_visible()
    server.graphql(DELETE, id=made["listenerId"])
    expect(page.get_by_text("It ends with the command, and can be deleted")).to_have_count(0)
