"""A long log: what is in the page, what arrives while it is read, and sending what is selected."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.console import Console, Server, wait_for
from tests.browser.test_activity import make_webhook

_BATCH = (
    "mutation($input: EventPublishBatchInput!) { eventPublishBatch(input: $input) { __typename } }"
)
_COUNT = "query($id: ID!) { attempts(filter: {webhookId: $id}) { totalCount } }"


def publish_many(server: Server, type_: str, count: int) -> None:
    event = {"type": type_, "environment": "development", "data": {"id": 1}}
    server.graphql(_BATCH, input={"events": [event] * count})


def attempts(server: Server, webhook_id: str) -> int:
    return int(server.graphql(_COUNT, id=webhook_id)["attempts"]["totalCount"])


def make_attempted(server: Server, slug: str, event_type: str, count: int) -> str:
    """A webhook with so many failed attempts; returns its id."""
    webhook = make_webhook(server, slug, "/_echo/fail", event_type)
    publish_many(server, event_type, count)
    wait_for(lambda: attempts(server, webhook) == count)
    return webhook


def test_place_in_a_long_log_stays_while_attempts_arrive(console: Console, server: Server) -> None:
    webhook = make_attempted(server, "long", "long.log.first", 150)
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity")
    table = page.get_by_role("grid", name="Attempts")
    expect(table).to_have_attribute("aria-rowcount", "101")
    page.get_by_role("button", name="Older attempts").click()
    expect(table).to_have_attribute("aria-rowcount", "151")
    assert page.get_by_role("row").count() < 60
    console.check_accessible()

    region = page.get_by_role("region", name="Attempts, table")
    region.evaluate("(element) => element.scrollTo(0, 2000)")
    row = page.locator("[aria-rowindex='60']")
    expect(row).to_be_in_viewport()
    seen = row.get_attribute("data-row")
    publish_many(server, "long.log.first", 12)
    expect(page.get_by_role("button", name="12 new")).to_be_visible()
    assert row.get_attribute("data-row") == seen
    expect(row).to_be_in_viewport()

    page.get_by_role("button", name="12 new").click()
    expect(table).to_have_attribute("aria-rowcount", "163")
    expect(page.locator("[aria-rowindex='2']")).to_be_in_viewport()
    # By keyboard from row to row, further than was drawn at first.
    for _ in range(40):
        page.keyboard.press("j")
    expect(page.locator("[aria-rowindex='41']").get_by_role("link").first).to_be_focused()
    expect(page.locator("[aria-rowindex='41']")).to_be_in_viewport()


def test_log_is_one_tab_stop_that_keys_move(console: Console, server: Server) -> None:
    webhook = make_attempted(server, "walked", "walked.by.keys", 70)
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity")
    grid = page.get_by_role("grid", name="Attempts")
    expect(grid).to_have_attribute("aria-rowcount", "71")
    page.get_by_role("button", name="Retry failed or missed").focus()

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    def link(number: int) -> Locator:
        return page.locator(f"[aria-rowindex='{number}'] [data-open]")

    press("Tab", "Tab")  # over the box of the head
    expect(link(2)).to_be_focused()
    press("ArrowDown", "ArrowDown", "ArrowUp")
    expect(link(3)).to_be_focused()
    press("End")
    expect(link(71)).to_be_focused()
    expect(link(71)).to_be_in_viewport()
    expect(link(2)).to_be_hidden()
    press("ArrowDown", "PageUp")
    expect(link(71)).not_to_be_focused()
    press("Home")
    expect(link(2)).to_be_focused()
    expect(link(2)).to_be_in_viewport()
    # Within a row, and down in the same column.
    press("ArrowLeft", "ArrowLeft", "Space", "ArrowDown", "Space")
    selected = grid.get_by_role("row", selected=True)
    expect(selected).to_have_count(2)
    expect(page.locator("[aria-rowindex='3']").get_by_role("checkbox")).to_be_focused()
    console.check_accessible()
    # Out of it by one key, and back to where it was.
    press("Tab")
    assert grid.locator(":focus").count() == 0
    press("Shift+Tab", "ArrowRight", "ArrowRight", "Enter")
    expect(page.get_by_role("dialog", name="walked.by.keys")).to_be_visible()
    press("Escape")
    expect(link(3)).to_be_focused()


def test_selected_attempts_are_sent_again(console: Console, server: Server) -> None:
    webhook = make_attempted(server, "chosen", "chosen.by.hand", 3)
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity")
    rows = page.get_by_role("row").filter(has_text="chosen.by.hand")
    expect(rows).to_have_count(3)

    page.get_by_role("checkbox", name="Select what failed").check()
    rows.last.get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Retry selected (2)").click()

    expect(page.get_by_text("2 queued for sending.")).to_be_visible()
    expect(rows.filter(has_text=re.compile("By hand"))).to_have_count(2)
    expect(page.get_by_role("button", name="Retry selected")).to_be_hidden()
