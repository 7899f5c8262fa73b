"""Texts of others in what commands print: nothing that a terminal obeys, nobody sees, or a CI's log
takes for a command, in any format and on either stream.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hookline.cli.main import main
from hookline.cli.terminal import Colored, echo
from hookline.sync.plan import saved
from tests.tables import each_of

PACKAGE = Path(__file__).parents[3] / "hookline"
# A title for the window, text from right to left, a command of its own line, and one anywhere.
EVIL = (
    "a\x1b]0;owned\x07\u202e\x9b2J\u2028\r\n::error::forged\n  ::add-mask::a\n"
    "##[set-output name=a]b"
)
HARMFUL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]"
    r"|^\s*::(?!(?:error|warning|notice) (?:file|title)=)|##\w*\[",
    re.MULTILINE,
)
FORGED = re.compile(r"^\s*::?error::forged", re.MULTILINE)
FORMATS = ("human", "markdown", "github", "gitlab", "json")


class Server(ThreadingHTTPServer):
    """Answers the question about environments, and everything else as the test likes."""

    def __init__(self) -> None:
        self.answer: Any = None
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))["query"]
        environments = {"data": {"environments": ["production"]}}
        answer = environments if "mutation" not in query else self.server.answer
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Runs a command in a folder with a webhooks file; what it printed, which is harmless."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOOKLINE_SERVER", server.url)
    monkeypatch.setenv("HOOKLINE_TOKEN", "t")
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path / "home"))
    (tmp_path / "w.yaml").write_text("version: 1\nwebhooks: {}\n")

    def run(*arguments: str) -> tuple[str, str]:
        with pytest.raises(SystemExit):
            main([*arguments])
        out, err = capsys.readouterr()
        assert not HARMFUL.search(out + err), ascii(out + err)
        assert not FORGED.search(out + err), ascii(out + err)
        assert not re.search("unexpected [A-Z]", err)
        return out, err

    return run


CHANGE: dict[str, Any] = {
    "kind": "UPDATE",
    "slug": "a",
    "version": 1,
    "movedFrom": None,
    "openDeliveries": None,
    "file": "f",
    "line": 1,
    "hint": None,
    "fields": [],
}
FIELD: dict[str, Any] = {
    "field": "name",
    "before": "x",
    "after": "y",
    "live": None,
    "secret": False,
    "changedSecrets": [],
    "changedBy": None,
    "changedAt": None,
    "reason": None,
}
DISPUTED: dict[str, Any] = {"live": "z", "changedBy": "ada", "changedAt": "2026-11-28T18:00:00Z"}
BLOCK: dict[str, Any] = {"code": "drift", "message": "m", "slug": None, "flag": None}
BLOCK |= {"file": "f", "line": 1}
PROBLEM: dict[str, Any] = {"code": "type", "message": "m", "severity": "warning", "path": ["a"]}
PROBLEM |= {"file": "f", "line": 1, "column": 1, "hint": None}
PLAN: dict[str, Any] = {
    "digest": "x",
    "set": "default",
    "unchanged": 0,
    "base": None,
    "blocked": [],
    "unknownSecrets": [],
    "policy": {"prune": "DISABLE", "onDrift": "BLOCK", "maxRemovals": 10, "stricter": []},
    "policyChanges": [],
    "warnings": [],
}
PLAN |= {"changes": []}


def planned(**parts: Any) -> dict[str, Any]:
    payload = {"plan": PLAN | parts, "problems": [], "userErrors": []}
    return {"data": {"syncPlan": payload}}


ANSWERS: dict[str, Any] = {
    "set": planned(set=EVIL),
    "commit": planned(base={"number": 3, "commit": "\u202e\x1b[2J"}),
    **{f"change's {part}": planned(changes=[CHANGE | {part: EVIL}]) for part in ("slug", "file")},
    "change's hint": planned(changes=[CHANGE | {"hint": EVIL}]),
    "change's old slug": planned(changes=[CHANGE | {"kind": "MOVE", "movedFrom": EVIL}]),
    "policy": planned(policy=PLAN["policy"] | {"stricter": [EVIL]}),
    "policy's change": planned(policyChanges=[EVIL]),
    **{
        f"field's {part}": planned(changes=[CHANGE | {"fields": [FIELD | {part: value}]}])
        for part, value in {"field": EVIL, "after": EVIL, "before": {EVIL: [EVIL]}}.items()
    },
    **{
        f"field's {part}": planned(
            changes=[CHANGE | {"kind": "DRIFT", "fields": [FIELD | DISPUTED | {part: EVIL}]}]
        )
        for part in ("changedBy", "reason")
    },
    "unknown secrets": planned(unknownSecrets=[EVIL]),
    **{
        f"block's {part}": planned(blocked=[BLOCK | {part: EVIL}])
        for part in ("code", "message", "flag")
    },
    **{
        f"warning's {part}": planned(warnings=[PROBLEM | {part: value}])
        for part, value in {
            **dict.fromkeys(("code", "message", "file", "hint"), EVIL),
            "path": [EVIL],
        }.items()
    },
    "problem": {
        "data": {
            "syncPlan": {"plan": None, "problems": [PROBLEM | {"hint": EVIL}], "userErrors": []}
        }
    },
    "user error": {
        "data": {
            "syncPlan": {
                "plan": None,
                "problems": [],
                "userErrors": [{"code": "INVALID", "field": None, "message": EVIL}],
            }
        }
    },
    "error": {"errors": [{"message": EVIL}]},
}


@each_of("style", FORMATS)
@each_of("name", ANSWERS)
def test_a_server_s_text_is_printed_harmless(
    run: Run, server: Server, name: str, style: str
) -> None:
    server.answer = ANSWERS[name]

    out, err = run("sync", "plan", "-f", "w.yaml", "--format", style)

    # These stand in some formats only.
    is_told = style != "gitlab" and name not in ("commit", "change's file", "warning's path")
    assert "\\u202e" in out + err or not is_told
    if style in ("json", "gitlab") and out:
        json.loads(out)


OTHER_FORMS: dict[str, Any] = {
    "no JSON": b"<html>",
    "a bad text": b'{"data": "\xff"}',
    "a list": [],
    "endless levels": b"[" * 100_000 + b"]" * 100_000,
    "errors a text": {"errors": "x"},
    "errors of texts": {"errors": ["x"]},
    "errors without message": {"errors": [{}]},
    "extensions a text": {"errors": [{"message": "x", "extensions": "y"}]},
    "data a text": {"data": "x"},
    "nothing": {"data": {}},
    "null": {"data": {"syncPlan": None}},
    "plan a text": {"data": {"syncPlan": {"plan": "x", "problems": [], "userErrors": []}}},
    "slug a number": planned(changes=[CHANGE | {"slug": 5}]),
    "kind of another version": planned(changes=[CHANGE | {"kind": "NEW"}]),
    "line a text": planned(changes=[CHANGE | {"line": EVIL}]),
    "unchanged a text": planned(unchanged=EVIL),
    "severity a command": planned(warnings=[PROBLEM | {"severity": "set-output name=a"}]),
    "deep value": planned(
        changes=[CHANGE | {"fields": [FIELD | {"after": json.loads("[" * 400 + "]" * 400)}]}]
    ),
    "message a list": {
        "data": {"syncPlan": {"plan": None, "problems": [], "userErrors": [{"message": [1]}]}}
    },
}


@each_of("command", [("sync", "plan", "-f", "w.yaml"), ("publish", "a.b.c", "-d", "1")])
@each_of("name", OTHER_FORMS)
def test_an_answer_of_another_form_is_told_of_in_a_sentence(
    run: Run, server: Server, command: tuple[str, ...], name: str
) -> None:
    server.answer = OTHER_FORMS[name]

    out, err = run(*command)

    assert out == ""
    assert re.fullmatch(
        rf"Error: {server.url} answered (\d+ without (GraphQL: is it a Hookline server\?|data\.)|"
        r"in another form than was asked for: is it a Hookline server of this version\?)\n",
        err,
    )


@pytest.mark.parametrize("place", ["id", "userErrors"])
def test_what_a_server_says_of_an_event_is_printed_harmless(
    run: Run, server: Server, place: str
) -> None:
    payload: dict[str, Any] = {"event": {"id": EVIL}, "duplicate": False, "deliveryCount": 1}
    payload["userErrors"] = [{"field": ["input", EVIL], "message": EVIL}] * (place != "id")
    server.answer = {"data": {"eventPublish": payload}}

    out, err = run("publish", "a.b.c", "-d", "1")

    assert (out + err).count("\n") == (2 if place == "id" else 1)


@pytest.mark.parametrize("part", ["slug", "file"])
def test_a_saved_plan_that_was_tampered_with_is_printed_harmless(
    run: Run, server: Server, tmp_path: Path, part: str
) -> None:
    digest = sha256((tmp_path / "w.yaml").read_bytes()).hexdigest()
    content = {
        "format": saved.FORMAT,
        "files": ["w.yaml"],
        "fileDigests": {"w.yaml": f"sha256:{digest}"},
    }
    content["plan"], content["idempotencyKey"] = PLAN, "k"
    if part == "file":
        content["files"] = [EVIL]
    else:
        content["plan"] = PLAN | {"changes": [CHANGE | {"slug": EVIL}]}
    # Whoever writes a file can write its digest, too.
    content["digest"] = saved._digest_of_content(content)
    (tmp_path / "p.json").write_text(json.dumps(content))
    stale = planned(blocked=[BLOCK | {"code": "stale"}])["data"]["syncPlan"]
    server.answer = {"data": {"syncApply": {"revision": None, **stale}}}

    _, err = run("sync", "apply", "p.json")

    assert "\\u202e" in err


# The names of files are arguments where a shell has put them in place of a wildcard.
@each_of("exists", [False, True])
@each_of(
    "arguments",
    [
        ("sync", "validate", "-f", "{}"),
        ("sync", "validate", "-f", "{}", "--format", "github"),
        ("sync", "validate", "-f", "{}", "--format", "markdown"),
        ("sync", "validate", "-f", "{}", "--format", "json"),
        ("sync", "validate", "{}"),
        ("sync", "apply", "{}"),
        ("sync", "plan", "-f", "w.yaml", "-o", "{}/x"),
        ("publish", "a.b.c", "-d", "@{}"),
        ("{}",),
    ],
)
def test_the_name_of_a_file_is_printed_harmless(
    run: Run, server: Server, tmp_path: Path, arguments: tuple[str, ...], exists: bool
) -> None:
    name = EVIL.replace("/", "")
    if exists:
        (tmp_path / name).write_text("version: [")
    server.answer = planned()

    out, err = run(*(argument.format(name) for argument in arguments))

    # Of data that is no JSON the option is named, not the file.
    assert "\\u202e" in out + err or (exists and "publish" in arguments)


FIELDS = (
    "name url events filter headers labels retry basicAuth payloadTemplate signingSecret".split()
)
KEY = json.dumps(EVIL)
DOCUMENTS = [
    f"version: 1\n{KEY}: 1\nwebhooks: {{}}\n",
    f"version: 1\nset: {KEY}\nwebhooks: {{}}\n",
    f"version: 1\nwebhooks:\n  {KEY}: {{url: 'https://a.example'}}\n",
    "%TAG !e! tag:%1b,x:\n---\nversion: !e!x 1\nwebhooks: {}\n",
    *(
        f"version: 1\nwebhooks:\n  a: {{name: n, url: 'https://a.example', {field}: {value}}}\n"
        for field in FIELDS
        for value in (KEY, f"[{KEY}]", f"{{{KEY}: {KEY}, all: [{{path: {KEY}, {KEY}: 1}}]}}")
    ),
]


@pytest.mark.parametrize("style", FORMATS)
def test_a_webhooks_file_s_own_text_is_printed_harmless(
    run: Run, tmp_path: Path, style: str
) -> None:
    for text in DOCUMENTS:
        (tmp_path / "w.yaml").write_text(text)

        run("sync", "validate", "-f", "w.yaml", "--format", style)


def test_json_means_the_same_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    content = {EVIL: [EVIL, "\U000e0001 \ud800 é 😀 ::"]}

    echo(json.dumps(content, indent=2, ensure_ascii=False))

    assert json.loads(capsys.readouterr().out) == content


def test_colours_are_the_commands_own(capsys: pytest.CaptureFixture[str]) -> None:
    echo(Colored("ok\x1b[31m", "green"), " \x1b[31mred\n\tline", err=True)

    # Not a terminal: there click leaves colours out.
    assert capsys.readouterr().err == "ok\\u001b[31m \\u001b[31mred\n\\u0009line\n"


def test_commands_print_through_the_terminal_alone() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        # The second writes a page of docs/.
        if path not in (PACKAGE / "cli/terminal.py", PACKAGE / "form/reference_page.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and re.fullmatch(
            r"print|click\.(echo|secho|style|echo_via_pager)|sys\.std(out|err)\.write",
            ast.unparse(node.func),
        )
    ]

    assert found == []
