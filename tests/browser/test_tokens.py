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
    assert text not in page.evaluate(kept) + page.url

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
    signed_in.go(page.url)
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
