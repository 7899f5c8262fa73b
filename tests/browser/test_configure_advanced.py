"""The advanced fields of a webhook's form in a browser."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.console import Console, Server, open_form

CREATE = """mutation($slug: String!) { webhookCreate(input: {name: "Ledger", slug: $slug,
  url: "https://example.com/in", environments: ["staging"], events: ["ledger.entry.*"]})
  { webhook { id } } }"""
PUBLISH = """mutation($total: Int!) { eventPublish(input: {type: "ledger.entry.create",
  environment: "staging", data: {total: $total}}) { event { id } } }"""
READ = """query($id: ID!) { webhook(id: $id) { filter payloadTemplate payloadContentType } }"""
READ_SENDING = """query($id: ID!) { webhook(id: $id) { timeout concurrency rateLimit
  retry { schedule } autoDisable { failures } labels { key value } } }"""


@pytest.fixture
def ledger(console: Console, request: pytest.FixtureRequest) -> str:
    """A webhook whose advanced fields are shown."""
    webhook_id = open_form(console, CREATE, request.node.name)
    # By the keyboard: what comes in above it, as the page loads, moves it away under a pointer.
    console.page.get_by_role("button", name="Advanced").press("Enter")
    return webhook_id


def write(editor: Locator, text: str) -> None:
    """Writes over what an editor has, as by a paste."""
    editor.click()
    editor.press("ControlOrMeta+a")
    editor.page.keyboard.insert_text(text)


def test_editors_take_a_template_and_a_filter_and_mark_what_is_refused(
    console: Console, server: Server, ledger: str
) -> None:
    page = console.page
    template = page.get_by_role("textbox", name="Payload template")
    write(template, '{\n  "total": {{ event.data.total | nofilter }}\n}')
    page.get_by_role("button", name="Show as JSON").click()
    wanted = page.get_by_role("textbox", name="Filter")
    write(wanted, '{"data.total": {"over": 1}}')

    # Over two lines: the browser's own way would be refused by the policy.
    template.press("ControlOrMeta+Home")
    template.press("Shift+ArrowDown")
    page.keyboard.type("{")
    page.get_by_role("button", name="Save").click()

    expect(template).to_have_attribute("aria-invalid", "true")
    expect(wanted).to_be_focused()
    expect(page.locator(".cm-lintRange-error").first).to_contain_text("nofilter")
    expect(wanted).to_have_attribute("aria-invalid", "true")
    console.check_accessible()

    write(template, '{\n  "total": {{ event.data.total }}\n}')
    write(wanted, '{"data.total": {"gte": 1}}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert server.graphql(READ, id=ledger)["webhook"] == {
        "filter": {"data.total": {"gte": 1}},
        "payloadTemplate": '{\n  "total": {{ event.data.total }}\n}',
        "payloadContentType": "application/json",
    }


def test_dry_run_beside_the_template_follows_what_is_typed_and_a_filter_is_tried_on_events(
    console: Console, server: Server, ledger: str
) -> None:
    page = console.page
    server.graphql(PUBLISH, total=5)
    server.graphql(PUBLISH, total=500)
    console.go(console.address)
    body = page.get_by_role("region", name="Body of the request")

    write(page.get_by_role("textbox", name="Payload template"), '{"sum": {{ event.data.total }}}')
    expect(body).to_contain_text('"sum": null')
    choice = page.get_by_label("Dry run with")
    choice.select_option(choice.locator("option").nth(1).get_attribute("value"))
    expect(body).to_contain_text('"sum": 500')
    # A row that nobody has typed in yet keeps no answer back.
    page.get_by_role("button", name="Add header").click()
    page.get_by_role("button", name="Add condition").click()
    page.get_by_label("Path 1").fill("data.total")
    page.get_by_label("Operator 1").select_option("lt")
    page.get_by_label("Compare with 1").fill("100")
    page.get_by_role("button", name="Show as JSON").click()
    expect(page.get_by_role("textbox", name="Filter")).to_contain_text('"lt": 100')
    expect(page.locator("datalist option[value='data.total']")).to_be_attached()
    filter_ = page.get_by_role("group", name="Only when")
    expect(filter_.get_by_role("status")).to_contain_text("would not")
    page.get_by_role("button", name=re.compile("Remove header")).last.click()
    dry_run = page.get_by_role("region", name="Dry run")
    expect(dry_run).to_contain_text("would not get this event")
    expect(dry_run).to_contain_text("data.total")
    console.check_accessible()

    page.get_by_role("button", name="Try it with the latest events").click()

    tried = page.get_by_role("table", name="Latest events").get_by_role("row")
    expect(tried.filter(has_text="would get it")).to_have_count(1)
    expect(tried.filter(has_text="500")).to_contain_text("would not")
    write(page.get_by_role("textbox", name="Payload template"), "{{ event.data.total | x }}")
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_role("textbox", name="Filter")).to_have_text("")
    assert server.graphql(READ, id=ledger)["webhook"]["filter"] is None


def test_schedule_limits_and_labels_are_written_in_words_and_refused_at_their_fields(
    console: Console, server: Server, ledger: str
) -> None:
    page = console.page
    expect(page.get_by_text("11 attempts, gives up after 2 d 23 h")).to_be_visible()
    for pause in range(10, 2, -1):
        page.get_by_role("button", name=f"Remove pause {pause},").click()
    page.get_by_label("Another pause").fill("soon")
    page.get_by_label("Another pause").press("Enter")
    expect(page.get_by_text("4 attempts. A pause is a whole number and a unit")).to_be_visible()
    page.get_by_label("Timeout").fill("15")
    page.get_by_label("Rate limit").fill("fast")
    page.get_by_label("Requests at a time").fill("2")
    page.get_by_label("Failed attempts in a row").fill("3")
    expect(
        page.get_by_text("disabled after 3 failed attempts in a row over at least 2 d")
    ).to_be_visible()
    page.get_by_role("button", name="Add label").click()
    page.get_by_label("Key 1").fill("team")
    page.get_by_label("Label value 1").fill("books")

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_label("Timeout")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Timeout")).to_be_focused()
    expect(page.get_by_label("Rate limit")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Another pause")).to_have_attribute("aria-invalid", "true")
    console.check_accessible()
    page.get_by_label("Timeout").fill("20s")
    page.get_by_label("Rate limit").fill("20/s")
    page.get_by_role("button", name="Remove pause 3, soon").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert server.graphql(READ_SENDING, id=ledger)["webhook"] == {
        "timeout": "20s",
        "concurrency": 2,
        "rateLimit": "20/s",
        "retry": {"schedule": ["5s", "1m"]},
        "autoDisable": {"failures": 3},
        "labels": [{"key": "team", "value": "books"}],
    }
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320
