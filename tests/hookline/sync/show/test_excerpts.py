"""Excerpts of a file beside a problem: the line, the place, and never a secret."""

from pathlib import Path

import pytest

from hookline.sync.read import file
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.read.references import LocalReferences
from hookline.sync.show import excerpts
from tests.hookline.sync.files import BOUNDS
from tests.tables import each_of

HEAD = (
    "version: 1\nwebhooks:\n  a:\n    url: https://x.example\n    events: [a.b.c]\n    "
    "environments: [production]\n"
)
PLAINTEXT = "hunter2-in-clear"


def shown(text: str) -> str:
    found = file.decoded(
        text.encode(),
        "config/webhooks.yaml",
        BOUNDS,
        LocalReferences({}, Path("/nowhere"), Path("/nowhere")),
    )
    assert found.problems
    return excerpts.shown(found.problems, found.lines, found.secret_positions)


def test_a_problem_has_place_line_mark_and_hint() -> None:
    assert shown(HEAD + "    notificationEmail: a@b.co\n") == (
        "config/webhooks.yaml:7:5: error[unknown-key] webhooks.a: unknown key 'notificationEmail'\n"
        "  7 |     notificationEmail: a@b.co\n"
        "    |     ^^^^^^^^^^^^^^^^^\n"
        "  hint: did you mean 'notificationEmails'?"
    )


@each_of(
    "lines",
    [
        f"    secretHeader: {{ name: X-S, value: {PLAINTEXT} }}",
        f'    secretHeader: {{ name: X-S, value: "{PLAINTEXT}", more: 1 }}',
        f"    secretHeader:\n      name: X-S\n      value: {PLAINTEXT}",
        f"    secretHeader:\n      name: X-S\n      value: |\n        {PLAINTEXT}\n        "
        "${env:X",
        f"    basicAuth:\n      username: u\n      pasword: {PLAINTEXT}",
        f"    basicAuth: {{ username: u, pasword: {PLAINTEXT} }}",
        f"    headers:\n      X-Api-Key: {PLAINTEXT}",
        f"    headers: {{ X-Api-Key: {PLAINTEXT} }}",
        f"    signingSecret: {PLAINTEXT}",
        f"    signingSecret: '{PLAINTEXT}",
        f"    signingSecret: '{PLAINTEXT}\x01'",
        f"    basicAuth:\n      username: u\n      password: {PLAINTEXT}: x",
        f"    basicAuth:\n      username: u\n      password: |\n       {PLAINTEXT}\n      "
        f"{PLAINTEXT}",
        f"    basicAuth:\n      username: u\n      password: [{PLAINTEXT}]",
        f"    basicAuth: {PLAINTEXT}",
        f"    token: {PLAINTEXT}",
        f"    timeout: 1\n    signingSecret: !!binary {PLAINTEXT}",
        f"    signingSecret: 'a\n    {PLAINTEXT}",
        f"    secretHeader: {{ name: X-S, value:\n    {PLAINTEXT} }}",
        f"    signingSecret: a\n    {PLAINTEXT}",
        f"    signingSecret: '${{env:S}}'\n    {PLAINTEXT}",
        f"    secretHeader: {{ name: X-S, value: a }}\n    {PLAINTEXT}",
        f"    signingSecret:\n    {PLAINTEXT}",
        f'    "secretHeader": {{ "name": X-S, "value": {PLAINTEXT} }}',
    ],
)
def test_no_secret_is_ever_shown(lines: str) -> None:
    assert PLAINTEXT not in shown(f"{HEAD}{lines}\n")


@pytest.mark.parametrize(
    "line",
    [
        'secretHeader: { name: X-S, value: "${env:S}" }',
        "secretHeader: {name: X-S, value: '${env:S}'}",
        "basicAuth: { username: u, password: '${env:S}' } ",
        "signingSecret: '${env:S}'",
    ],
)
def test_the_line_after_a_secret_that_ended_in_its_own_is_shown(line: str) -> None:
    assert "8 |     timeout: soon\n" in shown(f"{HEAD}    {line}\n    timeout: soon\n")


def test_what_a_terminal_obeys_is_not_shown() -> None:
    assert "\x1b" not in shown(HEAD + '    "\\e[31mred": 1\n')


def test_a_long_line_is_cut_and_a_place_beyond_it_shows_none() -> None:
    line = "a: " + "x" * 1_000
    problems = [SyncProblem("type", "wrong", Position(1, column, "f.yaml")) for column in (4, 900)]

    first, second = excerpts.shown(problems, {"f.yaml": [line]}, []).split("f.yaml:1:900")
    assert len(first.splitlines()[1]) < 200
    assert len(second.splitlines()) == 1


def test_a_problem_without_a_file_is_a_sentence() -> None:
    assert (
        excerpts.shown([SyncProblem("type", "wrong", Position())], {"a.yaml": ["a: 1"]}, [])
        == "error[type] wrong"
    )


def test_a_line_of_megabytes_is_searched_once_for_all_of_its_problems() -> None:
    line = "x: [" + "!a 1, " * 600_000 + "]"
    problems = [
        SyncProblem("tag", "no tags", Position(1, 5 + 6 * number, "a.yaml"), width=2)
        for number in range(1_000)
    ]
    # Searched for each it took four minutes, which no test has.
    text = excerpts.shown(problems, {"a.yaml": [line]}, [])
    # Those that stand where the excerpt is cut have their headline alone.
    assert (text.count("no tags"), text.count("^^")) == (1_000, 26)
