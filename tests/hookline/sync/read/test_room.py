"""A small file that names long texts, large lists or its defaults ten thousand times: it stands for
no more than a large file may hold.
"""

from pathlib import Path

import pytest

from hookline.sync.read import composer, defaults, received, room
from hookline.sync.read.problems import MAX_PROBLEMS
from tests.hookline.sync.files import BOUNDS
from tests.hookline.sync.read.test_file import codes, read
from tests.hookline.sync.read.test_several_files import read as read_all
from tests.tables import each_of

HOOK = (
    "  h{}:\n    url: https://a.example/{}\n    environments: [production]\n    events: [o.*.*]\n"
)


def hooks(count: int, more: str = "") -> str:
    return "webhooks:\n" + "".join(HOOK.format(n, n) + more for n in range(count))


@each_of(
    "before, more",
    [
        (f"x-a: &a {'x' * 60_000}\n", "    description: *a\n"),
        (f"x-a: &a [{'x' * 60_000}]\n", "    notificationEmails: *a\n"),
        (f"x-a: &a {{ payloadTemplate: {'x' * 60_000} }}\n", "    <<: *a\n"),
        # A node that is gone, whose id a larger one may get.
        (f"x: {{ b: 1, b: &a [y] }}\nx-a: &a [{'x' * 60_000}]\n", "    events: *a\n"),
    ],
)
def test_aliases_of_a_long_text_are_counted_by_its_characters(
    tmp_path: Path, before: str, more: str
) -> None:
    found = read(f"version: 1\n{before}{hooks(200, more)}", tmp_path)

    assert "alias-bomb" in codes(found)
    assert (
        "8,388,608 characters" in next(p for p in found.problems if p.code == "alias-bomb").message
    )


@each_of(
    "fields, what",
    [
        (f"description: {'x' * 60_000}", "8,388,608 characters"),
        (
            f"notificationEmails: [{', '.join(f'a{n}@b.co' for n in range(6_000))}]",
            "1,000,000 values",
        ),
        (f"filter: {{ in: [{'1, ' * 6_000}] }}", "1,000,000 values"),
        # Looked through for each webhook, also where it has its own.
        (f"labels: {{ {', '.join(f'a{n}: 1' for n in range(6_000))} }}", "1,000,000 values"),
    ],
)
@pytest.mark.parametrize("own", ["", "    labels: { x: y }\n", "    concurrency: 007 # own\n"])
def test_defaults_are_counted_as_often_as_they_are_filled_in(
    tmp_path: Path, fields: str, what: str, own: str
) -> None:
    found = read(f"version: 1\ndefaults:\n  {fields}\n{hooks(200, own)}", tmp_path)

    told = [one for one in found.problems if one.code == "too-many-nodes"]
    assert [(one.position.line, one.path) for one in told] == [(2, ("defaults",))]
    assert told[0].message == (
        f"the defaults, filled into 200 webhooks, stand for more than {what}"
    )


def test_defaults_that_webhooks_replace_are_not_counted(tmp_path: Path) -> None:
    text = f"version: 1\ndefaults:\n  description: {'x' * 9_000}\n"

    found = read(text + hooks(1_000, "    description: own\n"), tmp_path)

    # One fault: its length. The others' own one is used.
    assert codes(found) == ["too-long"]
    assert found.problems[0].path[0] == "defaults"


def test_defaults_of_several_files_are_counted_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (defaults, room, composer):
        monkeypatch.setattr(module, "MAX_NODES", 12_000)
    mails = ", ".join(f"a{n}@b.co" for n in range(20))
    for name in ("a", "b"):
        webhooks = hooks(500).replace("  h", f"  {name}")
        text = f"version: 1\ndefaults: {{ notificationEmails: [{mails}] }}\n{webhooks}"
        (tmp_path / f"{name}.yaml").write_text(text)
        assert codes(read_all([tmp_path / f"{name}.yaml"])) == []

    found = read_all([tmp_path])

    assert codes(found) == ["too-many-nodes"]
    assert found.problems[0].position.file.endswith("b.yaml")


def test_defaults_that_a_stranger_sends_are_counted_too() -> None:
    webhook = {"url": "https://a.example", "environments": ["production"], "events": ["o.*.*"]}
    content = {
        "version": 1,
        "defaults": {"notificationEmails": [f"a{n}@b.co" for n in range(6_000)]},
        "webhooks": {f"h{n}": webhook for n in range(200)},
    }

    found, problems = received.decode(content, {}, {}, BOUNDS)

    assert [problem.code for problem in problems.in_order()] == ["too-many-nodes"]
    assert not found.webhooks


def test_merges_of_what_is_there_already_are_counted(tmp_path: Path) -> None:
    source = ", ".join(f"q{n}: 1" for n in range(1_000))
    names = ", ".join(["*a"] * 2_000)

    found = read(f"version: 1\nx-a: &a {{{source}}}\nx-b: {{<<: [{names}]}}\n{hooks(1)}", tmp_path)

    assert codes(found) == ["alias-bomb"]


# Each was copied as often as there were others: this took minutes.
def test_a_hundred_thousand_merges_of_one_mapping_end(tmp_path: Path) -> None:
    merges = "  <<: *a\n" * 100_000

    found = read(f"version: 1\nx-a: &a {{q: 1}}\nx-b:\n{merges}{hooks(1)}", tmp_path)

    assert codes(found) == ["duplicate-key"] * MAX_PROBLEMS
