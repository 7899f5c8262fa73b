"""Commands that change what a server has: webhooks from their making to their end, the catalogue,
and deliveries that are sent again, with a question before and a bar beside.
"""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from tests.hookline.cli.stand import Stand, wait_for

pytestmark = pytest.mark.engines("sqlite")


def test_a_webhook_is_created_changed_switched_and_deleted(stand: Stand) -> None:
    slug = stand.make_webhook().replace("w", "c")
    (stand.folder / "template").write_text('{"total": {{ event.data.total }}}')
    url = stand.receiver.url + "/200"

    made = stand.run(
        *("webhooks", "create", "--name", "Shop", "--slug", slug, "--url", url, "--event", "a.b.*"),
        *("-e", "production", "--event", "a.c.*", "--label", "team=pay", "--header", "X-A: b"),
        *("--timeout", "5s", "-F", "payloadTemplate=@template", "-F", 'retry={"schedule": ["1m"]}'),
    )
    stored = stand.json("webhooks", "get", slug)
    assert (stored["id"], made.stderr) == (made.stdout.strip(), f"{slug} is created.\n")
    assert (stored["events"], stored["timeout"]) == (["a.b.*", "a.c.*"], "5s")
    assert stored["labels"] == [{"key": "team", "value": "pay"}]
    assert stored["headers"] == [{"name": "X-A", "value": "b"}]
    assert (stored["retry"]["schedule"], "total" in stored["payloadTemplate"]) == (["1m"], True)

    fields = ("payloadTemplate=null", "name=4711", "concurrency=7", 'notifyOn=["FAILING"]')
    given = [part for field in fields for part in ("-F", field)]
    stand.run("webhooks", "edit", slug, "--description", "7", *given)
    edited = stand.json("webhooks", "get", slug)
    assert (edited["description"], edited["payloadTemplate"], edited["name"]) == ("7", None, "4711")
    assert (edited["concurrency"], edited["notifyOn"]) == (7, ["FAILING"])
    assert (edited["events"], edited["version"] > stored["version"]) == (stored["events"], True)

    stand.run("webhooks", "disable", slug)
    assert stand.json("webhooks", "get", slug)["status"] == "INACTIVE"
    stand.run("webhooks", "enable", slug, "--deliver-missed")
    assert stand.json("webhooks", "get", slug)["status"] == "ACTIVE"

    unasked = stand.run("webhooks", "delete", slug, code=64)
    assert "There is no terminal to ask on: add --yes." in unasked.stderr
    stand.run("webhooks", "delete", slug, "--yes")
    assert "There is no webhook" in stand.run("webhooks", "get", slug, code=1).stderr


def test_what_the_server_refuses_of_a_webhook_is_told_with_its_field(stand: Stand) -> None:
    slug = stand.make_webhook()

    taken = stand.run(
        *("webhooks", "create", "--name", "x", "--slug", slug, "--url", "ftp://x", "-e", "mars"),
        *("--event", "a"),
        code=1,
    )
    lacking = stand.run("webhooks", "create", "--name", "x", code=64)
    viewer = stand.seen_with(HOOKLINE_TOKEN=stand.make_token("viewer"))
    refused = viewer.run("webhooks", "disable", slug, code=7)

    assert len(taken.stderr.splitlines()) >= 3
    assert "url" in taken.stderr.lower()
    assert "A webhook needs --url." in lacking.stderr
    assert "lacks the scope webhooks:write" in refused.stderr
    assert "is not KEY=VALUE" in stand.run("webhooks", "edit", slug, "--label", "x", code=64).stderr
    assert "Say what to change" in stand.run("webhooks", "edit", slug, code=64).stderr


def test_what_a_file_manages_is_changed_with_a_reason_only(stand: Stand) -> None:
    slug = stand.make_webhook().replace("w", "m")
    file = stand.folder / f"{slug}.yaml"
    file.write_text(
        f"version: 1\nset: {slug}\nwebhooks:\n  {slug}:\n    url: {stand.receiver.url}/200\n"
        "    environments: [production]\n    events: [a.b.c]\n    description: Filed.\n"
        "    active: true\n"
    )
    stand.run("sync", "apply", "-f", str(file), "--yes")
    changes = (("disable", slug), ("edit", slug, "--description", "x"), ("delete", slug, "--yes"))

    for change in changes:
        refused = stand.run("webhooks", *change, code=1).stderr
        assert f'The set "{slug}"' in refused
        assert "is --reason WHY here, with a token that has the scope webhooks:force." in refused
        stand.run("webhooks", *change, "--reason", "an outage")

    assert "There is no webhook" in stand.run("webhooks", "get", slug, code=1).stderr
    reasons = {one["reason"] for one in stand.json("audit", "--limit", "3")}
    assert reasons == {"an outage"}


def test_a_webhook_is_edited_in_an_editor(stand: Stand) -> None:
    slug = stand.make_webhook()
    editor = stand.folder / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/"timeout": "15s"/"timeout": "9s"/\' "$1"\n')
    editor.chmod(0o755)

    terminal = stand.at_terminal("webhooks", "edit", slug, EDITOR=str(editor))

    assert terminal.end() == 0, terminal.text
    assert f"{slug}: changed timeout." in terminal.text
    assert stand.json("webhooks", "get", slug)["timeout"] == "9s"


def test_a_webhook_is_tested_measured_and_gets_a_new_secret(stand: Stand) -> None:
    good, bad = stand.make_webhook(), stand.make_webhook("/500")

    tried = stand.run("webhooks", "test", good, "-d", '{"a": 1}')
    failed = stand.run("webhooks", "test", bad, "-o", "json", code=1)
    stand.publish(bad)
    # An attempt of a test is not counted.
    wait_for(lambda: stand.json("webhooks", "get", bad)["health"]["consecutiveFailures"])
    stats = stand.run("webhooks", "stats", bad, "--since", "2h")
    secret = stand.run("webhooks", "rotate-secret", good, "--overlap", "1h")

    assert re.search(r"^Result +200$", tried.stdout, re.MULTILINE)
    assert json.loads(failed.stdout)["statusCode"] == 500
    assert "1 attempt, 1 failure: 100.0% failed." in stats.stderr
    assert stats.stdout.startswith("START")
    assert re.fullmatch(r"whsec_\S+\n", secret.stdout)
    assert "the old one signs beside it for 1h." in secret.stderr


def test_a_type_is_saved_and_what_is_not_given_stays(stand: Stand) -> None:
    name = f"{stand.make_webhook()}.order.paid"
    schema = {"type": "object", "required": ["total"]}

    added = stand.run("types", "save", name, "--schema", json.dumps(schema), "--strict")
    stand.run("types", "save", name, "--sample", '{"total": 7}', "--description", "Paid.")
    found = stand.json("types", "get", name)
    wrong = stand.run("types", "save", name, "--sample", "{}", code=1)
    stand.run("types", "save", name, "--lenient", "--schema", "null")

    assert added.stderr == f"{name} is added.\n"
    assert (found["schema"], found["strict"], found["sample"]) == (schema, True, {"total": 7})
    assert "total" in wrong.stderr
    assert stand.json("types", "get", name)["schema"] is None


def test_publishing_has_two_names_and_is_one_command(stand: Stand) -> None:
    slug = stand.make_webhook()

    done = stand.run(
        "events", "publish", f"{slug}.a.b", "-e", "production", "-d", "-", text='{"a": 1}'
    )

    assert stand.json("events", "get", done.stdout.strip())["data"] == {"a": 1}


def test_single_deliveries_are_sent_again_and_cancelled(stand: Stand) -> None:
    slug = stand.make_webhook("/500", retry={"schedule": ["1h"]})
    stand.publish(slug)
    stand.publish(slug)
    one, other = wait_for(
        lambda: (
            [row["id"] for row in stand.deliveries(slug, "pending") if row["attemptCount"]][:2]
            if len(stand.deliveries(slug, "pending")) == 2
            else None
        )
    )

    again = stand.run("deliveries", "retry", one)
    cancelled = stand.run("deliveries", "cancel", other, "dlv_01h2xcejqtf2nbrexx3vqjhp41", code=1)

    assert again.stderr == f"{one} will be sent again.\n"
    assert f"{other} is cancelled.\n" in cancelled.stderr
    assert "dlv_01h2xcejqtf2nbrexx3vqjhp41: " in cancelled.stderr
    assert stand.json("deliveries", "get", other)["status"] == "CANCELLED"
    wait_for(lambda: stand.json("deliveries", "get", one)["attemptCount"] == 2)


def test_all_that_failed_is_counted_asked_about_and_sent_with_a_bar(stand: Stand) -> None:
    path = "/500?bulk"
    slug = stand.make_webhook(path, retry={"schedule": []}, autoDisable=None)
    for _ in range(3):
        stand.publish(slug)
    wait_for(lambda: len(stand.deliveries(slug, "failed")) == 3)
    asked = ("deliveries", "retry", "--failed", "--since", "2h", "--webhook", slug)

    unasked = stand.run(*asked, code=64)
    declined = stand.at_terminal(*asked)
    declined.shows(
        r"Send 3 failed deliveries to \S+ \(http://[^)]+\)\? \[y/N\]: ".replace(" ", r"\s+")
    )
    declined.type("n\n")
    assert declined.end() == 130
    stand.receiver.statuses[path] = 200
    agreed = stand.at_terminal(*asked)
    agreed.shows(r"\[y/N\]")
    agreed.type("y\n")

    assert agreed.end() == 0, agreed.text
    assert "Send 3 failed deliveries" in unasked.stderr
    assert re.search(r"job_\w{26}", agreed.text)
    assert re.search(r"Queuing +\[#+\] +100%", agreed.text)
    assert "3 are queued for sending." in agreed.text
    wait_for(lambda: len(stand.deliveries(slug, "succeeded")) == 3)
    nothing = stand.run(*asked, "--yes")
    assert (nothing.stdout, nothing.stderr) == ("", "There is nothing to send.\n")
    assert "hookline deliveries retry --failed" in stand.run("deliveries", "retry", code=64).stderr


def test_what_failed_of_several_webhooks_is_sent_by_one_job(stand: Stand) -> None:
    slug = stand.make_webhook("/500?one", retry={"schedule": []})
    other = stand.make_webhook("/500?other", retry={"schedule": []}, events=[f"{slug}.*.*"])
    stand.publish(slug)
    wait_for(lambda: all(stand.deliveries(one, "failed") for one in (slug, other)))
    asked = ("deliveries", "retry", "--failed", "--since", "2h", "--type", f"{slug}.order.created")

    unasked = stand.run(*asked, code=64)
    stand.receiver.statuses |= {"/500?one": 200, "/500?other": 200}
    done = stand.run(*asked, "-e", "production", "--yes")

    assert "Send 2 failed deliveries of 2 webhooks?" in unasked.stderr
    job = stand.json("jobs", "get", done.stdout.strip())
    assert (job["status"], job["webhook"]) == ("SUCCEEDED", None)
    wait_for(lambda: all(stand.deliveries(one, "succeeded") for one in (slug, other)))
    missed = stand.run("deliveries", "retry", "--missed", "--since", "2h", code=64)
    assert "--missed needs --webhook" in missed.stderr


def test_a_job_is_cancelled_and_one_that_has_ended_is_not(stand: Stand) -> None:
    slug = stand.make_webhook("/500?job", retry={"schedule": []})
    stand.publish(slug)
    wait_for(lambda: stand.deliveries(slug, "failed"))
    asked = ("deliveries", "retry", "--failed", "--since", "2h", "--webhook", slug, "--yes")
    job = stand.run(*asked).stdout.strip()
    # As one that a worker has leased, and does not go on with for an hour.
    [file] = stand.folder.rglob("hookline.db")
    with closing(sqlite3.connect(file, timeout=30)) as database, database:
        database.execute(
            "UPDATE job SET status = 1, finished_at = NULL, run_at = run_at + 3600000000"
            " WHERE id = (SELECT id FROM job ORDER BY created_at DESC LIMIT 1)"
        )

    cancelled = stand.run("jobs", "cancel", job)
    again = stand.run("jobs", "cancel", job, "job_01h2xcejqtf2nbrexx3vqjhp41", code=1)

    assert cancelled.stderr == f"{job} is cancelled.\n"
    assert stand.json("jobs", "get", job)["status"] == "CANCELLED"
    assert [row["id"] for row in stand.json("jobs", "list", "--status", "cancelled")] == [job]
    assert f"{job}: " in again.stderr
    assert "job_01h2xcejqtf2nbrexx3vqjhp41: " in again.stderr
    missing = stand.run("jobs", "get", "job_01h2xcejqtf2nbrexx3vqjhp41", code=1)
    assert "hookline jobs list" in missing.stderr
