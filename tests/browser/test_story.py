"""The first minute of somebody who has read nothing, and the live log when things go wrong."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console import Console, Server, wait_for

HOSTILE = {
    "markup": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "bidi": "evil\u202egnp.exe",
    "escape": "\u001b[31mred\u001b[0m",
    "long": "y" * 16_384,
}


def publish(server: Server, type_: str = "order.order.create", data: object = None) -> str:
    made = server.graphql(
        "mutation($input: EventPublishInput!) { eventPublish(input: $input) { event { id } } }",
        input={"type": type_, "environment": "development", "data": data or {"id": 1}},
    )
    return str(made["eventPublish"]["event"]["id"])


@pytest.fixture
def echo(server: Server) -> str:
    found = server.graphql('{ webhookBySlug(slug: "echo") { id } }')
    return str(found["webhookBySlug"]["id"])


def test_event_is_published_from_the_page_and_its_attempt_arrives_without_a_reload(
    signed_in: Console,
) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Echo", exact=True).click()
    expect(page.get_by_role("heading", name="Echo")).to_be_focused()
    expect(page.get_by_role("tab", name="Activity Log")).to_be_visible()
    # Another tab of the browser publishes: this one is only looked at.
    other = page.context.new_page()
    other.goto("/")
    other.get_by_label("Token").fill(signed_in.server.token)
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("link", name="Events").click()
    other.get_by_role("button", name="Publish an event").click()
    dialog = other.get_by_role("dialog")
    dialog.get_by_label("Type").fill("story.order.create")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("Published: it goes to 1 webhook.")).to_be_visible()
    other.close()
    page.bring_to_front()

    row = page.get_by_role("row").filter(has_text="story.order.create")

    expect(row).to_contain_text("Succeeded 200")
    row.get_by_role("link", name="story.order.create").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="story.order.create")
    expect(drawer.get_by_role("region", name="Body of the request")).to_contain_text('"id": 1')
    signed_in.check_accessible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert "attempt=" not in signed_in.address


def test_failed_attempt_is_retried_from_its_row(console: Console, server: Server) -> None:
    made = server.graphql(
        """mutation($url: String!) { webhookCreate(input: {name: "Refuses", slug: "refuses",
        url: $url, environments: ["development"], events: ["retried.a.b"]}) { webhook { id } } }""",
        url=f"{server.url}/_echo/fail",
    )
    publish(server, "retried.a.b")
    page = console.page
    console.go(f"/webhooks/{made['webhookCreate']['webhook']['id']}?tab=activity")
    first = page.get_by_role("row").filter(has_text=re.compile(r"1 of 11"))
    expect(first).to_contain_text("Failed 500")

    first.get_by_role("link", name="retried.a.b").focus()
    page.keyboard.press("r")

    expect(page.get_by_role("row").filter(has_text="By hand")).to_contain_text("Failed 500")


def test_what_others_sent_is_text_wherever_it_is_shown(console: Console, server: Server) -> None:
    made = server.graphql(
        """mutation($url: String!, $name: String!, $value: String!) { webhookCreate(input: {
        name: $name, slug: "hostile", url: $url, environments: ["development"],
        events: ["hostile.a.b"], headers: [{name: "x-note", value: $value}]})
        { webhook { id } userErrors { message } } }""",
        url=f"{server.url}/_echo?<script>",
        name=HOSTILE["markup"][:60],
        value=HOSTILE["markup"],
    )
    hostile = made["webhookCreate"]["webhook"]["id"]
    event = publish(server, "hostile.a.b", HOSTILE)
    page = console.page
    console.go(f"/webhooks/{hostile}?tab=activity")
    page.get_by_role("link", name="hostile.a.b").first.click()
    body = page.get_by_role("region", name="Body of the request")

    expect(body).to_contain_text("<img src=x onerror=alert(1)><script>alert(1)</script>")
    expect(body).to_contain_text("evil\\u{202e}gnp.exe")
    expect(body).not_to_contain_text("\u202e")
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE["markup"])
    for path in ("/webhooks", f"/webhooks/{hostile}?tab=changes", f"/events/{event}"):
        console.go(path)
        expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
        page.set_viewport_size({"width": 320, "height": 640})
        assert console.width() == 320, path
    assert page.locator("main img, main script").count() == 0


def test_event_tells_which_webhooks_it_did_not_go_to_and_why(
    console: Console, server: Server
) -> None:
    page = console.page
    console.go(f"/events/{publish(server, 'order.order.refund')}")

    missed = page.get_by_role("region", name="Webhooks without it, table")
    row = missed.get_by_role("row").filter(has_text="Always fails")

    expect(row).to_contain_text("pattern")
    expect(page.get_by_role("row").filter(has_text="Echo")).to_contain_text("Succeeded")
    console.check_accessible()


def test_after_a_restart_it_is_live_again_and_misses_nothing(
    console: Console, server: Server, echo: str
) -> None:
    page = console.page
    console.expect("WebSocket|Failed to load resource|ERR_CONNECTION|net::")
    console.go(f"/webhooks/{echo}?tab=activity")
    connection = page.locator(".connection")
    expect(connection).to_have_text("Live")

    server.kill()
    expect(connection).to_have_text(re.compile("Reconnecting"))
    server.start()
    publish(server, "after.the.restart")

    row = page.get_by_role("row").filter(has_text="after.the.restart")
    expect(row).to_have_count(1)
    expect(connection).to_have_text("Live")


def test_revoked_token_leads_to_the_sign_in_page_and_back_to_the_same_address(
    console: Console, server: Server, echo: str
) -> None:
    console.expect("401|WebSocket")
    made = server.graphql(
        """mutation { tokenCreate(input: {name: "leaving", role: VIEWER})
        { secret token { id } } }"""
    )["tokenCreate"]
    page = console.page
    path = f"/webhooks/{echo}?tab=activity&outcome=SUCCEEDED"
    console.sign_in(path, made["secret"])
    expect(page.locator(".connection")).to_have_text("Live")
    expect(page.get_by_role("switch", name="Echo: on")).to_be_disabled()
    expect(page.get_by_role("tab", name="Changes")).to_be_disabled()

    server.graphql(
        "mutation($id: ID!) { tokenRevoke(input: {id: $id}) { token { id } } }",
        id=made["token"]["id"],
    )

    expect(page.get_by_role("alert")).to_contain_text("does not accept this token any more")
    page.get_by_label("Token").fill(server.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("tab", name="Changes")).to_be_enabled()
    assert console.address == server.url + path
    wait_for(lambda: page.evaluate("sessionStorage.length") == 0)
