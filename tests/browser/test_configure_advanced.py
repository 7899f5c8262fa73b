"""The advanced fields of a webhook's form in a browser."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.console import Console, Server

CREATE = """mutation($slug: String!) { webhookCreate(input: {name: "Ledger", slug: $slug,
  url: "https://example.com/in", environments: ["staging"], events: ["ledger.entry.*"]})
  { webhook { id } } }"""
READ = """query($id: ID!) { webhook(id: $id) { filter payloadTemplate payloadContentType } }"""


@pytest.fixture
def ledger(signed_in: Console, server: Server, request: pytest.FixtureRequest) -> str:
    """The id of a webhook of the test's own, whose advanced fields are shown."""
    slug = f"ledger-{abs(hash(request.node.name)) % 10**6}"
    webhook_id = str(server.graphql(CREATE, slug=slug)["webhookCreate"]["webhook"]["id"])
    signed_in.go(f"/webhooks/{webhook_id}?tab=configure")
    signed_in.page.get_by_role("button", name="Advanced").click()
    return webhook_id


def write(editor: Locator, text: str) -> None:
    """Writes over what an editor has, as by a paste."""
    editor.click()
    editor.press("ControlOrMeta+a")
    editor.page.keyboard.insert_text(text)


def test_editors_take_a_template_and_a_filter_and_mark_what_is_refused(
    signed_in: Console, server: Server, ledger: str
) -> None:
    page = signed_in.page
    template = page.get_by_role("textbox", name="Payload template")
    write(template, '{\n  "total": {{ event.data.total | nofilter }}\n}')
    wanted = page.get_by_role("textbox", name="Filter")
    write(wanted, '{"data.total": {"over": 1}}')

    # Over two lines: the browser's own way would be refused by the policy.
    template.press("ControlOrMeta+Home")
    template.press("Shift+ArrowDown")
    page.keyboard.type("{")
    page.get_by_role("button", name="Save").click()

    expect(template).to_have_attribute("aria-invalid", "true")
    expect(template).to_be_focused()
    expect(page.locator(".cm-lintRange-error").first).to_contain_text("nofilter")
    expect(wanted).to_have_attribute("aria-invalid", "true")
    signed_in.check_accessible()

    write(template, '{\n  "total": {{ event.data.total }}\n}')
    write(wanted, '{"data.total": {"gte": 1}}')
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert server.graphql(READ, id=ledger)["webhook"] == {
        "filter": {"data.total": {"gte": 1}},
        "payloadTemplate": '{\n  "total": {{ event.data.total }}\n}',
        "payloadContentType": "application/json",
    }
