"""The log of all webhooks with its filters, and sending again what failed or was missed."""

import re

from playwright.sync_api import expect

from tests.browser.console import Console, Server, wait_for


def publish(server: Server, type_: str) -> str:
    made = server.graphql(
        "mutation($input: EventPublishInput!) { eventPublish(input: $input) { event { id } } }",
        input={"type": type_, "environment": "development", "data": {"id": 1}},
    )
    return str(made["eventPublish"]["event"]["id"])


def make_webhook(server: Server, slug: str, path: str, pattern: str) -> str:
    """Makes a webhook that is not retried, and gives its id."""
    made = server.graphql(
        "mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { id } } }",
        input={
            "name": slug.capitalize(),
            "slug": slug,
            "url": f"{server.url}{path}",
            "environments": ["development"],
            "events": [pattern],
            "retry": {"schedule": []},
        },
    )
    return str(made["webhookCreate"]["webhook"]["id"])


def failed_deliveries(server: Server, webhook_id: str) -> int:
    found = server.graphql(
        "query($id: ID!) { deliveries(filter: {webhookId: $id, status: [FAILED]}) { totalCount } }",
        id=webhook_id,
    )
    return int(found["deliveries"]["totalCount"])


def test_activity_of_all_webhooks_is_filtered_by_what_stands_in_the_address(
    signed_in: Console, server: Server
) -> None:
    make_webhook(server, "refusing", "/_echo/fail", "seen.by.both")
    event = publish(server, "seen.by.both")
    page = signed_in.page
    page.get_by_role("link", name="Activity").click()
    rows = page.get_by_role("row").filter(has_text="seen.by.both")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="Refusing")).to_contain_text("Failed 500")
    expect(rows.filter(has_text="Echo")).to_contain_text("Succeeded 200")
    signed_in.check_accessible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert signed_in.width() == 320
    page.set_viewport_size({"width": 1280, "height": 720})

    page.get_by_label("Status").select_option("5xx")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox", name="Event type").fill("seen.*.none")
    expect(page.get_by_text("No attempt matches these filters.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"status=5&pattern=seen\.\*\.none"))
    page.get_by_role("searchbox", name="Event type").fill("seen.by.*")
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox", name="ID of an event").fill("order-1")
    expect(page.get_by_role("alert")).to_contain_text("not the id of an event")
    page.get_by_role("searchbox", name="ID of an event").fill(event)
    expect(page.get_by_role("alert")).to_be_hidden()
    # What comes now is held against the same filter.
    publish(server, "order.order.create")
    publish(server, "seen.by.both")
    page.get_by_role("searchbox", name="ID of an event").fill("")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("row")).to_have_count(3)


def test_whatever_has_an_id_is_found_from_the_top_of_each_page(
    signed_in: Console, server: Server
) -> None:
    event = publish(server, "found.by.id")
    asked = "query($id: ID!) { attempts(filter: {eventId: $id}) { nodes { id delivery { id } } } }"
    wait_for(lambda: server.graphql(asked, id=event)["attempts"]["nodes"])
    attempt = server.graphql(asked, id=event)["attempts"]["nodes"][0]
    page = signed_in.page
    box = page.get_by_role("textbox", name="Go to an ID")

    box.fill("order 17")
    box.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Not an ID")
    box.fill(f" {event} ")
    box.press("Enter")
    expect(page).to_have_url(re.compile(f"/events/{event}$"))
    # a page that is there takes the focus
    expect(page.get_by_role("heading", name="found.by.id")).to_be_focused()
    box.fill(attempt["id"])
    box.press("Enter")
    timing = re.compile(r"Begun .+, \d+ m?s after the event was published; took [\d.]+ m?s")
    expect(page.get_by_role("dialog", name="found.by.id")).to_contain_text(timing)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    box.fill(attempt["delivery"]["id"])
    box.press("Enter")
    expect(page.get_by_role("row").filter(has_text="found.by.id")).to_have_count(1)
    # The objects that stand in drawers, too.
    for found, text in objects_with_drawers(server):
        box.fill(found)
        box.press("Enter")
        expect(page.get_by_role("dialog")).to_contain_text(text)
        expect(page).to_have_url(re.compile(f"={found}$"))
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()


def objects_with_drawers(server: Server) -> list[tuple[str, str]]:
    """IDs of a token, a type of the catalogue and an audit entry, with a text of their drawers."""
    saved = server.graphql(
        'mutation { eventTypeSave(input: {name: "found.by.type"}) { eventType { id } } }'
    )
    asked = "{ viewer { id name } auditEntries(first: 1) { nodes { id subjectId } } }"
    shown = server.graphql(asked)
    type_id = saved["eventTypeSave"]["eventType"]["id"]
    [entry] = shown["auditEntries"]["nodes"]
    assert entry["subjectId"] == type_id
    viewer = shown["viewer"]
    return [(viewer["id"], viewer["name"]), (type_id, "found.by.type"), (entry["id"], type_id)]


def test_all_that_failed_is_sent_again_by_a_job_that_a_reload_shows_again(
    console: Console, server: Server
) -> None:
    webhook = make_webhook(server, "failed", "/_echo/fail", "again.and.again")
    for _ in range(3):
        publish(server, "again.and.again")
    wait_for(lambda: failed_deliveries(server, webhook) == 3)
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity")
    rows = page.get_by_role("row").filter(has_text="again.and.again")
    expect(rows).to_have_count(3)

    page.get_by_role("button", name="Retry failed or missed").click()
    dialog = page.get_by_role("dialog", name="Retry")
    expect(dialog.get_by_role("status")).to_have_text("3 failed deliveries would be sent.")
    console.check_accessible()
    dialog.get_by_label("What").select_option("Both")
    expect(dialog.get_by_role("status")).to_have_text(
        "3 failed deliveries and 0 missed events would be sent."
    )
    dialog.get_by_role("button", name="Send 3").click()

    job = page.get_by_role("region", name="Retry in progress")
    expect(job).to_contain_text("All 3 are queued for sending.")
    expect(rows.filter(has_text="By hand")).to_have_count(3)
    console.check_accessible()
    page.reload()
    expect(job).to_contain_text("All 3 are queued for sending.")
    job.get_by_role("button", name="Close").click()
    expect(job).to_be_hidden()
    assert "job=" not in console.address


def test_a_page_of_which_a_part_is_not_there_says_so_and_can_be_loaded_again(
    console: Console,
) -> None:
    page = console.page
    console.go("/")
    console.expect("Failed to load resource|dynamically imported module")
    # As after an upgrade of the server, which has other parts.
    parts = re.compile(r"/static/console/assets/.*\.js")
    page.route(parts, lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Activity").click()
    expect(page.get_by_role("alert")).to_contain_text("has another version since")
    console.check_accessible()
    page.get_by_role("link", name="Webhooks").click()
    expect(page.get_by_role("heading", name="Webhooks")).to_be_visible()
    page.unroute(parts)
    page.get_by_role("link", name="Activity").click()
    page.get_by_role("button", name="Load again").click()
    expect(page.get_by_role("button", name="Retry all failed")).to_be_visible()
