"""Event types: from what was published to an entry with a schema that is enforced."""

from collections.abc import Callable

from playwright.sync_api import Dialog, Locator, expect

from tests.browser.console import Console, Server
from tests.browser.test_activity import publish

SCHEMA = '{"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}'


def editor_of(drawer: Locator, label: str) -> Locator:
    # By role: while the editor loads, what stands in its place has the label as well.
    return drawer.get_by_role("textbox", name=label)


def write(editor: Locator, text: str) -> None:
    """Replaces the text of an editor."""
    editor.click()
    editor.press("Control+A")
    editor.page.keyboard.insert_text(text)


def test_type_that_was_published_gets_an_entry_that_the_server_checks(
    signed_in: Console, server: Server
) -> None:
    publish(server, "shop.basket.left")
    page = signed_in.page
    page.get_by_role("link", name="Event types").click()
    expect(page.get_by_text("The catalogue is empty.")).to_be_visible()
    page.get_by_role("button", name="Add shop.basket.left to the catalogue").click()
    drawer = page.get_by_role("dialog", name="Add event type")
    expect(drawer.get_by_label("Name")).to_have_value("shop.basket.left")

    schema, sample = editor_of(drawer, "JSON Schema of the data"), editor_of(drawer, "Sample")
    write(schema, '{ "type": object }')
    expect(drawer.get_by_text("This is no JSON: Unexpected token 'o'")).to_be_visible()
    write(schema, SCHEMA)
    write(sample, '{"total": "nine"}')
    drawer.get_by_text("Refuse events whose data does not conform to it").click()
    expect(drawer.get_by_text("The server would refuse this.")).to_be_visible()
    expect(sample).to_have_attribute("aria-invalid", "true")
    signed_in.check_accessible()
    write(sample, '{"total": 9}')
    expect(drawer.get_by_text("The server would take this.")).to_be_visible()
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_be_hidden()

    # Two lists, each asked for by itself: for a moment it stands in both.
    row = page.locator("tr[data-row]").filter(has_text="shop.basket.left")
    expect(row).to_contain_text("Enforced")
    expect(page.get_by_role("button", name="Add shop.basket.left to the catalogue")).to_be_hidden()
    signed_in.check_accessible()
    page.set_viewport_size({"width": 320, "height": 700})
    assert signed_in.width() == 320
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("searchbox", name="Name or meaning").fill("BASKET.")
    expect(row).to_have_count(1)
    page.get_by_role("searchbox", name="Name or meaning").fill("nothing")
    expect(page.get_by_text("No event type of the catalogue matches.")).to_be_visible()
    page.get_by_role("searchbox", name="Name or meaning").fill("")

    row.get_by_role("link", name="shop.basket.left").click()
    entry = page.get_by_role("dialog", name="shop.basket.left")
    expect(editor_of(entry, "Sample")).to_contain_text('"total": 9')
    entry.get_by_role("button", name="Delete from the catalogue").click()
    entry.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The catalogue is empty.")).to_be_visible()


def test_new_type_that_is_not_saved_asks_before_it_is_lost(console: Console) -> None:
    page = console.page
    console.go("/types")
    page.get_by_role("button", name="Add event type").click()
    drawer = page.get_by_role("dialog", name="Add event type")
    # Untouched it closes without a question.
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    page.get_by_role("button", name="Add event type").click()
    drawer.get_by_label("Meaning").fill("Somebody looked")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", stay)
    leaving: tuple[Callable[[], object], ...] = (
        lambda: page.keyboard.press("Escape"),
        lambda: drawer.get_by_role("button", name="Cancel").click(),
        lambda: page.evaluate("history.back()"),
    )
    for leave in leaving:
        with page.expect_event("dialog"):
            leave()
        expect(drawer.get_by_label("Meaning")).to_have_value("Somebody looked")
    page.remove_listener("dialog", stay)

    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert len(asked) == 3
    assert "not saved" in asked[0]
