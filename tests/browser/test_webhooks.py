"""The list of webhooks in a browser, and the way to it."""

from playwright.sync_api import expect

from tests.browser.console import Console, Server, wait_for
from tests.browser.test_activity import make_webhook, publish

STATUS = '{ webhookBySlug(slug: "echo") { status } }'


def status_of_echo(server: Server) -> object:
    return server.graphql(STATUS)["webhookBySlug"]["status"]


def test_link_of_the_terminal_signs_in_once_and_the_page_can_be_loaded_again(
    console: Console, server: Server
) -> None:
    link = server.link

    console.page.goto(link)
    expect(console.page.get_by_role("link", name="Echo")).to_be_visible()
    assert console.address == f"{server.url}/"
    console.page.reload()
    expect(console.page.get_by_role("link", name="Echo")).to_be_visible()

    console.expect("403")
    console.page.goto(link)
    expect(console.page.get_by_role("heading")).to_contain_text("This link was used")
    console.page.goto("/")


def test_webhook_is_switched_off_and_on(signed_in: Console, server: Server) -> None:
    page = signed_in.page
    switch = page.get_by_role("switch", name="Echo: on")
    row = page.get_by_role("row").filter(has=switch)
    expect(row).to_contain_text("Active")

    switch.press("Space")
    expect(row).to_contain_text("Inactive")
    assert status_of_echo(server) == "INACTIVE"
    row.get_by_role("link", name="Echo").focus()
    page.keyboard.press("t")
    expect(switch).to_be_checked()
    wait_for(lambda: status_of_echo(server) == "ACTIVE")


def test_switch_is_taken_back_with_the_servers_words_where_a_file_owns_it(
    signed_in: Console,
) -> None:
    switch = signed_in.page.get_by_role("switch", name="Always fails: on")

    switch.press("Space")

    dialog = signed_in.page.get_by_role("dialog", name="Always fails was not changed")
    expect(dialog).to_contain_text("config/webhooks.yaml:")
    signed_in.check_accessible()
    signed_in.page.keyboard.press("Escape")
    expect(switch).not_to_be_checked()


def test_wrong_token_is_told_and_the_address_is_kept(console: Console, server: Server) -> None:
    console.expect("401")
    page = console.page
    page.goto("/webhooks?search=always")
    page.get_by_label("Token").fill("hl_" + "x" * 43)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    console.check_accessible()

    page.get_by_label("Token").fill(server.token)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("searchbox", name="Search name")).to_have_value("always")
    expect(page.get_by_role("link", name="Always fails")).to_be_visible()
    expect(page.get_by_role("link", name="Echo")).to_be_hidden()


def test_list_is_accessible_and_as_narrow_as_a_phone(signed_in: Console) -> None:
    expect(signed_in.page.get_by_role("link", name="Echo")).to_be_visible()
    signed_in.check_accessible()

    signed_in.page.set_viewport_size({"width": 320, "height": 640})

    assert signed_in.width() == 320


def test_webhook_is_deleted_by_typing_its_slug_and_leaves_every_list_at_once(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    made = server.graphql(
        """mutation { webhookCreate(input: {name: "Short-lived", slug: "short-lived",
        url: "https://example.com/in", environments: ["staging"], events: ["a.b.c"]})
        { webhook { id } } }"""
    )
    assert made["webhookCreate"]["webhook"]
    # By the socket: nobody has loaded anything.
    expect(page.get_by_role("link", name="Short-lived")).to_be_visible()

    page.get_by_role("button", name="Actions for Short-lived").click()
    page.get_by_role("menuitem", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_role("textbox").fill("short-lived")
    dialog.get_by_role("button", name="Delete").click()

    expect(page.get_by_role("link", name="Short-lived")).to_be_hidden()


def test_webhook_is_added_on_the_page_and_opens_its_form(
    signed_in: Console, server: Server
) -> None:
    page = signed_in.page
    page.get_by_role("button", name="Add webhook").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Added")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_label("URL")).to_have_attribute("aria-invalid", "true")
    signed_in.check_accessible()

    dialog.get_by_label("URL").fill("https://example.com/added")
    dialog.get_by_role("button", name="Write as text").click()
    dialog.get_by_label("Patterns").fill("added.a.b, added.a.c")
    dialog.get_by_role("button", name="Add", exact=True).click()

    expect(page.get_by_role("heading", name="Added")).to_be_visible()
    expect(page.get_by_role("combobox", name="Action 1")).to_have_value("b")
    expect(page.get_by_role("combobox", name="Action 2")).to_have_value("c")


def test_several_are_turned_off_and_deleted_with_one_report_and_found_by_what_they_receive(
    console: Console, server: Server
) -> None:
    made = [make_webhook(server, slug, "/_echo", f"several.{slug}.made") for slug in ("one", "two")]
    page = console.page
    console.go("/webhooks")
    page.get_by_role("searchbox", name="Receives").fill("several.one.made")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(3)  # with the head, and Echo, which receives all
    page.get_by_role("searchbox", name="Receives").fill("")
    page.get_by_label("Managed").select_option("By hand")
    expect(page.get_by_role("link", name="Echo", exact=True)).to_have_count(0)
    page.get_by_label("Managed").select_option("By hand or by a file")

    for name in ("One", "Always fails", "Two"):
        page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()
    chosen = page.get_by_role("region", name="Selected webhooks")
    expect(chosen).to_contain_text("3 webhooks selected")
    console.check_accessible()
    chosen.get_by_role("button", name="Turn on").click()
    report = page.get_by_role("dialog", name="2 of 3 on")
    managed = report.get_by_role("listitem").filter(has_text="Always fails")
    expect(managed).to_contain_text("webhooks.yaml")
    console.check_accessible()
    report.get_by_role("button", name="Close").click()
    expect(chosen).to_be_hidden()

    for name in ("One", "Two"):
        page.get_by_role("checkbox", name=f"Select {name}", exact=True).check()
    chosen.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog", name="Delete 2 webhooks?").get_by_role(
        "button", name="Delete 2 webhooks"
    ).click()
    page.get_by_role("dialog", name="2 of 2 deleted").get_by_role("button", name="Close").click()
    expect(rows.filter(has_text="several.")).to_have_count(0)
    gone = "query($id: ID!) { webhook(id: $id) { deletedAt } }"
    assert all(server.graphql(gone, id=one)["webhook"]["deletedAt"] for one in made)


def test_turning_on_asks_whether_what_was_missed_is_delivered(
    console: Console, server: Server
) -> None:
    webhook = make_webhook(server, "misses", "/_echo", "missed.while.off")
    page = console.page
    console.go(f"/webhooks/{webhook}?tab=activity")
    switch = page.get_by_role("switch", name="Misses: on")
    switch.press("Space")
    expect(page.get_by_text("Inactive")).to_be_visible()
    for _ in range(2):
        publish(server, "missed.while.off")

    switch.press("Space")
    dialog = page.get_by_role("dialog", name="Turn Misses on")
    expect(dialog).to_contain_text("It missed 2 events while it was off")
    console.check_accessible()
    dialog.get_by_role("button", name="Leave it off").click()
    expect(page.get_by_text("Inactive")).to_be_visible()
    switch.press("Space")
    dialog.get_by_role("button", name="Turn on and deliver 2").click()

    expect(page.get_by_role("row").filter(has_text="missed.while.off")).to_have_count(2)
    expect(switch).to_be_checked()
