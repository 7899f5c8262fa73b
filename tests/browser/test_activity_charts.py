"""Charts above the log, and the drawer of an attempt."""

import re

from playwright.sync_api import expect

from tests.browser.console import Console, Server
from tests.browser.test_activity_log import make_attempted, publish_many


def test_charts_say_by_form_and_as_tables_what_succeeded_and_how_long_it_took(
    console: Console, server: Server
) -> None:
    webhook = make_attempted(server, "charted", "charted.a.b", 3)
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity&chart=1h")
    expect(page.get_by_role("img", name="Attempts: 3 attempts, 3 failed")).to_be_visible()
    expect(page.get_by_role("img", name="Duration: highest p95")).to_be_visible()

    for summary in page.get_by_text("View as table").all():
        summary.click()
    figures = page.get_by_role("region", name="Attempts over time, table").get_by_role("row")
    expect(figures.nth(1)).to_contain_text("0 %")
    expect(page.get_by_role("columnheader", name="p95")).to_be_visible()
    console.check_accessible()
    # What arrives is in the figures, too.
    publish_many(server, "charted.a.b", 2)
    expect(page.get_by_role("img", name="Attempts: 5 attempts, 5 failed")).to_be_visible()
    page.get_by_label("Charts of the last").select_option("30 d")
    expect(page).to_have_url(re.compile("chart=30d"))
    expect(page.get_by_role("img", name="Attempts: 5 attempts, 5 failed")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert console.width() == 320


def test_drawer_shows_request_and_response_and_the_attempt_that_its_retry_makes(
    console: Console, server: Server
) -> None:
    webhook = make_attempted(server, "drawn", "drawn.a.b", 1)
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity")
    page.get_by_role("link", name="drawn.a.b").click()
    drawer = page.get_by_role("dialog", name="drawn.a.b")
    expect(drawer.get_by_text("HTTP 500")).to_be_visible()
    sides = [
        drawer.get_by_role("region", name=f"Body of the {side}").bounding_box()
        for side in ("request", "response")
    ]
    assert sides[0]
    assert sides[1]
    assert sides[0]["x"] + sides[0]["width"] <= sides[1]["x"]
    first = console.address

    drawer.get_by_role("button", name="Retry now").click()
    drawer.get_by_role("link", name="Attempt 2").click()
    expect(drawer.get_by_text("2, by hand")).to_be_visible()
    assert console.address != first
    console.check_accessible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert drawer.evaluate("(element) => element.scrollWidth <= 320")
