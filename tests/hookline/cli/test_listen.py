"""`hookline listen`: events come to a program on this machine and its answers go back, whatever the
program answers and whatever becomes of the connection.
"""

import json
import os
import re
import shlex
import stat
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook as Verifier

from tests.hookline.cli.link import Link
from tests.hookline.cli.local_program import OK, LocalProgram, Taken, reply
from tests.hookline.cli.stand import Stand, wait_for
from tests.processes import PROJECT, Process, kill_group, start_python
from tests.servers import free_port
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

ATTEMPTS = """query($type: String!) { attempts(filter: {eventType: $type}) { nodes {
  statusCode errorCode errorMessage responseTruncated durationMs responseBody responseBodyBase64
  responseHeaders { name value } webhook { slug } } } }"""


class Listening:
    """A command that goes on, for types of its own; its standard output is a file of JSON."""

    def __init__(self, stand: Stand, process: Process, output: Path, name: str) -> None:
        self.stand, self.process, self._output = stand, process, output
        self.type, self._name = f"{name}.order.created", name

    def told(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        """All that it told of this kind, once there is so much."""

        def found() -> list[dict[str, Any]] | None:
            lines = [json.loads(line) for line in self._output.read_text("utf-8").splitlines()]
            some = [line for line in lines if line["kind"] == kind]
            return some if len(some) >= count else None

        return wait_for(found)

    def publish(self, data: object = 1) -> str:
        return self.stand.publish(self._name, data)

    def attempts(self, count: int = 1) -> list[dict[str, Any]]:
        def found() -> list[dict[str, Any]] | None:
            nodes = self.stand.graphql(ATTEMPTS, type=self.type)["attempts"]["nodes"]
            return nodes if len(nodes) >= count else None

        return wait_for(found)


@contextmanager
def listening(
    stand: Stand, target: str, *options: str, name: str | None = None
) -> Iterator[Listening]:
    name = name or f"l{uuid4().hex[:8]}"
    output = stand.folder / f"{uuid4().hex}.txt"
    errors = output.with_suffix(".err")
    with output.open("wb") as out, errors.open("wb") as err:
        process = start_python(
            *("hookline", "listen", target, "-o", "json", "--events", f"{name}.*.*", *options),
            folder=stand.folder,
            environment=stand.environment,
            output=out,
            errors=err,
        )
    command = Listening(stand, process, output, name)
    try:
        command.told("ready")
        yield command
    finally:
        kill_group(process)


def listeners(stand: Stand, name: str) -> list[str]:
    """Those that are there of types of this name."""
    found = stand.graphql("{ webhooks(first: 100) { nodes { events listener { expiresAt } } } }")
    nodes = found["webhooks"]["nodes"]
    return [node for node in nodes if node["listener"] and node["events"] == [f"{name}.*.*"]]


def test_an_event_comes_signed_and_its_answer_is_the_attempt(stand: Stand) -> None:
    with LocalProgram() as program, listening(stand, program.url) as command:
        event_id = command.publish({"total": "7\u202e\x1b[2J"})
        [answer] = command.told("answer")
        [attempt] = command.attempts()
        [listener] = command.told("ready")
        listed = stand.json("webhooks", "list", "--columns", "id,listener")
    [event] = command.told("event")
    [taken] = program.taken
    secret = stand.run("listen", "--print-secret").stdout.strip()
    Verifier(secret).verify(taken.body, taken.headers)
    assert json.loads(taken.body)["data"] == {"total": "7\u202e\x1b[2J"}
    assert (event["eventId"], event["type"], event["body"].encode()) == (
        event_id,
        command.type,
        taken.body,
    )
    assert (answer["statusCode"], answer["note"]) == (200, None)
    assert (attempt["statusCode"], attempt["responseBody"]) == (200, "ok")
    assert {"name": "x-seen", "value": "yes"} in attempt["responseHeaders"]
    assert any(row["id"] == listener["listenerId"] and row["listener"] for row in listed)
    [file] = stand.folder.rglob("listener-secret")
    assert (stat.S_IMODE(file.stat().st_mode), file.read_text().strip()) == (0o600, secret)
    assert secret not in (stand.folder / "output.txt").read_text("utf-8", "replace")


def test_an_interrupt_ends_it_and_takes_the_webhook_away(stand: Stand) -> None:
    with LocalProgram() as program:
        name = f"l{uuid4().hex[:8]}"
        terminal = stand.at_terminal(
            *("listen", str(program.port), "-o", "compact", "--events", f"{name}.*.*"), width=30
        )
        terminal.shows("Signing secret of this machine: whsec_")
        wait_for(lambda: listeners(stand, name))
        event_id = stand.publish(name)
        terminal.shows(f"<--.*200.* {name}.order.created {event_id} \\d+ ms")
        terminal.interrupt()
        assert terminal.end() == 130
    assert re.search(rf"\d\d:\d\d:\d\d  --> {name}.order.created {event_id}\r\n", terminal.text)
    assert listeners(stand, name) == []
    assert "Traceback" not in terminal.text


def test_two_at_once_each_get_every_event(stand: Stand) -> None:
    name = f"l{uuid4().hex[:8]}"
    with (
        LocalProgram() as one,
        LocalProgram(lambda taken: b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n") as other,
        listening(stand, one.url, name=name) as first,
        listening(stand, other.url, name=name) as second,
    ):
        first.publish()
        attempts = first.attempts(2)
        assert first.told("answer")[0]["statusCode"] == 200
        assert second.told("answer")[0]["statusCode"] == 500
    assert {one["statusCode"] for one in attempts} == {200, 500}
    assert len({one["webhook"]["slug"] for one in attempts}) == 2


HOSTILE: list[tuple[str, bytes, dict[str, Any]]] = [
    ("a huge body", reply(b"200 OK", b"x" * 3_000_000), {"responseTruncated": True}),
    ("no body's end", reply(b"200 OK\r\ncontent-length: 9", b"x"), {"responseTruncated": True}),
    ("a status beyond all", reply(b"999 \xff"), {"statusCode": 999, "errorCode": "STATUS"}),
    ("a redirect", reply(b"302 Go\r\nlocation: http://a.example/"), {"statusCode": 302}),
    ("bytes", reply(b"200 OK", b"\x1b]0;owned\x07\xff"), {"statusCode": 200}),
    ("no HTTP", b"\x1b[2J\xe2\x80\xae hello\r\n\r\n", {"errorCode": "PROTOCOL"}),
    ("nothing", b"", {"errorCode": "PROTOCOL"}),
    (
        "odd headers",
        reply(b"200 OK\r\nX-A: \xe2\x80\xae\x9b2J\r\n" + b"x: y\r\n" * 300 + b"z: z"),
        {"statusCode": 200},
    ),
    (
        "headers beyond all",
        reply(b"200 OK\r\nx: " + b"y" * 200_000),
        {"errorCode": "PROTOCOL"},
    ),
]


def test_whatever_the_program_answers_is_recorded_within_the_limits(stand: Stand) -> None:
    number = iter(range(len(HOSTILE)))

    def answer(taken: Taken) -> bytes:
        place: int = json.loads(taken.body)["data"]
        return HOSTILE[place][1]

    with LocalProgram(answer) as program, listening(stand, program.url) as command:
        for place in number:
            command.publish(place)
            told = command.told("answer", place + 1)[-1]
            attempt = command.attempts(place + 1)[0]
            name, _, wanted = HOSTILE[place]
            assert {key: attempt[key] for key in wanted} == wanted, name
            assert told["error"] == (attempt["errorCode"] if not attempt["statusCode"] else None)
            assert len(attempt["responseHeaders"] or ()) <= 100, name
            body = attempt["responseBody"] or ""
            assert len(body) <= 16_384, name
            if name == "bytes":
                assert b64decode(attempt["responseBodyBase64"]) == b"\x1b]0;owned\x07\xff"


def test_a_program_that_is_not_there_is_a_connection_refused(stand: Stand) -> None:
    with listening(stand, str(free_port())) as command:
        command.publish()
        [attempt] = command.attempts()
        assert command.told("answer")[0]["error"] == "CONNECT"
    assert (attempt["errorCode"], attempt["errorMessage"]) == (
        "CONNECT",
        "No connection to the receiver came about.",
    )


def test_a_lost_connection_is_opened_again_and_nothing_comes_twice(stand: Stand) -> None:
    links: list[Link] = []

    def answer(taken: Taken) -> bytes:
        if json.loads(taken.body)["data"] == "cut":
            # The request is here, and its answer has no way back for a moment.
            links[0].cut()
            links[0].mend()
        return OK

    with (
        LocalProgram(answer) as program,
        Link(stand.url) as link,
        listening(stand, program.url, "--server", link.url) as command,
    ):
        links.append(link)
        events = [command.publish("cut"), command.publish("after")]
        command.told("answer", 2)
        attempts = command.attempts(2)
    assert sorted(taken.headers["webhook-id"] for taken in program.taken) == events
    assert [one["statusCode"] for one in attempts] == [200, 200]


def test_it_ends_with_a_sentence_when_somebody_deletes_it(stand: Stand) -> None:
    with LocalProgram() as program, listening(stand, program.url) as command:
        listener_id = command.told("ready")[0]["listenerId"]
        stand.run("webhooks", "delete", listener_id, "--yes")
        assert command.process.wait(60) == 1
    errors = "".join(path.read_text() for path in stand.folder.glob("*.err"))
    assert f"The listener {listener_id} was deleted on the server." in errors


def test_it_ends_with_a_sentence_when_its_token_is_revoked(stand: Stand) -> None:
    token = stand.make_token("editor")
    seen = stand.seen_with(HOOKLINE_TOKEN=token)
    with LocalProgram() as program, listening(seen, program.url) as command:
        listener_id = command.told("ready")[0]["listenerId"]
        made_by = "query($id: ID!) { webhook(id: $id) { createdBy { tokenId } } }"
        token_id = stand.graphql(made_by, id=listener_id)["webhook"]["createdBy"]["tokenId"]
        stand.run("token", "revoke", token_id)
        assert command.process.wait(60) == 7
    errors = "".join(path.read_text() for path in stand.folder.glob("*.err"))
    assert "The token is no longer valid, so the listener ends." in errors


def test_it_ends_when_nobody_reads_its_output_any_more(stand: Stand) -> None:
    name = f"l{uuid4().hex[:8]}"
    reading, writing = os.pipe()
    talk = stand.folder / f"{name}.err"
    with LocalProgram() as program, os.fdopen(reading, "rb") as output, talk.open("wb") as errors:
        process = start_python(
            *("hookline", "listen", program.url, "-o", "json", "--events", f"{name}.*.*"),
            folder=stand.folder,
            environment=stand.environment,
            output=writing,
            errors=errors,
        )
        os.close(writing)
        assert b'"ready"' in output.readline()
        output.close()
        stand.publish(name)
        assert process.wait(60) == 1
    assert listeners(stand, name) == []


def test_a_token_without_the_scope_is_refused_with_its_name(stand: Stand) -> None:
    viewer = stand.seen_with(HOOKLINE_TOKEN=stand.make_token("viewer"))
    refused = viewer.run("listen", "3000", code=7)
    assert "it lacks the scope webhooks:listen. Use a token of the role editor or admin." in (
        refused.stderr
    )


@each_of(
    "arguments, sentence",
    [
        ((), "Say where to: a port such as 3000"),
        (("70000",), "70000 is no port: there are 1 to 65535."),
        (("ftp://a.example",), "is neither a port such as 3000 nor a URL"),
        (("http://a b",), "is neither a port such as 3000 nor a URL"),
        (("3000", "--filter", "{"), "is no JSON"),
        (("3000", "-o", "interactive"), "There is no terminal for keys"),
    ],
)
def test_what_is_wrong_with_a_command_is_said(
    stand: Stand, arguments: tuple[str, ...], sentence: str
) -> None:
    done = stand.run("listen", *arguments, code=64)
    assert sentence in " ".join(done.stderr.split())


def test_what_the_server_refuses_and_a_broken_file_are_said(stand: Stand, tmp_path: Path) -> None:
    refused = stand.run("listen", "3000", "--events", "nonsense", code=1)
    assert "events[0]" in refused.stderr
    elsewhere = stand.seen_with(HOME=str(tmp_path))
    made = elsewhere.run("listen", "--print-secret").stdout
    assert made.startswith("whsec_")
    assert elsewhere.run("listen", "--print-secret").stdout == made
    [file] = tmp_path.rglob("listener-secret")
    file.write_text("whsec_nothing\n")
    broken = elsewhere.run("listen", "--print-secret", code=1)
    assert f"{file} holds no signing secret. Delete it" in broken.stderr


def test_commands_of_the_pages_do_what_they_say(stand: Stand) -> None:
    guide = (PROJECT / "docs/how-to/receive-on-localhost.md").read_text("utf-8")
    printing, forwarding = re.findall(r"^hookline (listen.*)$", guide, re.MULTILINE)
    page = (PROJECT / "docs/cli.md").read_text("utf-8")
    [filtered] = re.findall(r"^hookline (listen.*)$", page, re.MULTILINE)
    shown = re.findall(r"^```text\n(Events.*?)^```$", page, re.MULTILINE | re.DOTALL)[0]
    secret = stand.run(*shlex.split(printing.partition(" > ")[0])).stdout.strip()

    def told(typed: str) -> str:
        """All lines of a command that an event of the page comes to, and another one does not."""
        with LocalProgram() as program:
            url = program.url if "http" in typed else str(program.port)
            command = re.sub(r"http://127\.0\.0\.1:3000/hooks|3000", url, typed)
            terminal = stand.at_terminal(*shlex.split(command))
            terminal.shows("r resend")
            publish = ("publish", "order.order.create", "-e", "development", "-d")
            stand.run(*publish, '{"total": 99}') if "filter" in typed else None
            event_id = stand.run(*publish, '{"total": 100}').stdout.strip()
            terminal.shows(rf"<-- .* {event_id} \d+ ms")
            terminal.type("q")
            assert terminal.end() == 0
            assert len(program.taken) == 1
        return terminal.text

    assert f"Signing secret of this machine: {secret} (kept in " in told(forwarding)
    lines = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)|\x1b\[\d*[Km]|\r", "", told(filtered))
    # What differs each time.
    differs = r"\d\d:\d\d:\d\d|whsec_\S+|evt_\w+|\d+ ms|kept in \S+|localhost:\d+"
    assert re.sub(differs, "…", lines).split() == re.sub(differs, "…", shown).split()
