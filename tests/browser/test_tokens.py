"""Tokens in a browser: made, shown once, revoked."""

import re

from playwright.sync_api import expect

from tests.browser.console import Console, Server

HOSTILE = "<img src=x onerror=alert(1)>"


def make(server: Server, name: str, role: str) -> str:
    made = server.graphql(
        "mutation M($name: String!, $role: TokenRole) "
        "{ tokenCreate(input: {name: $name, role: $role}) { secret } }",
        name=name,
        role=role,
    )
    return str(made["tokenCreate"]["secret"])


def test_token_is_made_shown_once_and_revoked(signed_in: Console) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("button", name="Create a token").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Create").click()
    # The server's own words, at the field.
    expect(dialog).to_contain_text("Give the token a name")
    signed_in.check_accessible()

    dialog.get_by_label("Name").fill("pipeline")
    dialog.get_by_text("Sync", exact=True).click()
    dialog.get_by_label("Only for these sets").fill("team-a, team-b")
    dialog.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name="Token pipeline")
    text = shown.get_by_text(re.compile("^hl_")).inner_text()
    signed_in.check_accessible()
    shown.get_by_role("button", name="I have copied it").click()
    row = page.get_by_role("row").filter(has_text="pipeline")
    expect(row).to_contain_text("sync:apply:team-b")
    expect(row).to_contain_text(f"…{text[-4:]}")
    kept = "document.documentElement.outerHTML + JSON.stringify([sessionStorage, localStorage])"
    assert text not in page.evaluate(kept) + signed_in.address

    row.get_by_role("button", name="Revoke pipeline").click()
    asked = page.get_by_role("dialog", name="Revoke pipeline?")
    expect(asked).to_contain_text("Pipelines that plan or apply webhooks files with it fail.")
    signed_in.check_accessible()
    asked.get_by_role("button", name="Revoke", exact=True).click()
    expect(row).to_contain_text("Revoked")


def test_names_are_text_and_a_link_shows_the_same_token(signed_in: Console, server: Server) -> None:
    make(server, HOSTILE, "VIEWER")
    page = signed_in.page
    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("link", name=HOSTILE).press("Enter")
    expect(page.get_by_role("dialog", name=HOSTILE)).to_contain_text("deliveries:read")
    signed_in.check_accessible()

    page.set_viewport_size({"width": 320, "height": 640})
    assert signed_in.width() == 320
    signed_in.go(signed_in.address)
    page.get_by_role("dialog", name=HOSTILE).wait_for()
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("link", name=HOSTILE)).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    signed_in.check_accessible()


def test_who_may_not_read_tokens_is_told_the_scope(console: Console, server: Server) -> None:
    page = console.page
    token = make(server, "reader", "VIEWER")

    console.sign_in("/tokens", token)

    expect(page.get_by_role("main")).to_contain_text("needs the scope tokens:admin")
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("Tokens, needs the scope")
    console.check_accessible()
    # What it may not do says so as well.
    for name, scope in (("Webhooks", "webhooks:write"), ("Events", "events:publish")):
        page.get_by_role("link", name=name).first.click()
        button = page.get_by_role("button", name=f", needs the scope {scope}")
        expect(button).to_be_disabled()
    console.check_accessible()


# Controls that are disabled, and neither they nor what they stand in name a scope.
UNEXPLAINED = """() => [...document.querySelectorAll(
  "main :is(button, input, select, textarea):disabled")].filter((control) => {
  const scoped = "[title*='eeds the scope']";
  const around = ["form", "fieldset", ".buttons", ".head", ".job", "[role=dialog]"];
  return control.checkVisibility() && !control.closest(scoped)
    && !control.closest("label")?.querySelector(scoped)
    && !around.some((one) => /needs the scope/i.test(control.closest(one)?.innerText ?? ""));
}).map((control) => control.getAttribute("aria-label") ?? control.innerText)"""
SETUP = """mutation M($id: ID!, $input: EventPublishInput!) {
  webhookSetActive(input: {id: $id, active: true, force: true, reason: "test"}) {
    userErrors { message } }
  eventPublish(input: $input) { userErrors { message } }
  eventTypeSave(input: {name: "order.order.read"}) { eventType { id } } }"""


def test_each_control_that_a_token_may_not_use_names_the_scope(
    console: Console, server: Server
) -> None:
    token = make(server, "looker", "VIEWER")
    found = server.graphql('{ webhookBySlug(slug: "failing") { id } }')["webhookBySlug"]["id"]
    event = {"type": "order.order.read", "environment": "development", "data": {}}
    made = server.graphql(SETUP, id=found, input=event)
    event_type = made["eventTypeSave"]["eventType"]["id"]
    page = console.page
    console.sign_in("/activity", token)
    page.evaluate("(token) => sessionStorage.setItem('hookline:token', token)", token)
    retry = page.get_by_role("button", name=re.compile("^Retry .*, needs the scope deliver")).first
    expect(retry).to_be_disabled()
    tabs = [f"webhooks/{found}?tab={tab}" for tab in ("configure", "activity", "email", "changes")]
    for path in ("webhooks", "events", "activity", f"types?type={event_type}", "sync", *tabs):
        page.goto(f"/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.locator("main :disabled").count(), path
        assert page.evaluate(UNEXPLAINED) == [], path
    # The last one: a link to a tab that it may not see.
    expect(page.get_by_role("tabpanel")).to_contain_text("needs the scope webhooks:audit")
    changes = page.get_by_role("tab", name=re.compile("Changes.*needs the scope webhooks:audit"))
    expect(changes).to_be_disabled()
    console.check_accessible()
