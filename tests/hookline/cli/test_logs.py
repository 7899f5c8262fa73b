"""`hookline logs`: the latest attempts, each further one whatever becomes of the connection, and
one of them as it went over the wire.
"""

import json
import re
import shlex
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from hookline.cli.curl import quoted
from tests.hookline.cli.link import Link
from tests.hookline.cli.stand import Stand, wait_for
from tests.processes import kill_group, start_python

pytestmark = pytest.mark.engines("sqlite")


@contextmanager
def tailing(stand: Stand, server: str, *arguments: str) -> Iterator[Path]:
    """Runs `logs tail -f`; its standard output is this file."""
    output = stand.folder / "tail.txt"
    with output.open("wb") as out, (stand.folder / "tail-errors.txt").open("wb") as errors:
        process = start_python(
            *("hookline", "logs", "tail", "-f", "--server", server, *arguments),
            folder=stand.folder,
            environment=stand.environment,
            output=out,
            errors=errors,
        )
    try:
        yield output
    finally:
        kill_group(process)


def lines_of(output: Path, count: int) -> list[str]:
    def found() -> list[str] | None:
        lines = output.read_text("utf-8").splitlines()
        return lines if len(lines) >= count else None

    return wait_for(found)


def test_a_followed_log_has_each_attempt_once_across_a_lost_connection(stand: Stand) -> None:
    slug = stand.make_webhook()
    with (
        Link(stand.url) as link,
        tailing(stand, link.url, "--webhook", slug, "-o", "jsonl") as output,
    ):
        published = [stand.publish(slug)]
        lines_of(output, 1)

        link.cut()
        published += [stand.publish(slug) for _ in range(3)]
        wait_for(lambda: len(stand.deliveries(slug, "succeeded")) == 4)
        link.mend()
        lines_of(output, 4)
        published.append(stand.publish(slug))

        lines = lines_of(output, 5)

    # Three were under way at once: their attempts end in any order.
    events = [json.loads(line)["event"]["id"] for line in lines]
    assert (events[0], sorted(events), events[-1]) == (published[0], published, published[-1])


def test_attempts_that_the_server_does_not_replay_are_taken_from_the_list(stand: Stand) -> None:
    slug = stand.make_webhook()
    with Link(stand.url) as link, tailing(stand, link.url, "--webhook", slug, "-o", "id") as output:
        stand.publish(slug)
        lines_of(output, 1)

        link.cut()
        stand.publish(slug)
        stand.publish(slug)
        wait_for(lambda: len(stand.deliveries(slug, "succeeded")) == 3)
        [database] = stand.folder.rglob("hookline.db")
        # As retention does with what is older than a day.
        with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
            connection.execute("delete from activity")
        link.mend()
        lines_of(output, 3)
        stand.publish(slug)

        lines = lines_of(output, 4)

    latest = stand.run("logs", "tail", "--webhook", slug, "-o", "id").stdout.split()
    assert lines == latest


def test_the_latest_attempts_are_a_line_each_of_what_was_asked_for(stand: Stand) -> None:
    good, bad = stand.make_webhook(), stand.make_webhook("/500", retry={"schedule": ["5m"]})
    event_id = stand.publish(bad)
    stand.publish(good)
    wait_for(lambda: stand.deliveries(good, "succeeded"))
    asked = ("logs", "tail", "--event", f"{bad}.*.*")
    [line] = wait_for(lambda: stand.run(*asked).stdout.splitlines())

    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d ✗ 500 {bad}\.order\.created → {bad}  \d+ ms  attempt 1, the next in "
        r"\d+ s  att_\w+",
        line,
    )
    assert stand.run("logs", "tail", "--event", event_id).stdout == f"{line}\n"
    [node] = stand.json(*asked)
    assert (node["outcome"], line.endswith(node["id"])) == ("FAILED", True)
    chosen = (*asked, "--columns", "outcome,result")
    assert stand.run(*chosen).stdout == "OUTCOME  RESULT\nfailed   500\n"
    data = stand.run(*chosen, "-o", "jsonl").stdout
    assert json.loads(data) == {"outcome": "FAILED", "result": 500}
    endless = stand.run(*asked, "-f", "-o", "json", code=64)
    assert "-f prints as it goes" in endless.stderr
    assert stand.run(*asked, "--outcome", "succeeded").stdout == ""
    assert "✓ 200" in stand.run("logs", "tail", "--webhook", good, "-n", "1").stdout
    refused = stand.run("logs", "tail", "-f", "--event", "Nonsense", code=1)
    assert "eventType has 1 part" in refused.stderr


def test_an_attempt_is_shown_as_it_went_over_the_wire_and_repeated_by_curl(stand: Stand) -> None:
    slug = stand.make_webhook(
        "/404", headers=[{"name": "X-Api-Key", "value": "hidden"}, {"name": "X-It", "value": "a'b"}]
    )
    stand.publish(slug, {"text": "it's\n"})
    ids = ("logs", "tail", "--webhook", slug, "-o", "id")
    attempt_id = wait_for(lambda: stand.run(*ids).stdout.split())[0]

    shown = stand.run("logs", "show", attempt_id).stdout
    curl = stand.run("logs", "show", attempt_id, "--curl")

    for part in (f"POST {stand.receiver.url}/404", "X-Api-Key: (secret)", "X-It: a'b", "\nok\n"):
        assert part in shown
    assert "hidden" not in shown + curl.stdout
    assert "X-Api-Key is secret and left out" in curl.stderr
    words = shlex.split(curl.stdout)
    assert words[:3] == ["curl", "-i", f"{stand.receiver.url}/404"]
    assert "X-It: a'b" in words
    assert json.loads(words[-1])["data"] == {"text": "it's\n"}
    missing = "att_01h2xcejqtf2nbrexx3vqjhp41"
    assert "There is no attempt" in stand.run("logs", "show", missing, code=1).stderr


# Said by each client for itself, and the one whose value is not kept.
BESIDE: Final = {"host", "accept", "accept-encoding", "connection", "x-api-key"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (None, "it's é\n"),
        (None, "x" * 200_000),
        ("{{ event.data.text }}", "it's %s 100% \\n \t\x07\u202e\n\n"),
        ("{{ event.data.text }}", "é" * 70_000 + "\n"),
    ],
    ids=["envelope", "longer than an argument may be", "what terminals obey", "long and wide"],
)
def test_the_command_of_curl_sends_the_same_request(
    stand: Stand, template: str | None, text: str
) -> None:
    key = uuid4().hex
    slug = stand.make_webhook(
        f"/200/[x]{{a,b}}/%41?{key}",
        headers=[
            {"name": "X-Empty", "value": ""},
            {"name": "X-It", "value": 'a\'b "$c" @d;'},
            {"name": "X-Api-Key", "value": "hidden"},
        ],
        payloadTemplate=template,
        payloadContentType="text/plain" if template else "application/json",
    )
    data = stand.folder / "data"
    data.write_text(json.dumps({"text": text}))
    stand.run("publish", f"{slug}.order.created", "-e", "production", "-d", f"@{data}")
    attempt_id = wait_for(
        lambda: stand.run("logs", "tail", "--webhook", slug, "-o", "id").stdout.strip()
    )
    command = stand.run("logs", "show", attempt_id, "--curl").stdout
    for shell in ("bash", "sh"):
        subprocess.run(
            [shell, "-e"], input=command.encode(), check=True, capture_output=True, timeout=60
        )

    [first, *again] = [one for one in stand.receiver.requests if one[0].endswith(key)]
    assert first[1]["webhook-signature"]
    for path, headers, body in again:
        assert (path, body) == (first[0], first[2])
        same = first[1].keys() - BESIDE
        assert {name: headers[name] for name in same} == {name: first[1][name] for name in same}
        assert headers.keys() <= first[1].keys() | BESIDE
    assert (len(again), command.removesuffix("\n").isprintable()) == (2, True)


def test_a_followed_log_at_a_narrow_terminal_shows_all_and_ends_with_an_interrupt(
    stand: Stand,
) -> None:
    slug = stand.make_webhook()
    first = stand.publish(slug)
    wait_for(lambda: stand.deliveries(slug, "succeeded"))
    terminal = stand.at_terminal("logs", "tail", "-f", "--webhook", slug, width=20)
    terminal.shows(rf"200.* {slug}\.order\.created → {slug}  \d+ ms  att_\w{{26}}\r\n")
    second = stand.publish(slug)
    terminal.shows(r"(?s)att_\w{26}\r\n.*att_\w{26}\r\n")

    terminal.interrupt()

    assert terminal.end() == 130
    events = [node["event"]["id"] for node in map(json.loads, jsonl(stand, slug))]
    assert events == [first, second]
    # Whole, at any width: the terminal breaks them where it likes.
    assert len(terminal.text.split("\r\n")[:-2]) == 2
    assert "Traceback" not in terminal.text


def jsonl(stand: Stand, slug: str) -> list[str]:
    return stand.run("logs", "tail", "--webhook", slug, "-o", "jsonl").stdout.splitlines()


def test_texts_stand_in_a_shells_command_as_they_are() -> None:
    texts = ("", "a b", 'it\'s "$HOME" `id` \\n', "two\nlines\ttab", "\x1b[31m\x07é漢\u202e!", "@f")

    words = " ".join(map(quoted, texts))
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {words}"], capture_output=True, check=True, timeout=60
    )

    assert done.stdout.decode().split("\0")[:-1] == list(texts)
    assert words.isprintable()
