"""Sets, history and drift as the commands tell them without a file, over a server and over the
database itself; the commands of docs/sync.md as they stand there.
"""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.flows.installation import Installation
from tests.processes import PROJECT, run_hookline

# What the commands ask the API for is read on both databases by its own tests.
pytestmark = pytest.mark.engines("sqlite")

FILE = """version: 1
set: shop
webhooks:
  orders:
    url: https://crm.example.com/in
    environments: [production]
    events: [order.*.create]
    timeout: 20s
    secretHeader: { name: X-Webhook-Secret, value: "${env:CRM_KEY}" }
"""
EMPTY = "version: 1\nset: other\nwebhooks: {}\n"


def told(done: Any) -> Any:
    content = json.loads(done.stdout)
    assert content["format_version"] == 1
    return content


def apply_twice(shop: Installation, file: Path) -> None:
    shop.environment["CRM_KEY"] = "crm-key-in-clear"
    file.write_text(FILE)
    shop.run("sync", "apply", "-f", str(file), "-m", "the first one")
    file.write_text(FILE.replace("20s", "25s"))
    shop.run("sync", "apply", "-f", str(file), "-m", "slower")


async def test_history_and_what_each_revision_changed_are_told_without_a_file(
    hookline: Installation, tmp_path: Path
) -> None:
    shop = hookline
    assert shop.run("sync", "status").stdout == f"No set was applied to {shop.url} yet.\n"
    assert "No set was applied" in shop.run("sync", "history", exit_code=1).stderr
    apply_twice(shop, tmp_path / "hooks.yaml")

    listed = shop.run("sync", "history").stdout
    assert re.search(r'  2  \S+ \S+ UTC  no commit  1 updated  by token "', listed)
    assert "the first one" in listed
    assert "slower" in listed
    assert "the first one" not in shop.run("sync", "history", "--limit", "1").stdout
    shown = shop.run("sync", "show", "2").stdout
    assert "  ~ orders  (update)\n      timeout 20s → 25s\n" in shown
    created = shop.run("sync", "show", "1").stdout
    assert "  + orders  (create)\n" in created
    assert "      events [order.*.create]\n" in created
    assert 'Set "shop" has no revision 3' in shop.run("sync", "show", "3", exit_code=1).stderr
    revisions = told(shop.run("sync", "history", "--format", "json"))["revisions"]
    assert [revision["number"] for revision in revisions] == [2, 1]
    revision = told(shop.run("sync", "show", "1", "--format", "json"))["revision"]
    assert [change["kind"] for change in revision["changes"]] == ["CREATE"]
    assert "crm-key-in-clear" not in f"{created}{revision}"


async def test_what_was_changed_by_hand_is_told_without_a_file_and_exits_with_2(
    hookline: Installation, tmp_path: Path
) -> None:
    shop = hookline
    apply_twice(shop, tmp_path / "hooks.yaml")
    assert shop.run("sync", "drift").stdout == f"No drift on {shop.url}.\n"
    webhook = (await shop.graphql("{ webhooks { nodes { id } } }"))["webhooks"]["nodes"][0]["id"]
    by_hand = {"timeout": "30s", "force": True, "reason": "incident 7"}
    await shop.mutate("webhookUpdate", "", id=webhook, **by_hand)
    drifted = shop.run("sync", "drift", exit_code=2).stdout
    assert 'set "shop": 1 webhook' in drifted
    assert "timeout 25s → 30s, changed by token " in drifted
    assert drifted.endswith(": incident 7\n")
    status = shop.run("sync", "status", "--set", "shop").stdout
    assert "shop  revision 2, no commit given, applied just now\n" in status
    assert "1 webhook, 1 with drift: hookline sync drift --set shop\n" in status
    assert f'from {tmp_path / "hooks.yaml"}, applied by token "tests"\n' in status

    # JSON has the API's names and values.
    [change] = told(shop.run("sync", "drift", "--format", "json", exit_code=2))["sets"][0][
        "changes"
    ]
    assert (change["slug"], change["fields"][0]["live"]) == ("orders", "30s")
    [one] = told(shop.run("sync", "status", "--format", "json"))["sets"]
    assert (one["name"], one["driftCount"], one["revision"]["number"]) == ("shop", 1, 2)


async def test_one_of_several_sets_is_named_and_a_wrong_name_tells_the_right_ones(
    hookline: Installation, tmp_path: Path
) -> None:
    hookline.environment["CRM_KEY"] = "crm-key-in-clear"
    for name, text in (("shop", FILE), ("other", EMPTY)):
        file = tmp_path / f"{name}.yaml"
        file.write_text(text)
        hookline.run("sync", "apply", "-f", str(file), "--allow-empty")
    several = hookline.run("sync", "history", exit_code=64).stderr
    assert "There are 2 sets: name one with --set (other, shop)." in several
    assert (
        'There is no set "shpo"'
        in hookline.run("sync", "drift", "--set", "shpo", exit_code=1).stderr
    )
    wrong = hookline.run("sync", "status", "--set", "shpo", exit_code=1).stderr
    assert "there are other, shop." in wrong
    names = [
        one["name"] for one in told(hookline.run("sync", "status", "--format", "json"))["sets"]
    ]
    assert names == ["other", "shop"]
    assert "no revision yet" in hookline.run("sync", "status", "--set", "other").stdout

    unknown = hookline.run("sync", "status", exit_code=7, HOOKLINE_TOKEN="hl_nobody").stderr
    assert "does not know this token" in unknown
    away = hookline.run("sync", "drift", "--server", "http://127.0.0.1:9", exit_code=7).stderr
    assert "No server answers" in away


def test_commands_of_the_page_work_on_the_database_itself(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin", "CRM_KEY": "in-clear"}

    def run(*arguments: str) -> tuple[int, str, str]:
        done = run_hookline(arguments, tmp_path, environment)
        return done.returncode, done.stdout, done.stderr

    run("migrate")
    file = tmp_path / "hooks.yaml"
    for timeout in ("20s", "25s"):
        file.write_text(FILE.replace("20s", timeout))
        assert run("sync", "apply", "--local", "-f", "hooks.yaml")[0] == 0
    page = (PROJECT / "docs/sync.md").read_text("utf-8")
    records, back = re.findall(
        r"^```sh\n(hookline sync (?:status|history).*?)^```$", page, re.MULTILINE | re.DOTALL
    )
    for line in [*records.splitlines(), *back.splitlines()]:
        program, *arguments = shlex.split(line)
        code, output, errors = run(*arguments, "--local")
        assert (program, code) == ("hookline", 0), line
        assert ("revert the commit" in errors) if "--yes" in arguments else errors == "", line
        assert str(Path("var") / "hookline.db") in output
    postgres = {"HOOKLINE_DATABASE_URL": "postgres://u@h/d"}
    refused = run_hookline(("sync", "status", "--local"), tmp_path, environment | postgres)
    assert (refused.returncode, "--local works on SQLite only" in refused.stderr) == (1, True)


async def test_an_export_is_a_file_whose_plan_is_empty(
    hookline: Installation, tmp_path: Path
) -> None:
    shop, file = hookline, tmp_path / "export.yaml"
    assert "No set was applied yet" in shop.run("sync", "export", exit_code=1).stderr
    apply_twice(shop, tmp_path / "hooks.yaml")
    await shop.create_webhook("https://b.example.com/in", slug="by-hand")
    done = shop.run("sync", "export", "-o", str(file), "--check")
    assert "  ORDERS__SECRET_HEADER  orders.secretHeader.value\n" in done.stderr
    assert 'The plan of set "shop" is empty.' in done.stderr
    assert "crm-key-in-clear" not in file.read_text() + done.stdout + done.stderr
    assert shop.run("sync", "export", "--set", "shop").stdout == file.read_text()
    shop.environment["ORDERS__SECRET_HEADER"] = "crm-key-in-clear"
    plan = shop.run("sync", "plan", "-f", str(file), "--check").stdout
    assert "1 unchanged" in plan

    folder = tmp_path / "all"
    shop.run("sync", "export", "--all", "-o", str(folder), "--check")
    assert sorted(path.name for path in folder.iterdir()) == ["_unmanaged.yaml", "shop.yaml"]
    taken = ("sync", "apply", "-f", str(folder / "_unmanaged.yaml"), "--adopt")
    assert "by-hand" in shop.run(*taken).stdout
    assert "name one with --set" in shop.run("sync", "export", exit_code=64).stderr
    assert "-o FOLDER" in shop.run("sync", "export", "--all", exit_code=64).stderr
    wrong = shop.run("sync", "export", "--set", "shpo", exit_code=1).stderr
    assert "there are default, shop." in wrong


async def test_a_bad_apply_is_taken_back_by_a_rollback(
    hookline: Installation, tmp_path: Path
) -> None:
    shop, file = hookline, tmp_path / "hooks.yaml"
    apply_twice(shop, file)
    file.write_text(FILE.replace("20s", "25s").replace("orders:", "bills:", 1))
    shop.run("sync", "apply", "-f", str(file))
    assert "no revision 9" in shop.run("sync", "rollback", "9", exit_code=1).stderr
    assert "goes with" in shop.run("sync", "rollback", "1", "--check", exit_code=64).stderr

    planned = shop.run("sync", "rollback", "1", "--dry-run", "--check", exit_code=2).stdout
    assert planned.startswith(f'Plan for set "shop" back to revision 1 on {shop.url}   (base')
    assert "  - bills  not in revision 1: will be DISABLED\n" in planned
    assert "      timeout 25s → 20s\n" in planned
    for style in ("markdown", "github", "gitlab"):
        other = shop.run("sync", "rollback", "1", "--dry-run", "--format", style).stdout
        assert "not in revision 1: will be DISABLED" in other
    done = shop.run("sync", "rollback", "1", "-m", "incident 7", "--format", "json")
    plan = json.loads(done.stdout)["plan"]
    assert (plan["revision"], plan["restores"], plan["blocked"]) == (4, 1, [])
    assert "revert the commit there too" in done.stderr
    again = shop.run("sync", "rollback", "1").stdout
    assert again.startswith(f'Set "shop" on {shop.url}: nothing to change')

    assert "  back to 1, 1 updated, 1 disabled  " in shop.run("sync", "history").stdout
    assert "  restores    revision 1\n" in shop.run("sync", "show", "4").stdout
    assert "revision 4 (back to 1), " in shop.run("sync", "status").stdout
    file.write_text(FILE)
    assert "0 create" not in shop.run("sync", "plan", "-f", str(file), "--check").stdout
