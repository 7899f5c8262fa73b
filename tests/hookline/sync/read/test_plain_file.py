"""A file is read from its lines as by the composer, or left to the composer."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hookline.sync.read import received
from hookline.sync.read.document import Document
from hookline.sync.read.file_decoding import decode
from hookline.sync.read.loader import load
from hookline.sync.read.plain_file import read_plain
from hookline.sync.read.plain_lines import MOST_KNOWN, read_lines
from hookline.sync.read.problems import Problems
from hookline.sync.read.references import LocalReferences
from hookline.sync.read.room import Used
from tests.hookline.sync.files import BOUNDS

VARIABLES = {"KEY": "hush"}
FILE = """\
version: 1
set: shop
defaults:
  environments: [production]
  headers: { X-Shop: "1" }
webhooks:
  order-sync:
    name: Order sync 5
    url: https://crm.example.com/in
    active: true
    concurrency: 5
    events:
      - order.*.create   # of orders
      - { object: product, model: "*", action: update }
    headers:
      X-Source: shop
      X-Api-Key: "${env:KEY}"
    secretHeader:
      name: X-Hook
      value: ${env:KEY}

    # until March
    retry:
      schedule: [5s, 5m]
    labels:
      tenant: '0123'
  other:
    url: 'https://b.example.com:8443/in?a=b'
    events:
    - a.b.c
    environments: [staging]
    notificationEmails: a@b.example
x-more: here
"""
LINES = FILE.splitlines()
# What YAML reads in a way of its own, at any place.
PIECES = [
    *("- a", "-", "- - a", "- a: b", "a: b", "a:", "a: b: c", "a: b #c", "a: b#c", "a:b", "? a",),
    *("webhooks:", "webhooks: {}", "  hook:", "---", "...", "%YAML 1.1", "# a", "", "   ",),
    *("    name: a", "    name: |", "      more", "    name: >-", "    name: &a b",),
    *("    name: *a", "    <<: {url: a}", "    name: !!str a", "    name: 'a", '    name: "a',),
    *("    name: 'a''b'", '    name: "a\\nb"', "    name: ~", "    name: null", "    name:",),
    *("    name: 0123", "\ta: b", "    name: -5", "    name: .5", "    name: [a",),
    *("    name: [a, b]", "    name: {a: b}", "    name: a  b ", "    name: a: ",),
    *("    name: a:", "    name: a\u2028b", "    name: ä", "    concurrency: 05",),
    *("    concurrency: 0x5", "    active: yes", "    active: 'true'",),
    *("    labels: {a: 1, a: 2}", "    labels: { a: b }", "    labels: {}",),
    *("    filter: {a: 1.0}", "    rateLimit: 20/s", "    events: [a.b.c, a.b.d]",),
    *("    events: [a.b.c,]", "    events: []", "    description: ${env:KEY}",),
    *("    description: $${a}", "    payloadTemplate: '{{ a }}'", "  Hook:", "  order-sync:",),
    *("  hook: {url: a}", "    hook:", "    url: https://a.example/#b",),
    *("    description: a\xa0b", "    description: a\x7fb", "    description: 'a\tb'",),
    *("x-a: 'b", 'x-a: "b', "x-a: [b", "    description: '#a'", "    description: a,b] }",),
    *("  - a.b.c", "    description: @a", "    description: `a", "    description: a\ufeffb",),
    *("defaults: {a: b}", '    basicAuth: {username: a, password: "${env:KEY}"}', "    <<: a",),
    *("    = : a", "moved: []",),
]  # fmt: skip
MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, len(LINES) - 1),
        st.sampled_from(["insert", "replace", "delete", "indent", "outdent", "swap"]),
        st.sampled_from(PIECES) | st.text("ab:-#'\"[]{},&*!|> \t$", max_size=8),
    ),
    max_size=3,
)


def mutated(mutations: list[tuple[int, str, str]]) -> str:
    lines = list(LINES)
    for at, kind, piece in mutations:
        at = min(at, len(lines) - 1)
        if kind == "insert":
            lines.insert(at, piece)
        elif kind == "replace":
            lines[at] = piece
        elif kind == "delete":
            del lines[at]
        elif kind == "indent":
            lines[at] = f"  {lines[at]}"
        elif kind == "outdent":
            lines[at] = lines[at].removeprefix("  ")
        else:
            lines[at], lines[at - 1] = lines[at - 1], lines[at]
    return "\n".join(lines) + "\n"


def references() -> LocalReferences:
    return LocalReferences(VARIABLES, Path("/nowhere"), Path("/nowhere"))


def parts(document: Document) -> dict[str, Any]:
    return {
        "set": document.set_name,
        "webhooks": document.webhooks,
        "order": list(document.webhooks),
        "content": document.content,
        "types": repr(document.content),
        "positions": dict(document.positions.items()),
        "secrets": document.secrets,
        "secret_positions": set(document.secret_positions),
        "policy": document.policy,
        "moves": document.moves,
        "set_position": document.set_position,
    }


def check(text: str) -> bool:
    """True when the lines were plain, and then what they were read as is what the composer says."""
    used, whole = Used(), Used()
    plain = read_plain(text.encode(), "a.yaml", BOUNDS, references(), used)
    if plain is None:
        assert used.nodes == 0
        return False
    problems = Problems("a.yaml")
    root = load(text.encode(), "a.yaml", problems=problems, used=whole).root
    assert root is not None
    tree = decode(root, BOUNDS, references(), problems, whole)
    assert not problems.found, problems.found
    assert parts(plain) == parts(tree)
    assert used == whole
    return True


def told(problems: Problems) -> set[tuple[str, tuple[str, ...], str]]:
    return {(one.severity, one.path, one.code) for one in problems.found}


def check_later(text: str) -> bool:
    """True when the lines were plain, and then who receives their content finds what a reading with
    all checks finds.
    """
    plain = read_plain(text.encode(), "a.yaml", BOUNDS, references(), Used(), is_checked_later=True)
    if plain is None:
        return False
    problems = Problems("a.yaml")
    root = load(text.encode(), "a.yaml", problems=problems).root
    assert root is not None
    whole = decode(root, BOUNDS, references(), problems)
    content, places = json.loads(json.dumps([plain.content, plain.positions.packed()]))
    found, found_problems = received.decode(content, places, plain.secrets, BOUNDS)
    assert told(found_problems) == told(problems)
    if problems.has_errors():
        return True
    assert plain.content == whole.content
    assert plain.secrets == whole.secrets == found.secrets
    assert set(plain.secret_positions) == set(whole.secret_positions)
    assert plain.has_unknown_secrets() == whole.has_unknown_secrets()
    assert found.webhooks == whole.webhooks
    return True


def test_plain_files_take_the_lines() -> None:
    assert check(FILE)
    assert check(FILE.replace("\nx-more: here\n", ""))
    assert check_later(FILE)


def test_lines_that_webhooks_share_and_more_than_are_remembered_read_the_same() -> None:
    webhook = """\
  hook-{0}:
    name: Hook {0}
    url: https://a.example/{0}
    retry:
      schedule: [5s, 5m]
    headers: {{ X-Own: "2" }}
    events: [order.*.create]
"""
    head = (
        "version: 1\ndefaults: { headers: { X-Shop: a }, environments: [production] }\nwebhooks:\n"
    )
    assert check(head + "".join(webhook.format(number) for number in range(MOST_KNOWN // 3 + 5)))


@settings(max_examples=400, deadline=None)
@given(mutations=MUTATIONS)
def test_lines_and_composer_read_the_same(mutations: list[tuple[int, str, str]]) -> None:
    check(mutated(mutations))
    check_later(mutated(mutations))


@pytest.mark.parametrize("piece", PIECES)
def test_each_piece_at_each_place_reads_the_same(piece: str) -> None:
    for at in range(len(LINES)):
        check(mutated([(at, "insert", piece)]))
        check(mutated([(at, "replace", piece)]))
        check_later(mutated([(at, "insert", piece)]))
        check_later(mutated([(at, "replace", piece)]))


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("    url: https://crm.example.com/in", "    url: ftp://crm.example.com"),
        ("    concurrency: 5", "    concurrency: 500"),
        ("    active: true", "    active: yes"),
        ("    name: Order sync 5", "    unknown: a"),
        ("      schedule: [5s, 5m]", "      schedule: [5x]"),
    ],
)
def test_what_may_be_checked_later_is(line: str, other: str) -> None:
    assert line in FILE
    assert check_later(FILE.replace(line, other))


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("      tenant: '0123'", "      tenant: ${env:KEY}"),
        ("      X-Source: shop", "      X-Source: ${env:KEY}"),
        ("      X-Source: shop", "      x-api-key: shop"),
        ("      - order.*.create   # of orders", "      - ${env:KEY}"),
        ('  headers: { X-Shop: "1" }', '  description: "${env:KEY}"'),
        ('      X-Api-Key: "${env:KEY}"', "      X-Api-Key: ${env:NONE}"),
        ('      X-Api-Key: "${env:KEY}"', "      X-Api-Key: hush"),
        ("    name: Order sync 5", "    headers: { X-A: b }"),
    ],
)
def test_secrets_and_references_are_looked_at_before_anything_is_sent(
    line: str, other: str
) -> None:
    assert line in FILE
    assert not check_later(FILE.replace(line, other))


@pytest.mark.parametrize(
    "text",
    [
        'version: 1\nx-a: "b\nwebhooks:\n  a:\n    url: c\n"\n',
        "version: 1\nwebhooks:\n  a:\n    url: c\nwebhooks:\n  b:\n    url: d\n",
        "version: 1\nwebhooks:\n",
        "webhooks:\n  a:\n    url:\n",
        "webhooks:\na:\n  url: b\n",
        "[webhooks:\n",
    ],
)
def test_what_is_no_block_of_webhooks_is_left_to_the_composer(text: str) -> None:
    assert not check(text)


@example(text="webhooks:\n  a:\n    b: c")
@given(text=st.text("webhooks:\n ab-#'\"[]{},$", max_size=60))
def test_any_text_is_read_or_left(text: str) -> None:
    read_lines(f"webhooks:\n{text}")


@pytest.mark.parametrize(
    "line",
    [
        "[" + " " * 500_000 + "?",
        "[a" + " " * 500_000 + "?",
        "{a:" + " " * 500_000 + "?",
        " " * 500_000 + "?",
        "b" + " " * 500_000 + ": #",
        "b c " * 200_000 + ": #",
        '"' + "a" * 500_000,
    ],
    ids=["list", "word", "mapping", "blanks", "text", "words", "quote"],
)
def test_a_long_line_that_is_not_plain_is_looked_at_once(line: str) -> None:
    # In each way to share out its blanks it would take hours.
    assert read_lines(f"version: 1\nwebhooks:\n  a:\n    name: {line}\n") is None
