"""Sets in a browser: what was applied, by whom, and what was changed by hand since."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.console import Console, Server

APPLY = """mutation($input: SyncApplyInput!) { syncApply(input: $input) {
  revision { number } problems { message } userErrors { message } } }"""
CHANGE = """mutation($id: ID!, $reason: String!, $timeout: Duration!) {
  webhookUpdate(input: {id: $id, timeout: $timeout, force: true, reason: $reason}) {
    userErrors { message } } }"""
ROLLBACK = """mutation($input: SyncRollbackInput!) {
  syncRollback(input: $input) { revision { number } } }"""


def apply(
    server: Server,
    set_name: str,
    timeout: str,
    message: str,
    moved_to: str | None = None,
    secret: str = "first",
    **more: object,
) -> None:
    """Applies a set of one webhook. moved_to: the slug that it gets; secret: of its X-Api-Key;
    more: fields.
    """
    form = {
        "url": "https://example.com/in",
        "timeout": timeout,
        "environments": ["staging"],
        "events": ["sync.a.b"],
        "headers": {"X-Api-Key": "${env:KEY}"},
        "lifecycle": {"ignoreChanges": ["rateLimit"]},
        **more,
    }
    slug = f"{set_name}-one"
    moved = [{"from": slug, "to": moved_to}] if moved_to else []
    webhooks = {moved_to or slug: form}
    document = {"version": 1, "set": set_name, "moved": moved, "webhooks": webhooks}
    source = {
        "commit": "9f2c1ab0c0ffee9f2c1ab0c0ffee",
        "branch": "main",
        "author": "Ann <b>Bee</b>",
        "runUrl": "javascript:alert(1)",
    }
    given = {
        "set": set_name,
        "document": document,
        "message": message,
        "source": source,
        "secretsJson": {"webhooks": {moved_to or slug: {"headers": {"X-Api-Key": secret}}}},
    }
    answer = server.graphql(APPLY, input=given)["syncApply"]
    assert answer["revision"] is not None, answer


def change_by_hand(server: Server, slug: str, reason: str, timeout: str = "25s") -> None:
    found = server.graphql("query($s: String!) { webhookBySlug(slug: $s) { id } }", s=slug)
    given = {"id": found["webhookBySlug"]["id"], "reason": reason, "timeout": timeout}
    answer = server.graphql(CHANGE, **given)
    assert answer["webhookUpdate"]["userErrors"] == []


def test_drift_appears_live_and_says_who_made_it_and_why(
    signed_in: Console, server: Server
) -> None:
    apply(server, "team-a", "20s", "first")
    page = signed_in.page
    page.get_by_role("link", name="Sync").click()
    row = page.get_by_role("row").filter(has_text="team-a")
    expect(row).to_contain_text("9f2c1ab0c0ff")
    expect(row).to_contain_text("branch main, applied by hookline dev")
    expect(row).to_contain_text("None")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    change_by_hand(server, "team-a-one", "Incident <7>")

    expect(row).to_contain_text("1 webhook")
    signed_in.check_accessible()
    row.get_by_role("link", name="team-a").press("Enter")
    page.get_by_role("tab", name="Drift").click()
    drift = page.get_by_role("row").filter(has_text="team-a-one")
    for text in ("timeout", "20s", "25s", 'token "hookline dev"', "Incident <7>"):
        expect(drift).to_contain_text(text)
    signed_in.check_accessible()

    signed_in.go(signed_in.address)
    drift.get_by_role("link", name="team-a-one").press("Enter")
    expect(page.get_by_text("It leaves rateLimit to people.")).to_be_visible()
    page.get_by_role("link", name="yaml: the set team-a").click()
    expect(page.get_by_role("heading", name="team-a")).to_be_visible()


def test_history_shows_what_each_revision_changed_and_grows_by_itself(
    console: Console, server: Server
) -> None:
    page = console.page
    apply(server, "team-b", "20s", "A <i>first</i> one")
    console.go("/sync/team-b")
    first = page.get_by_role("row").filter(has_text="Revision 1")
    expect(first).to_contain_text("A <i>first</i> one")
    expect(first).to_contain_text("1 created")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()

    apply(server, "team-b", "29s", "slower")

    second = page.get_by_role("row").filter(has_text="Revision 2")
    expect(second).to_contain_text("1 changed")
    second.get_by_role("link").press("Enter")
    drawer = page.get_by_role("dialog", name="Revision 2")
    expect(drawer).to_contain_text("team-b-one")
    expect(drawer).to_contain_text(re.compile("timeout.*20s.*29s", re.DOTALL))
    # What the caller stated is no link unless it leads to a page.
    expect(drawer).to_contain_text("javascript:alert(1)")
    expect(drawer.get_by_role("link")).to_have_count(0)
    expect(drawer).to_contain_text("Ann <b>Bee</b>")
    console.check_accessible()
    console.go(console.address)
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")

    apply(server, "team-b", "29s", "renamed", moved_to="team-b-two")
    third = page.get_by_role("row").filter(has_text="Revision 3")
    expect(third).to_contain_text("1 moved")
    third.get_by_role("link").press("Enter")
    expect(page.get_by_role("dialog", name="Revision 3")).to_contain_text("Was team-b-one")
    console.check_accessible()
    page.keyboard.press("Escape")

    page.get_by_role("tab", name="Drift").click()
    expect(page.get_by_text("No drift")).to_be_visible()
    for path in ("/sync", "/sync/team-b", "/sync/team-b?tab=drift"):
        console.go(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.set_viewport_size({"width": 320, "height": 640})
        assert console.width() == 320


def apply_long_values(server: Server, number: int) -> None:
    """Applies a set whose values are long and differ by the number alone, far behind."""
    conditions = {f"data.field{at}": {"eq": str(at)} for at in range(40)}
    conditions["data.field30"] = {"eq": f"<b>{number}</b>"}
    lines = [f'  "line{at}": {at},' for at in range(40)]
    lines[30] = f'  "line30": "x{number}",'
    apply(
        server,
        "team-f",
        "20s",
        "first",
        secret=str(number),
        filter=conditions,
        payloadTemplate="\n".join(["{", *lines, '  "end": 1', "}"]),
        events=[*(f"sync.a.b{at}" for at in range(30)), f"sync.a.new{number}"],
    )


def test_revision_shows_the_lines_that_differ(console: Console, server: Server) -> None:
    apply_long_values(server, 1)
    apply_long_values(server, 2)
    page = console.page

    console.go("/sync/team-f?revision=2")
    drawer = page.get_by_role("dialog", name="Revision 2")
    for field, lines in {
        "events": ["- sync.a.new1", "+ sync.a.new2"],
        "filter": ['-     "eq": "<b>1</b>"', '+     "eq": "<b>2</b>"'],
        "payloadTemplate": ['-   "line30": "x1",', '+   "line30": "x2",'],
    }.items():
        shown = drawer.get_by_role("region", name=f"{field}: what differs")
        expect(shown).to_be_visible()
        assert [one for one in shown.inner_text().split("\n") if one[:1] in ("-", "+")] == lines
    expect(drawer).to_contain_text("Another secret: headers.X-Api-Key")
    expect(drawer).not_to_contain_text("sync.a.b28")
    console.check_accessible()
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320

    console.go("/sync/team-f?revision=1")
    made = page.get_by_role("dialog", name="Revision 1")
    expect(made.get_by_role("region", name="payloadTemplate")).to_contain_text('"line39": 39')


def test_guard_that_is_lifted_is_seen(console: Console, server: Server) -> None:
    apply(server, "team-g", "20s", "guarded", lifecycle={"preventDestroy": True})
    apply(server, "team-g", "20s", "lifted", lifecycle={})
    page = console.page

    console.go("/sync/team-g")
    row = page.get_by_role("row").filter(has_text="Revision 2")
    expect(row).to_contain_text("policy alone")
    row.get_by_role("link").press("Enter")
    drawer = page.get_by_role("dialog", name="Revision 2")
    expect(drawer).to_contain_text("preventDestroy - team-g-one")
    console.check_accessible()


def test_set_that_is_not_there_is_told(console: Console) -> None:
    console.go("/sync/no%2Fset")
    expect(console.page.get_by_text("No file of the set no/set was applied")).to_be_visible()
    console.check_accessible()


FILE = """version: 1
set: team-c
webhooks:
  new-one:
    url: https://new.example.com/in
    environments: [staging]
    events: [sync.a.b]
    secretHeader: { name: X-Key, value: "${env:KEY}" }
"""


def test_file_that_is_pasted_dropped_or_chosen_is_planned_and_nothing_applied(
    console: Console, server: Server
) -> None:
    apply(server, "team-c", "20s", "first")
    page = console.page
    console.go("/sync")
    page.get_by_role("button", name="Plan a file").click()
    drawer = page.get_by_role("dialog", name="Plan a webhooks file")
    editor = drawer.get_by_role("textbox", name="YAML")
    expect(drawer.get_by_role("button", name="Show the plan")).to_be_disabled()

    editor.click()
    page.keyboard.insert_text(FILE.replace("url:", "uri:"))
    drawer.get_by_role("button", name="Show the plan").click()
    expect(drawer.get_by_role("status")).to_contain_text("problems: nothing can be applied")
    expect(drawer.get_by_role("status")).to_contain_text(re.compile("line 5: .*uri"))
    expect(drawer.locator(".cm-lintRange-error")).to_contain_text("new-one")
    console.check_accessible()

    dropped = page.evaluate_handle(
        """(text) => { const all = new DataTransfer();
        all.items.add(new File([text], "shop.yaml")); return all; }""",
        FILE.replace("https://new.", "https://<b>dropped</b>."),
    )
    editor.dispatch_event("drop", {"dataTransfer": dropped})
    expect(drawer.get_by_role("status")).to_contain_text("line 5")
    expect(editor).to_contain_text("<b>dropped</b>")

    chosen = {"name": "shop.yaml", "mimeType": "text/yaml", "buffer": FILE.encode()}
    drawer.get_by_label("File", exact=True).set_input_files(chosen)  # type: ignore[arg-type]
    status = drawer.get_by_role("status")
    expect(status).to_contain_text("Set team-c: 2 changes, 0 unchanged")
    expect(status).to_contain_text(re.compile("new-one.*Created.*line 4", re.DOTALL))
    expect(status).to_contain_text(re.compile("team-c-one.*Left the file", re.DOTALL))
    expect(status).to_contain_text("Not compared: new-one.secretHeader.value")
    console.check_accessible()
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320
    sets = server.graphql('{ syncSet(name: "team-c") { revision { number } webhookCount } }')
    assert sets["syncSet"] == {"revision": {"number": 1}, "webhookCount": 1}


def open_rollback(console: Console, server: Server) -> Locator:
    """The drawer of a rollback to revision 1, which a change by hand blocks until it is lifted."""
    apply(server, "team-d", "20s", "first")
    apply(server, "team-d", "29s", "slower <b>")
    page = console.page
    console.go("/sync/team-d?revision=1")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    change_by_hand(server, "team-d-one", "incident <7>")
    page.get_by_role("dialog", name="Revision 1").get_by_role(
        "button", name="Bring it back"
    ).click()
    drawer = page.get_by_role("dialog", name="Back to revision 1")
    blocked = "team-d-one: timeout changed by token"
    expect(drawer.get_by_role("status", name="Plan")).to_contain_text(blocked)
    expect(drawer.get_by_role("button", name="Bring it back")).to_be_disabled()
    console.check_accessible()
    # The address leads to the same.
    console.go(console.address)
    drawer.get_by_label("What was changed by hand").select_option("Is set back")
    return drawer


def test_revision_is_brought_back_by_its_plan_and_events_of_the_set_come_live(
    console: Console, server: Server
) -> None:
    page, drawer = console.page, open_rollback(console, server)
    bring = drawer.get_by_role("button", name="Bring it back")
    status = drawer.get_by_role("status", name="Plan")
    expect(bring).to_be_enabled()
    expect(status).to_contain_text(re.compile("25s.*20s", re.DOTALL))

    # What was planned is what is made, or nothing.
    change_by_hand(server, "team-d-one", "once more", "24s")
    drawer.get_by_label("Why").fill("took too long")
    bring.click()
    expect(drawer.get_by_role("alert")).to_contain_text("Something changed since")
    bring.click()
    expect(status).to_contain_text("Set team-d is back to revision 1, as revision 3")
    console.check_accessible()
    page.set_viewport_size({"width": 320, "height": 640})
    assert console.width() == 320
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)

    row = page.get_by_role("row").filter(has_text="Revision 3")
    expect(row).to_contain_text("back to 1")
    expect(row).to_contain_text("took too long")
    news = page.get_by_role("region", name="Since this page was opened")
    expect(news).to_contain_text("revision 3 (back to 1): 1 changed")
    expect(news).to_contain_text('timeout was changed by token "hookline dev": once more')
    refused = server.graphql(ROLLBACK, input={"set": "team-d", "revision": 2, "planDigest": "x"})
    assert refused["syncRollback"]["revision"] is None
    expect(news.get_by_role("listitem").first).to_contain_text("Blocked")
    console.check_accessible()
    assert console.width() == 320


def test_webhook_that_was_deleted_by_hand_is_drift_without_a_link(
    console: Console, server: Server
) -> None:
    apply(server, "team-gone", "20s", "first")
    found = server.graphql('query { webhookBySlug(slug: "team-gone-one") { id } }')
    delete = """mutation($input: WebhookDeleteInput!) {
      webhookDelete(input: $input) { userErrors { code } } }"""
    given = {"id": found["webhookBySlug"]["id"], "force": True, "reason": "x"}
    answer = server.graphql(delete, input=given)
    assert answer["webhookDelete"]["userErrors"] == []

    console.go("/sync/team-gone?tab=drift")

    row = console.page.get_by_role("row").filter(has_text="team-gone-one")
    expect(row).to_contain_text('deleted by token "hookline dev"')
    expect(row.get_by_role("link")).to_have_count(0)
    expect(console.page.get_by_text("Drift blocks the next apply")).to_have_count(0)
    console.check_accessible()
