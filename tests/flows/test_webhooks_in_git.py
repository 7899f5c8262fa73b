"""Webhooks kept in git: checked, planned, applied by a command, guarded against changes by hand,
and what each ending tells a CI job.
"""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.flows.installation import Installation

# What is stored is tried on both in tests/hookline/sync; here it is how the commands end.
pytestmark = pytest.mark.parametrize("shared_installation", ["postgres"], indirect=True)

FILE = """version: 1
set: shop
webhooks:
  orders:
    url: https://crm.example.com/in
    environments: [production]
    events: [order.*.create]
    secretHeader: { name: X-Webhook-Secret, value: "${env:CRM_KEY}" }
"""
MORE = """  invoices:
    url: https://books.example.com/in
    environments: [production]
    events: [invoice.*.*]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hooks.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def shop(hookline: Installation) -> Installation:
    """With the secret that the file refers to."""
    hookline.environment["CRM_KEY"] = "crm-key-in-clear"
    return hookline


async def test_a_file_is_checked_planned_applied_and_then_there_is_nothing_left_to_do(
    shop: Installation, file: Path
) -> None:
    assert "valid: 1 webhook in set shop" in shop.run("sync", "validate", "-f", str(file)).stdout
    assert "+ orders" in shop.run("sync", "plan", "-f", str(file), "--check", exit_code=2).stdout
    applied = shop.run("sync", "apply", "-f", str(file))
    assert "Revision 1: 1 create, 0 unchanged." in applied.stdout
    assert "nothing to change, 1 unchanged" in shop.run("sync", "apply", "-f", str(file)).stdout
    assert "1 unchanged" in shop.run("sync", "plan", "-f", str(file), "--check").stdout
    for printed in (applied, shop.run("sync", "plan", "-f", str(file), "--format", "json")):
        assert "crm-key-in-clear" not in printed.stdout + printed.stderr


async def test_a_large_file_that_did_not_change_is_not_sent_again(
    shop: Installation, file: Path
) -> None:
    hooks = "".join(MORE.replace("invoices", f"invoices-{number}") for number in range(120))
    file.write_text(FILE + hooks)
    plan, apply = ("sync", "plan", "-f", str(file)), ("sync", "apply", "-f", str(file))
    shop.run(*apply)
    assert "nothing to change, 121 unchanged" in shop.run(*apply).stdout
    assert "121 unchanged" in shop.run(*plan, "--check").stdout
    # Each of these is another answer than the short one.
    shop.environment["CRM_KEY"] = "another-key"
    assert "~ orders" in shop.run(*plan, "--check", exit_code=2).stdout
    shop.environment["CRM_KEY"] = "crm-key-in-clear"
    found = await webhook(shop, "invoices-7")
    await shop.mutate("webhookDelete", "", id=found["id"], force=True, reason="incident 7")
    assert "+ invoices-7" in shop.run(*plan, "--check", exit_code=2).stdout
    assert "Revision 2: 1 create, 120 unchanged." in shop.run(*apply).stdout


async def test_one_file_serves_all_stages(shop: Installation, file: Path) -> None:
    file.write_text(FILE.replace("crm.example.com", "${env:CRM_HOST:-crm.localhost}"))
    plan, apply = ("sync", "plan", "-f", str(file)), ("sync", "apply", "-f", str(file))
    shop.environment["CRM_HOST"] = "crm.staging.example.com"
    assert "url https://crm.staging.example.com/in" in shop.run(*plan).stdout
    shop.run(*apply)
    assert "1 unchanged" in shop.run(*plan, "--check").stdout
    shop.environment["CRM_HOST"] = "crm.production.example.com"
    changed = shop.run(*plan, "--unresolved-secrets", "--check", exit_code=2).stdout
    assert "crm.production.example.com" in changed
    assert "(unknown) orders.secretHeader" in changed
    assert "crm-key-in-clear" not in changed
    shop.environment["CRM_HOST"] = "crm\x07.example.com"
    refused = shop.run(*apply, exit_code=3).stderr
    assert f"{file}:5:10: error[bad-character] webhooks.orders.url: " in refused


async def test_two_teams_own_files_of_one_set(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    folder, plan = tmp_path / "config", tmp_path / "plan.json"
    folder.mkdir()
    orders = file.rename(folder / "orders.yaml")
    invoices = folder / "invoices.yml"
    invoices.write_text(f"version: 1\nset: shop\nwebhooks:\n{MORE}")
    named = ("-f", str(folder))
    valid = shop.run("sync", "validate", *named).stdout
    assert valid == "2 files are valid: 2 webhooks in set shop.\n"
    shown = shop.run("sync", "plan", *named, "-o", str(plan)).stdout
    assert f"{invoices}:4" in shown
    assert f"{orders}:4" in shown
    # The same files by their names are what was planned, also in another order.
    shop.run("sync", "apply", str(plan), "-f", str(orders), "-f", str(invoices))
    by_names = ("sync", "plan", "--check", "-f", str(invoices), "-f", str(orders))
    assert "2 unchanged" in shop.run(*by_names).stdout

    invoices.write_text(invoices.read_text() + FILE.partition("webhooks:\n")[2])
    refused = shop.run("sync", "apply", *named, exit_code=3).stderr
    twice = f"webhooks.orders: orders stands at {invoices}:8:3 already"
    assert f"{orders}:4:3: error[duplicate-slug] {twice}" in refused
    assert f"Stale: {invoices} is not as planned. Plan again" in (
        shop.run("sync", "apply", str(plan), *named, "-f", str(orders), exit_code=5).stderr
    )


async def test_what_leaves_the_file_is_turned_off_and_comes_back_on(
    shop: Installation, file: Path
) -> None:
    file.write_text(FILE + MORE)
    shop.run("sync", "apply", "-f", str(file))
    file.write_text(FILE)
    assert "not in the file: is now DISABLED" in shop.run("sync", "apply", "-f", str(file)).stdout
    assert (await webhook(shop, "invoices"))["active"] is False

    file.write_text(FILE + MORE)
    assert "back in the file" in shop.run("sync", "apply", "-f", str(file)).stdout
    assert (await webhook(shop, "invoices"))["active"] is True


async def test_a_webhook_is_renamed_and_a_part_of_a_file_is_applied(
    shop: Installation, file: Path
) -> None:
    plan, apply = ("sync", "plan", "-f", str(file)), ("sync", "apply", "-f", str(file))
    file.write_text(FILE + MORE)
    shop.run(*apply)
    before = await webhook(shop, "orders")
    renamed = FILE.replace("  orders:", "  order-sync:")
    entry = "moved: [{ from: orders, to: order-sync }]"
    file.write_text(renamed + MORE.replace("/in", "/new"))
    assert f"looks like a rename of orders: write `{entry}`" in shop.run(*plan).stdout
    file.write_text(file.read_text().replace("webhooks:", f"{entry}\nwebhooks:"))
    markdown = shop.run(*plan, "--format", "markdown").stdout
    assert markdown.startswith("<!-- hookline-sync shop -->\n")
    assert "was orders: keeps id, history and secret" in markdown
    [quality, *_] = json.loads(shop.run(*plan, "--format", "gitlab").stdout)
    assert quality["location"] == {"path": str(file), "lines": {"begin": 10}}
    part = shop.run(*apply, "--only", "order-sync")
    assert "1 move" in part.stdout
    assert "the rest of the files waits" in part.stderr
    assert (await webhook(shop, "order-sync"))["id"] == before["id"]
    assert "1 update, 1 unchanged" in shop.run(*plan, "--check", exit_code=2).stdout
    shop.run(*apply)
    assert "2 unchanged" in shop.run(*plan, "--check").stdout


async def test_a_policy_of_a_file_counts_before_the_next_commit_s(
    shop: Installation, file: Path
) -> None:
    apply = ("sync", "apply", "-f", str(file))
    file.write_text((FILE + MORE).replace("webhooks:", "policy: { maxRemovals: 0 }\nwebhooks:"))
    shop.run(*apply)
    file.write_text(FILE.replace("webhooks:", "policy: { prune: delete }\nwebhooks:"))
    refused = shop.run(*apply, exit_code=4).stdout
    assert (
        "policy: maxRemovals 0; the file applied last is stricter in prune and maxRemo" in refused
    )
    assert "by the policy of the file applied last" in refused
    assert "is now DISABLED" in shop.run(*apply, "--allow-removals", "1").stdout


async def test_a_change_by_hand_needs_force_and_a_reason_and_then_blocks_the_next_apply(
    shop: Installation, file: Path
) -> None:
    shop.run("sync", "apply", "-f", str(file))
    orders = await webhook(shop, "orders")
    update = (
        "mutation($input: WebhookUpdateInput!) { webhookUpdate(input: $input) { userErrors { "
        "code message } } }"
    )
    refused = (
        await shop.graphql(
            update, input={"id": orders["id"], "url": "https://other.example.com/in"}
        )
    )["webhookUpdate"]
    assert refused["userErrors"][0]["code"] == "FIELD_MANAGED"
    assert 'The set "shop"' in refused["userErrors"][0]["message"]
    assert f"{file}:4" in refused["userErrors"][0]["message"]

    await shop.mutate(
        "webhookUpdate",
        "",
        id=orders["id"],
        url="https://other.example.com/in",
        force=True,
        reason="incident 7",
    )
    blocked = shop.run("sync", "apply", "-f", str(file), exit_code=4)
    assert "url https://crm.example.com/in → https://other.example.com/in" in blocked.stdout
    assert "incident 7" in blocked.stdout
    assert "--on-drift" in blocked.stdout
    assert shop.run("sync", "plan", "-f", str(file), "--check", exit_code=4).stdout

    shop.run("sync", "apply", "-f", str(file), "--on-drift", "overwrite")
    assert (await webhook(shop, "orders"))["url"] == "https://crm.example.com/in"


async def test_a_saved_plan_is_applied_exactly_or_not_at_all(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    shop.run("sync", "plan", "-f", str(file), "-o", str(plan))
    assert "crm-key-in-clear" not in plan.read_text()
    another = shop.run("sync", "apply", str(plan), exit_code=5, CRM_KEY="another").stderr
    assert "Changed since the plan was made: the value of a secret. Plan again." in another
    shop.run("sync", "apply", str(plan))
    # As after a lost answer: it was applied, by this plan.
    again = shop.run("sync", "apply", str(plan)).stdout
    assert "Revision 1 was made by an earlier try of this apply: hookline sync show 1" in again
    another = shop.run("sync", "apply", str(plan), exit_code=5, CRM_KEY="another").stderr
    assert "Plan again." in another

    file.write_text(FILE + MORE)
    shop.run("sync", "apply", "-f", str(file))
    file.write_text(FILE)
    later = shop.run("sync", "apply", str(plan), exit_code=5).stdout
    assert "Revision 1 was made by an earlier try" in later
    assert "Revision 2 was applied since." in later
    file.write_text(FILE + MORE)
    assert "is not as planned" in shop.run("sync", "apply", str(plan), exit_code=5).stderr
    refused = shop.run("sync", "apply", str(file), exit_code=1).stderr
    assert (
        f"is not a saved plan. A webhooks file is applied with: hookline sync apply -f {file}"
        in (refused)
    )


async def test_a_stale_plan_names_a_webhook_of_which_a_field_outside_the_file_changed(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    shop.run("sync", "apply", "-f", str(file))
    file.write_text(FILE.replace("order.*.create", "order.*.update") + MORE)
    shop.run("sync", "plan", "-f", str(file), "-o", str(plan))
    orders = await webhook(shop, "orders")
    await shop.mutate("webhookUpdate", "", id=orders["id"], description="Of the warehouse.")
    stale = shop.run("sync", "apply", str(plan), exit_code=5).stderr
    assert "Changed since the plan was made: orders. Plan again." in stale


async def test_a_saved_plan_is_applied_with_its_options_by_the_command_that_saving_it_names(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    plan, save = tmp_path / "a plan.json", ("sync", "plan", "-f", str(file), "-o")
    shop.run("sync", "apply", "-f", str(file))
    orders = await webhook(shop, "orders")
    by_hand = {"id": orders["id"], "url": "https://other.example.com/in"}
    await shop.mutate("webhookUpdate", "", **by_hand, force=True, reason="incident 7")

    blocked = shop.run(*save, str(plan)).stderr
    assert "It is blocked: plan again with what lifts the block" in blocked
    told = shop.run(*save, str(plan), "--on-drift", "overwrite", "--server", shop.url)
    assert "  with --on-drift overwrite\n" in told.stdout
    command = shlex.split(told.stderr.rpartition("Apply it with: ")[2])
    assert command == ["hookline", "sync", "apply", str(plan), "--server", shop.url]
    applied = shop.run(*command[1:], HOOKLINE_SERVER="http://127.0.0.1:1")
    assert "  with --on-drift overwrite\n" in applied.stdout
    assert (await webhook(shop, "orders"))["url"] == "https://crm.example.com/in"

    file.write_text("version: 1\nset: shop\nwebhooks: {}\n")
    shop.run(*save, str(plan), "--allow-empty")
    assert "1 disable" in shop.run("sync", "apply", str(plan)).stdout


async def test_a_plan_saved_on_one_machine_is_applied_on_another(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    shop.run("sync", "plan", "-f", str(file), "-o", str(plan))
    other = tmp_path / "other"
    other.mkdir()
    shutil.move(file, other / "hooks.yaml")
    token = shop.run("token", "create", "deploy", "--role", "sync").stdout.strip()
    async with shop.as_seen_with(token, other) as there:
        told = there.run("sync", "apply", str(plan), exit_code=1).stderr
        assert f"The file of this plan, {file}, is not here. Name it with -f." in told
        named = ("sync", "apply", str(plan), "-f", "hooks.yaml")
        assert "1 create" in there.run(*named).stdout
        (other / "hooks.yaml").write_text(FILE + MORE)
        assert "Stale: hooks.yaml is not as planned" in there.run(*named, exit_code=5).stderr


async def test_a_plan_whose_token_may_not_apply_is_not_saved(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    create = "mutation($input: TokenCreateInput!) { tokenCreate(input: $input) { secret } }"
    scopes = ["webhooks:read", "deliveries:read", "sync:plan"]
    made = await shop.graphql(create, input={"name": "reviews", "scopes": scopes})
    token = made["tokenCreate"]["secret"]
    save = ("sync", "plan", "-f", str(file), "-o", str(plan))
    told = shop.run(*save, HOOKLINE_TOKEN=token, exit_code=7)
    assert "this token lacks the scope sync:apply" in told.stderr
    assert ("+ orders" in told.stdout, plan.exists()) == (True, False)


async def test_a_plan_is_never_saved_over_the_webhooks_file(
    shop: Installation, file: Path, tmp_path: Path
) -> None:
    before = file.read_text()
    save = ("sync", "plan", "-f", str(file), "-o")
    assert "is left as it is" in shop.run(*save, str(file), exit_code=1).stderr
    assert file.read_text() == before

    plan = tmp_path / "plan.json"
    shop.run(*save, str(plan))
    assert "Saved to" in shop.run(*save, str(plan)).stderr


async def test_every_ending_has_its_exit_code(shop: Installation, file: Path) -> None:
    plan = ("sync", "plan", "-f", str(file))
    assert (
        "No server answers" in shop.run(*plan, "--server", "http://127.0.0.1:1", exit_code=7).stderr
    )
    unknown_token = shop.run(*plan, HOOKLINE_TOKEN="hl_" + "x" * 43, exit_code=7).stderr
    assert "does not know this token: set HOOKLINE_TOKEN" in unknown_token
    publisher = shop.run("token", "create", "app", "--role", "publisher").stdout.strip()
    told = shop.run(*plan, HOOKLINE_TOKEN=publisher, exit_code=7).stderr
    assert "lacks the scope sync:plan:shop. Use a token of the role sync or admin." in told
    assert "env-missing" in shop.run(*plan, CRM_KEY="", exit_code=3).stderr
    assert (
        "(unknown)"
        in shop.run(*plan, "--unresolved-secrets", "--format", "json", CRM_KEY="").stdout
    )
    shop.run("sync", "apply", "-f", str(file))
    told = shop.run(*plan, "--unresolved-secrets", "--check", CRM_KEY="").stdout
    assert "  (unknown) orders.secretHeader.value\n" in told
    assert "1 secret is unknown here and was not compared." in told
    assert "Usage:" in shop.run(*plan, "--nonsense", exit_code=64).stderr

    file.write_text("version: 1\nset: shop\nwebhooks: {}\n")
    assert "--allow-empty" in shop.run("sync", "apply", "-f", str(file), exit_code=4).stdout


async def test_what_only_the_server_knows_is_told_at_its_line(
    shop: Installation, file: Path
) -> None:
    file.write_text(FILE.replace("https://crm.example.com/in", "http://10.0.0.7/in"))
    shop.run("sync", "validate", "-f", str(file))

    refused = shop.run("sync", "apply", "-f", str(file), exit_code=3)

    assert f"{file}:5:10: error[bad-url]" in refused.stderr
    assert "http://10.0.0.7/in" in refused.stderr
    [problem] = json.loads(
        shop.run("sync", "plan", "-f", str(file), "--format", "json", exit_code=3).stdout
    )["problems"]
    assert (problem["code"], problem["line"], problem["path"]) == (
        "bad-url",
        5,
        "webhooks.orders.url",
    )


async def test_a_webhook_of_people_is_taken_over_only_when_asked_to(
    shop: Installation, file: Path
) -> None:
    await shop.create_webhook("https://crm.example.com/in", slug="orders")

    assert "--adopt" in shop.run("sync", "apply", "-f", str(file), exit_code=4).stdout
    assert "1 adopt" in shop.run("sync", "apply", "-f", str(file), "--adopt").stdout
    managed = await shop.graphql(
        '{ webhookBySlug(slug: "orders") { managedBy { set file line lockedFields } } }'
    )
    assert managed["webhookBySlug"]["managedBy"]["set"] == "shop"


async def webhook(shop: Installation, slug: str) -> dict[str, object]:
    found: dict[str, object] = (
        await shop.graphql(
            "query($s: String!) { webhookBySlug(slug: $s) { id url active } }", s=slug
        )
    )["webhookBySlug"]
    return found
