"""Events in a browser: they come by themselves, are found by filters, and are published."""

import re

from playwright.sync_api import APIResponse, Route, WebSocket, expect

from tests.browser.console import Console, Server

PUBLISH = """mutation($events: [EventPublishInput!]!) {
  eventPublishBatch(input: {events: $events}) { userErrors { message } } }"""
SAVE = """mutation { eventTypeSave(input: {name: "sample.order.create", sample: {total: 7}}) {
  userErrors { message } } }"""
TOKEN = """mutation { tokenCreate(input: {name: "shop", role: PUBLISHER}) { secret } }"""


def publish(server: Server, *types: str, environment: str = "production") -> None:
    events = [{"type": name, "environment": environment, "data": {"id": 1}} for name in types]
    answer = server.graphql(PUBLISH, events=events)["eventPublishBatch"]
    assert answer["userErrors"] == []


def test_events_come_by_themselves_and_filters_stand_in_the_address(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_role("heading", name="Events")).to_be_visible()
    expect(page.get_by_role("main")).not_to_have_attribute("aria-busy", "true")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    publish(server, "live.order.create", "live.order.delete")
    for name in ("live.order.create", "live.order.delete"):
        expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()
    signed_in.check_accessible()

    page.get_by_label("Type, such as").fill("live.*.create")
    page.get_by_role("combobox", name="Environment").select_option("production")
    expect(page.get_by_role("row").filter(has_text="live.order.delete")).to_have_count(0)
    publish(server, "live.item.create", "live.item.delete")
    publish(server, "live.else.create", environment="staging")
    expect(page.get_by_role("row").filter(has_text="live.item.create")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="live.")).to_have_count(2)
    expect(page).to_have_url(re.compile("type=live"))

    signed_in.go(signed_in.address)
    expect(page.get_by_role("row").filter(has_text="live.")).to_have_count(2)
    page.get_by_role("combobox", name="Environment").select_option("All environments")
    expect(page.get_by_role("row").filter(has_text="live.else.create")).to_be_visible()
    page.get_by_label("Type, such as").fill("live.*")
    expect(page.get_by_label("Type, such as")).to_have_accessible_description(
        re.compile("Has 2 parts")
    )
    page.get_by_label("Type, such as").fill("never.a.b")
    expect(page.get_by_text("No event matches these filters.")).to_be_visible()
    signed_in.check_accessible()


def test_event_that_comes_while_the_list_is_on_its_way_stays(
    console: Console, server: Server
) -> None:
    page = console.page
    told, held = list[str](), list[tuple[Route, APIResponse]]()

    def hear(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: told.append(str(frame)))

    def hold(route: Route) -> None:
        if "query EventList" in (route.request.post_data or ""):
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.on("websocket", hear)
    console.go("/events")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    publish(server, "before.order.create")
    page.route("**/graphql", hold)
    # It follows again, and reads the list.
    page.get_by_role("button", name="Go on").click()
    while not held:
        page.wait_for_timeout(50)
    publish(server, "meanwhile.order.create")
    while "meanwhile.order.create" not in "".join(told):
        page.wait_for_timeout(50)
    for route, answer in held:
        assert "meanwhile.order.create" not in answer.text()
        route.fulfill(response=answer)
    expect(page.get_by_role("row").filter(has_text="before.order.create")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="meanwhile.order.create")).to_be_visible()


def test_many_events_are_told_to_be_a_sample_and_none_comes_while_paused(
    console: Console, server: Server
) -> None:
    page = console.page
    console.go("/events")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    publish(server, *["many.a.b"] * 200)
    expect(page.get_by_text("this is a sample")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="many.a.b").first).to_be_visible()

    page.get_by_role("button", name="Pause").click()
    publish(server, "paused.a.b")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("row").filter(has_text="paused.a.b")).to_have_count(1)
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320


def test_sample_of_the_catalogue_is_published_once_for_a_key(
    console: Console, server: Server
) -> None:
    assert server.graphql(SAVE)["eventTypeSave"]["userErrors"] == []
    page = console.page
    console.go("/events")
    page.get_by_role("button", name="Publish an event").click()
    dialog = page.get_by_role("dialog", name="Publish an event")
    dialog.get_by_label("From the catalogue").select_option("sample.order.create")
    expect(dialog.get_by_label("Data")).to_have_value('{\n  "total": 7\n}')
    dialog.get_by_label("Environment of the event").select_option("staging")
    dialog.get_by_label("Idempotency key").fill("key-1")
    console.check_accessible()
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("Published: it goes to 0 webhooks.")).to_be_visible()
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("This key was published before")).to_be_visible()
    dialog.get_by_label("Data").fill('{"total": ')
    dialog.get_by_role("button", name="Publish").click()
    expect(dialog.get_by_text("This is no JSON.")).to_be_visible()
    page.keyboard.press("Escape")
    row = page.get_by_role("row").filter(has_text="sample.order.create")
    expect(row).to_contain_text("staging")
    expect(row).to_contain_text("key-1")


def test_token_that_publishes_alone_sees_the_form_and_no_list(
    console: Console, server: Server
) -> None:
    secret = server.graphql(TOKEN)["tokenCreate"]["secret"]
    console.sign_in("/events", token=secret)
    expect(console.page.get_by_text("which your token lacks")).to_be_visible()
    console.check_accessible()
    console.page.get_by_role("button", name="Publish an event").click()
    expect(console.page.get_by_role("dialog", name="Publish an event")).to_be_visible()
