"""Five tasks of somebody new, by what the pages say alone: no address is typed."""

import re

from playwright.sync_api import Page, expect

from tests.browser.console import Console, Server, wait_for
from tests.browser.test_activity import failed_deliveries, make_webhook, publish

TOKEN = 'mutation { tokenCreate(input: {name: "on-call", role: ADMIN}) { secret } }'
READ = """query($slug: String!) { webhookBySlug(slug: $slug) { filter events
  headers { name value } signing { secrets { expiresAt } } } }"""

# Of the page alone: Playwright's clock stays in all pages that come later.
_TURN_CLOCK = """(ahead) => {
  const Real = (window.RealDate ??= Date);
  window.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + ahead); }
    static now() { return Real.now() + ahead; }
  };
}"""
_DAY_MS = 86_400_000


def open_page(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Pages", exact=True).get_by_role("link", name=name).click()


def test_why_an_event_did_not_arrive_is_found_from_the_list_of_events(
    signed_in: Console, server: Server
) -> None:
    make_webhook(server, "paid", "/_echo", "order.payment.create")
    publish(server, "order.payment.refund")
    page = signed_in.page
    open_page(page, "Events")
    page.get_by_role("link", name="order.payment.refund").click()
    table = page.get_by_role("region", name="Webhooks without it, table")
    expect(table.get_by_role("row").filter(has_text="Paid")).to_contain_text("order.payment.create")


def test_what_came_back_is_found_from_the_event_and_from_the_webhook(
    signed_in: Console, server: Server
) -> None:
    webhook = make_webhook(server, "deaf", "/_echo/fail", "deaf.order.create")
    publish(server, "deaf.order.create")
    wait_for(lambda: failed_deliveries(server, webhook) == 1)
    page = signed_in.page
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Deaf"))
    expect(row).to_contain_text("failing since")
    row.get_by_role("link", name="Deaf").click()
    page.get_by_role("link", name="See what came back").click()
    expect(page.get_by_label("Outcome")).to_have_value("FAILED")
    attempt = page.get_by_role("row").filter(has_text="deaf.order.create")
    expect(attempt).to_contain_text("1 of 1")
    attempt.get_by_role("link", name="evt_").click()
    delivery = page.get_by_role("row").filter(has_text="Deaf")
    expect(delivery.get_by_role("link", name="1 attempt", exact=True)).to_be_visible()
    signed_in.check_accessible()
    delivery.get_by_role("link", name="Failed 500").click()
    drawer = page.get_by_role("dialog", name="deaf.order.create")
    expect(drawer).to_contain_text("This address always fails.")
    drawer.get_by_role("button", name="Retry now").click()
    expect(drawer.get_by_role("listitem").filter(has_text="By hand")).to_be_visible()
    page.keyboard.press("Escape")
    expect(delivery.get_by_role("link", name="2 attempts")).to_be_visible()


def test_webhook_for_paid_orders_over_100_with_a_header_is_added_and_its_secret_rotated(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    page.get_by_role("button", name="Add webhook").click()
    dialog = page.get_by_role("dialog", name="Add a webhook")
    dialog.get_by_label("Name").fill("Large orders")
    dialog.get_by_label("URL").fill(f"{server.url}/_echo")
    dialog.get_by_role("combobox", name="Object 1").fill("order.payment.create")
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Add header").click()
    page.get_by_label("Header 1", exact=True).fill("X-Team")
    page.get_by_label("Value 1", exact=True).fill("finance")
    page.get_by_role("button", name="Add condition").click()
    # As one goes on typing, without looking for the field.
    page.keyboard.type("data.total")
    page.get_by_label("Operator 1").select_option("is more than")
    page.get_by_label("Compare with 1").fill("100")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    found = server.graphql(READ, slug="large-orders")["webhookBySlug"]
    assert found["filter"] == {"data.total": {"gt": 100}}
    assert found["headers"] == [{"name": "X-Team", "value": "finance"}]

    page.get_by_role("button", name="Actions for Large orders").click()
    page.get_by_role("menuitem", name="Rotate secret…").click()
    page.get_by_role("button", name="Rotate", exact=True).click()
    expect(page.get_by_role("dialog", name="New signing secret")).to_contain_text("whsec_")
    secrets = server.graphql(READ, slug="large-orders")["webhookBySlug"]["signing"]["secrets"]
    assert len(secrets) == 2


def test_all_that_failed_yesterday_is_sent_again_by_one_job(
    signed_in: Console, server: Server
) -> None:
    webhooks = [
        make_webhook(server, slug, "/_echo/fail", "yesterday.failed.once")
        for slug in ("broken", "away")
    ]
    publish(server, "yesterday.failed.once")
    wait_for(lambda: all(failed_deliveries(server, webhook) == 1 for webhook in webhooks))
    # The browser has the next day: what failed just now, failed yesterday.
    signed_in.page.evaluate(_TURN_CLOCK, _DAY_MS)
    page = signed_in.page
    page.get_by_role("link", name="Activity").click()
    page.get_by_label("Outcome").select_option("Failed")
    page.get_by_role("combobox", name="Time", exact=True).select_option("Yesterday")
    page.get_by_role("searchbox", name="Event type").fill("yesterday.failed.once")
    page.get_by_label("Status").select_option("5xx")
    expect(page.get_by_role("row").filter(has_text="yesterday.failed.once")).to_have_count(2)
    page.get_by_role("button", name="Retry all failed").click()
    dialog = page.get_by_role("dialog", name="Retry all that failed")
    counted = dialog.get_by_role("status")
    expect(counted).to_have_text("2 failed deliveries of 2 webhooks would be sent.")
    expect(dialog).to_contain_text("of yesterday.failed.once, by the time")
    expect(dialog).to_contain_text("filter by status is not used here")
    signed_in.check_accessible()
    dialog.get_by_label("Since").select_option("Last hour")
    expect(counted).to_have_text("There is nothing to send again.")
    dialog.get_by_label("Since").select_option("Yesterday")
    expect(dialog.get_by_role("button", name="Send 2")).to_be_enabled()
    page.evaluate(_TURN_CLOCK, 0)
    dialog.get_by_role("button", name="Send 2").click()
    job = page.get_by_role("region", name="Retry in progress")
    expect(job).to_contain_text("All 2 are queued for sending.")
    job.get_by_role("button", name="Show their attempts").click()
    sent = page.get_by_role("row").filter(has_text="yesterday.failed.once")
    expect(sent.filter(has_text="By hand")).to_have_count(2)


def test_who_turned_a_webhook_off_is_found_from_its_page(
    signed_in: Console, server: Server
) -> None:
    webhook = make_webhook(server, "silent", "/_echo", "silent.a.b")
    secret = server.graphql(TOKEN)["tokenCreate"]["secret"]
    server.graphql(
        "mutation($id: ID!) { webhookSetActive(input: {id: $id, active: false})"
        " { userErrors { message } } }",
        token=secret,
        id=webhook,
    )
    page = signed_in.page
    page.get_by_role("link", name="Silent", exact=True).click()
    page.get_by_role("link", name="Who turned it off").click()
    row = page.get_by_role("row").filter(has_text=re.compile("active"))
    expect(row.first).to_contain_text("on-call")
    signed_in.check_accessible()
