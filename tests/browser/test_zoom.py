"""The console at 200 %: a window of 1280 × 720 then has half as many pixels each way, two of the
screen's for one.
"""

from playwright.sync_api import Page, expect

from tests.browser.console import Console, Server

PAGES = ("webhooks", "events", "activity", "notifications", "types", "sync", "audit", "tokens")
TABS = ("configure", "activity", "email", "changes")
# Texts that end in "…", or behind an edge that does not scroll, and have no title to read them by.
CUT = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const style = getComputedStyle(element);
  const isCut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 1
    && style.overflowX !== "visible" && style.overflowX !== "auto" && style.overflowX !== "scroll";
  return isCut && element.textContent.trim() && !element.closest("[title]");
}).map((element) => `${element.tagName}.${element.className}: ${element.textContent.trim()}`)"""

PUBLISH = """mutation($input: EventPublishInput!) { eventPublish(input: $input) {
  userErrors { message } } }"""


def zoom(page: Page) -> None:
    screen = {"width": 640, "height": 360, "deviceScaleFactor": 2, "mobile": False}
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", screen)
    assert page.evaluate("[innerWidth, innerHeight, devicePixelRatio]") == [640, 360, 2]


def test_pages_at_200_percent_have_all_in_reach(console: Console, server: Server) -> None:
    page = console.page
    zoom(page)
    # A row wherever there are some, of texts that are too long for their column.
    event = {"type": f"order.{'a' * 60}.create", "environment": "development", "data": {}}
    server.graphql(PUBLISH, input=event)
    found = server.graphql("{ webhooks(first: 1) { nodes { id } } }")["webhooks"]["nodes"]
    webhook = f"webhooks/{found[0]['id']}"
    for path in (*PAGES, *(f"{webhook}?tab={tab}" for tab in TABS)):
        console.go(f"/{path}")
        expect(page.get_by_role("navigation", name="Pages", exact=True)).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert console.width() == 640, path
        assert page.evaluate(CUT) == [], path
    console.go("/events")
    page.get_by_role("button", name="Publish an event").click()
    dialog = page.get_by_role("dialog", name="Publish an event")
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("Published: it goes to")).to_be_visible()
