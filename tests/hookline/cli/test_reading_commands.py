"""Commands that show what a server has: tables for people, data for programs, and refusals."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from hookline.cli.tables import width_of
from tests.hookline.cli.stand import Stand, wait_for
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")


def test_a_webhook_is_listed_and_shown_in_every_format(stand: Stand) -> None:
    slug = stand.make_webhook(description="yes")

    listed = stand.run("webhooks", "list", "--search", slug).stdout.splitlines()
    [found] = stand.json("webhooks", "list", "--search", slug)
    line = stand.run("webhooks", "list", "--search", slug, "-o", "jsonl").stdout
    ids = stand.run("webhooks", "list", "--search", slug, "-o", "id").stdout.split()
    shown = stand.run("webhooks", "get", slug).stdout
    read = yaml.safe_load(stand.run("webhooks", "get", found["id"], "-o", "yaml").stdout)

    assert listed[0].split()[:3] == ["SLUG", "STATUS", "URL"]
    assert listed[1].split()[:3] == [slug, "active", stand.receiver.url + "/200"]
    assert (json.loads(line), ids) == (found, [found["id"]])
    # ISO in data, relative for people.
    assert re.fullmatch(r"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d.*Z", found["modifiedAt"])
    assert re.search(r"^Modified +(now|\d+ (s|min) ago)$", shown, re.MULTILINE)
    assert re.search(r"^Description +yes$", shown, re.MULTILINE)
    assert {name: read[name] for name in found} == found
    assert read["payloadTemplate"] is None


def test_columns_are_chosen_for_tables_and_for_data(stand: Stand) -> None:
    slug = stand.make_webhook()
    asked = ("webhooks", "list", "--search", slug, "--columns", "slug,events")

    assert stand.run(*asked).stdout == f"{'SLUG':9}  EVENTS\n{slug}  {slug}.*.*\n"
    assert stand.json(*asked) == [{"slug": slug, "events": [f"{slug}.*.*"]}]
    wrong = stand.run(*asked[:-1], "slug,nonsense", code=64)
    assert "there is no column 'nonsense'; there are: slug, id, name" in wrong.stderr


def test_an_event_is_followed_to_its_attempts(stand: Stand) -> None:
    slug, other = stand.make_webhook("/404"), stand.make_webhook()
    event_id = stand.publish(slug, {"total": 7})
    wait_for(lambda: stand.json("deliveries", "list", "--event", event_id)[0]["attemptCount"])

    [listed] = stand.json("events", "list", "--type", f"{slug}.*.created")
    shown = stand.run("events", "get", event_id).stdout
    why = stand.json("events", "get", event_id, "--why")
    [delivery] = stand.json("deliveries", "list", "--webhook", slug, "--since", "1h")
    followed = stand.run("deliveries", "get", delivery["id"]).stdout

    assert (listed["id"], '"total": 7' in shown) == (event_id, True)
    matches = {one["webhook"]["slug"]: (one["matches"], one["reasons"]) for one in why}
    assert (matches[slug], matches[other][0], bool(matches[other][1])) == ((True, []), False, True)
    assert re.search(r"^NUMBER +TIME +OUTCOME +RESULT", followed, re.MULTILINE)
    assert re.search(r"^1 .* failed +404 +\d+ ms +publish +att_", followed, re.MULTILINE)


def test_lists_that_are_empty_say_so_beside_the_data(stand: Stand) -> None:
    asked = ("types", "list", "--search", "nothing.is.called.so")

    done = stand.run(*asked)
    assert (done.stdout, done.stderr) == ("", "No event types.\n")
    assert stand.run(*asked, "-o", "json").stdout == "[]\n"
    assert stand.run("jobs", "list", "--status", "running", "-o", "yaml").stdout == "[]\n"
    assert stand.run("notifications", "list", "--kind", "sync-failed").stderr.startswith("No ")
    [entry] = stand.json("audit", "--limit", "1")
    assert (entry["actor"]["kind"], entry["action"]) != ("", "")


def test_what_is_not_there_is_named_with_the_command_that_lists_it(stand: Stand) -> None:
    for command, listing in (
        (("webhooks", "get", "nonsense"), "webhooks list"),
        (("deliveries", "list", "--webhook", "nonsense"), "webhooks list"),
        (("events", "get", "evt_01h2xcejqtf2nbrexx3vqjhp41"), "events list"),
        (("deliveries", "get", "dlv_01h2xcejqtf2nbrexx3vqjhp41"), "deliveries list"),
        (("types", "get", "a.b.c"), "types list"),
    ):
        done = stand.run(*command, code=1)
        assert (done.stdout, f"`hookline {listing}` shows them." in done.stderr) == ("", True)
    assert (
        "neither a duration such as"
        in stand.run("events", "list", "--since", "yesterday", code=64).stderr
    )


def test_a_token_that_may_not_is_told_the_scope_and_the_next_command(stand: Stand) -> None:
    viewer = stand.make_token("viewer")

    lacking = stand.run("audit", code=7, HOOKLINE_TOKEN=viewer)
    unknown = stand.run("jobs", "list", code=7, HOOKLINE_TOKEN="hl_x")
    away = stand.run("jobs", "list", "--server", "http://127.0.0.1:1", code=7)

    assert "it lacks the scope" in lacking.stderr
    assert "`hookline tokens create` makes one" in lacking.stderr
    assert f"run `hookline login {stand.url}`" in unknown.stderr
    assert "No server answers at http://127.0.0.1:1" in away.stderr


def test_a_document_is_executed_with_its_variables(stand: Stand) -> None:
    slug = stand.make_webhook()
    query = (
        "query($slug: String!, $first: Int) { webhookBySlug(slug: $slug) "
        "{ slug attempts(first: $first) { nodes { id } } } }"
    )

    done = stand.run("api", query, "-F", f"slug={slug}", "-F", "first=1")
    (stand.folder / "query.graphql").write_text("{ viewer { role } }")
    of_file = stand.run("api", "@query.graphql")
    of_input = stand.run("api", "-", text="{ viewer { role } }")

    found = {"slug": slug, "attempts": {"nodes": []}}
    assert json.loads(done.stdout) == {"data": {"webhookBySlug": found}}
    assert json.loads(of_file.stdout) == {"data": {"viewer": {"role": "ADMIN"}}}
    assert of_input.stdout == of_file.stdout


def test_a_document_that_is_refused_in_part_prints_the_rest_and_fails(stand: Stand) -> None:
    viewer = stand.make_token("viewer")
    both = "{ viewer { role } auditEntries(first: 1) { nodes { id } } }"
    change = (
        'mutation { webhookSetActive(input: { id: "wh_01h2xcejqtf2nbrexx3vqjhp41", active: true })'
        " { userErrors { field message } } }"
    )

    half = stand.run("api", both, code=7, HOOKLINE_TOKEN=viewer)
    refused = stand.run("api", change, code=1)
    wrong = stand.run("api", "{ nonsense }", code=1)

    assert json.loads(half.stdout)["data"]["viewer"] == {"role": "VIEWER"}
    assert "lacks the scope" in half.stderr
    assert json.loads(refused.stdout)["data"]["webhookSetActive"]["userErrors"]
    assert refused.stderr.startswith("Error: ")
    assert "nonsense" in wrong.stderr
    assert "is not NAME=VALUE" in stand.run("api", "{ a }", "-F", "x", code=64).stderr


def test_a_table_fits_the_terminal_and_has_colours_unless_they_are_not_wanted(
    stand: Stand,
) -> None:
    slug = stand.make_webhook(name="a webhook with a long name and 漢字 in it")
    asked = ("webhooks", "list", "--search", slug, "--columns", "slug,status,name,url,events")

    colored = stand.at_terminal(*asked, width=50)
    assert colored.end() == 0
    plain = stand.at_terminal(*asked, width=50, NO_COLOR="1")
    assert plain.end() == 0

    assert "\x1b[32mactive" in colored.text
    assert "\x1b" not in plain.text
    lines = plain.text.splitlines()
    assert [line for line in lines if width_of(line) > 50] == []
    assert "…" in lines[1]


# All settings take 0.25 s of CPU, the API 1.2 s: a command that reads may take 0.35 s.
@each_of(
    "command",
    [("webhooks", "list"), ("logs", "tail"), ("sync", "status"), ("sync", "history", "--set", "x")],
)
def test_a_command_that_reads_imports_neither_settings_nor_database(
    stand: Stand, command: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "hookline", *command],
        cwd=stand.folder,
        env=stand.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    imported = set(re.findall(r"\|\s+([\w.]+)$", done.stderr, re.MULTILINE))

    assert "httpx" in imported
    assert not imported & {"pydantic", "pydantic_settings", "tortoise", "strawberry", "graphql"}
