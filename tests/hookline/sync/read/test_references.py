"""References in texts that are no secrets: one file for all stages. What one stands for is checked,
sent and planned like typed text.
"""

import json
from itertools import product
from pathlib import Path

import pytest

from hookline.form.kinds import UNKNOWN_SECRET
from hookline.sync.read import file, received
from hookline.sync.read.file import Reading
from hookline.sync.read.references import (
    LocalReferences,
    ReferenceRefused,
    Room,
    UnresolvedReferences,
)
from tests.hookline.sync.files import BOUNDS
from tests.tables import each_of

STAGES = """version: 1
set: ${env:TEAM}-hooks
defaults:
  environments: ["${env:STAGE:-development}"]
  labels: { stage: "${env:STAGE:-development}" }
webhooks:
  orders:
    name: Orders of ${env:STAGE:-development}
    description: ${file:description.txt}
    url: https://${env:CRM_HOST}/in
    events: ["${env:OBJECT}.*.create", { object: "${env:OBJECT}", model: "*", action: update }]
    notificationEmails: ${env:MAILS}
    headers: { X-Stage: "${env:STAGE:-development}", X-Price: "$${5}", X-Key: "${env:KEY}" }
    rateLimit: ${env:RATE:-20/s}
    filter: { data.shop: { in: ["${env:SHOP}", "$${x}"] } }
"""
STAGING = {
    "TEAM": "shop",
    "STAGE": "staging",
    "CRM_HOST": "crm.example.com",
    "OBJECT": "order",
    "MAILS": "a@example.com, b@example.com\n",
    "KEY": "k3y-0f-sh0p",
    "SHOP": "0123",
}


def read(text: str, folder: Path, environment: dict[str, str] | None = None) -> Reading:
    path = folder / "hooks.yaml"
    path.write_text(text)
    references = LocalReferences(environment or {}, folder / "var", folder)
    return file.read(str(path), BOUNDS, references)


def one(field: str) -> str:
    return (
        "version: 1\ndefaults: { url: 'https://a.example', environments: [production], "
        f"events: [a.b.c] }}\nwebhooks:\n  a:\n    {field}\n"
    )


def codes(found: Reading) -> list[str]:
    return [problem.code for problem in found.problems]


def test_texts_are_resolved_and_arrive_at_the_server_as_typed(tmp_path: Path) -> None:
    (tmp_path / "description.txt").write_text("costs ${5}\r\ntwo lines\n")
    document = read(STAGES, tmp_path, STAGING).document
    assert document is not None
    values = document.webhooks["orders"].values
    assert document.set_name == "shop-hooks"
    assert values["environments"] == ["staging"]
    assert values["labels"] == [{"key": "stage", "value": "staging"}]
    assert values["name"] == "Orders of staging"
    assert values["description"] == "costs ${5}\ntwo lines"
    assert values["url"] == "https://crm.example.com/in"
    assert values["events"] == ["order.*.create", "order.*.update"]
    assert values["notificationEmails"] == ["a@example.com", "b@example.com"]
    assert values["rateLimit"] == "20/s"
    assert values["filter"] == {"data.shop": {"in": ["0123", "${x}"]}}
    assert values["headers"] == [
        {"name": "X-Stage", "value": "staging"},
        {"name": "X-Price", "value": "${5}"},
        {"name": "X-Key", "value": "k3y-0f-sh0p"},
    ]
    sent, places = json.loads(json.dumps([document.content, document.positions.packed()]))
    assert "${env:KEY}" in str(sent)
    assert "k3y-0f-sh0p" not in str(sent)
    got, problems = received.decode(sent, places, document.secrets, BOUNDS)
    assert problems.found == []
    assert (got.set_name, got.webhooks) == (document.set_name, document.webhooks)


def test_default_stands_for_a_variable_that_is_not_set_or_empty(tmp_path: Path) -> None:
    field = 'url: "https://${env:HOST:-crm.example.com:8443}/in"'
    for environment in ({}, {"HOST": ""}, {"HOST": "\n"}):
        document = read(one(field), tmp_path, environment).document
        assert document is not None
        assert document.webhooks["a"].values["url"] == "https://crm.example.com:8443/in"


def test_typed_text_beside_a_reference_may_hold_an_escape_of_any_character(tmp_path: Path) -> None:
    document = read(one(r'description: "\u2028 ${env:X} $${y}"'), tmp_path, {"X": "a"}).document
    assert document is not None
    assert document.webhooks["a"].values["description"] == "\u2028 a ${y}"


@each_of(
    "field, environment, code",
    [
        ("url: ${env:X}", {}, "env-missing"),
        ("url: ${env:X}", {"X": "ftp://a.example"}, "bad-url"),
        ("url: ${env:X:-}", {}, "missing-value"),
        ("name: ${env:X}", {"X": "a\x07b"}, "bad-character"),
        ("description: ${env:X}", {"X": "a\u202eb"}, "bad-character"),
        ("description: ${env:X}", {"X": "a\rb"}, "bad-character"),
        ("name: ${env:X}", {"X": "a\nb"}, "bad-character"),
        ("events: ['${env:X}']", {"X": "orders"}, "bad-event"),
        ("environments: ['${env:X}']", {"X": "mars"}, "enum"),
        ("notificationEmails: ['${env:X}']", {"X": "nobody"}, "bad-email"),
        ("rateLimit: ${env:X}", {"X": "often"}, "format"),
        ("name: ${env:X}", {"X": "{{ name }}"}, "no-value"),
        ("filter: { data.a: { eq: '${env:X}' } }", {"X": "ENC[AES256]"}, "no-value"),
        ("name: ${env:X}", {"X": "n" * 70_000}, "too-long"),
        ("name: ${env:X}", {"X": "a ${env:X} b"}, "bad-reference"),
        ("name: ${env:X}", {"X": "${file:/etc/hostname}"}, "bad-reference"),
        ("signingSecret: ${env:X}", {"X": "${env:Y}", "Y": "y"}, "bad-reference"),
        ("active: ${env:X}", {"X": "true"}, "type"),
        ("concurrency: ${env:X}", {"X": "5"}, "type"),
        ("name: ${env:HOOKLINE_TOKEN}", {"HOOKLINE_TOKEN": "hl_x"}, "reference-not-allowed"),
        ("name: ${env:hookline_token:-x}", {}, "reference-not-allowed"),
        # Beginnings alone, each of which an end was looked for behind: minutes for a few variables.
        ("name: ${env:X}", {"X": "${env:" * 10_000}, "too-long"),
        ("name: ${env:}", {}, "bad-reference"),
        ("name: ${env:a b}", {}, "bad-reference"),
        ("name: ${env:A${env:B}}", {}, "bad-reference"),
        ("name: ${vault:x}", {}, "bad-reference"),
        ("signingSecret: ${env:X:-hunter2-hunter2}", {}, "plaintext-secret"),
        ("headers: { X-Api-Key: '${env:X:-hunter2-hunter2}' }", {"X": "k"}, "plaintext-secret"),
    ],
)
def test_what_a_reference_stands_for_is_checked_like_typed_text(
    tmp_path: Path, field: str, environment: dict[str, str], code: str
) -> None:
    found = read(one(field), tmp_path, environment)
    assert codes(found) == [code], found.problems
    [problem] = found.problems
    assert problem.position.line == 5
    assert problem.position.column > 5
    assert "hunter2" not in f"{problem.message} {problem.hint}"
    if code in ("bad-url", "enum", "bad-event", "missing-value"):
        assert problem.hint == (
            "what the references of this text stand for here is checked like typed text"
        )


def test_hostile_files_are_problems(tmp_path: Path) -> None:
    folder, outside = tmp_path / "config", tmp_path / "outside"
    (folder / "var").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret").write_text("s3cret-of-others")
    (folder / "var/key").write_text("s3cret-of-others")
    (folder / "large").write_text("x" * 8 * 1024 * 1024)
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    (folder / "link").symlink_to(outside / "secret")
    (folder / "linked").symlink_to(outside)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "folder").mkdir()
    wanted = {
        "large": "unreadable",
        "binary": "unreadable",
        "loop": "unreadable",
        "folder": "unreadable",
        "/dev/zero": "unreadable",
        "missing": "file-missing",
        "large/below": "file-missing",
        "link": "reference-not-allowed",
        "linked/secret": "reference-not-allowed",
        "var/key": "reference-not-allowed",
    }
    fields = ("url: '@'", "payloadTemplate: '@'", "headers: { X-Key: '@' }")
    for field, (name, code) in product(fields, wanted.items()):
        found = read(one(field.replace("@", f"${{file:{name}}}")), folder)
        assert codes(found) == [code], (field, name)
        assert "s3cret-of-others" not in str(found.problems)
        if code == "unreadable":
            assert "UTF-8 text of that size" in str(found.problems[0].hint)


def test_path_that_is_seen_to_leave_the_folder_may(tmp_path: Path) -> None:
    folder, outside = tmp_path / "config", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "name").write_text("Orders\n")
    (folder / "kept").write_text("Orders\n")
    (folder / "link").symlink_to("kept")
    for name in ("../outside/name", str(outside / "name"), "link"):
        document = read(one(f"name: ${{file:{name}}}"), folder).document
        assert document is not None
        assert document.webhooks["a"].values["name"] == "Orders"


def test_files_that_refer_to_each_other_are_a_problem_where_it_begins(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("${file:b} ${env:HOOKLINE_TOKEN}")
    (tmp_path / "b").write_text("${file:a}")
    [problem] = read(one("description: '${file:b}'"), tmp_path).problems
    assert (problem.code, problem.position.line) == ("bad-reference", 5)
    assert "TOKEN" not in problem.message
    # What only looks like one is text.
    (tmp_path / "c").write_text("a ${x} $${y")
    document = read(one("description: '${file:c}'"), tmp_path).document
    assert document is not None
    assert document.webhooks["a"].values["description"] == "a ${x} $${y"


def test_references_stand_for_a_bounded_length_of_text(tmp_path: Path) -> None:
    (tmp_path / "long").write_text("x" * 60_000)
    references = LocalReferences({}, tmp_path / "var", tmp_path, Room(200_000))
    assert len(str(references.text("${file:long}"))) == 60_000
    # Repeated by other webhooks, it is the same text in memory.
    assert references.text("${file:long}") is references.text("${file:long}")
    for text in ("${file:long}" * 100_000, "a ${file:long}${file:long}"):
        with pytest.raises(ReferenceRefused) as refused:
            references.text(text)
        assert refused.value.code == "too-long"


def test_without_secrets_the_other_texts_are_resolved_or_passed_over(tmp_path: Path) -> None:
    text = one("headers: { X-Stage: '${env:STAGE}', X-Key: '${env:KEY}' }").encode()
    local = LocalReferences({"STAGE": "staging"}, tmp_path / "var", tmp_path)
    planned = file.decoded(text, "hooks.yaml", BOUNDS, UnresolvedReferences(local)).document
    assert planned is not None
    assert planned.webhooks["a"].values["headers"] == [
        {"name": "X-Stage", "value": "staging"},
        {"name": "X-Key", "value": UNKNOWN_SECRET},
    ]
    assert codes(file.decoded(text, "hooks.yaml", BOUNDS, UnresolvedReferences())) == []
    wrong = text.replace(b"env:STAGE", b"environment:STAGE")
    assert codes(file.decoded(wrong, "h.yaml", BOUNDS, UnresolvedReferences())) == ["bad-reference"]


def test_server_takes_no_reference_in_a_text() -> None:
    webhook = {"url": "https://${env:HOST}/in", "events": ["a.b.c"], "environments": ["production"]}
    content = {"version": 1, "webhooks": {"a": webhook}}
    _, problems = received.decode(content, {}, {}, BOUNDS)
    assert [problem.code for problem in problems.found] == ["reference-not-allowed"]
