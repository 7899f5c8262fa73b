"""Plans as people, programs and reviews read them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hookline.sync.options import Options
from hookline.sync.plan.changes import Block, Change, ChangeKind, FieldAuthor, FieldChange, Plan
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.show import formats, markdown, report
from hookline.sync.show.differences import value_text
from hookline.sync.show.layout import Layout
from tests.tables import each_of

CREATED = Change(
    ChangeKind.CREATE,
    "crm",
    None,
    (FieldChange("url", None, "https://crm.example.com/in", None),),
    Position(12, 3, "hooks.yaml"),
)
UPDATED = Change(
    ChangeKind.UPDATE,
    "orders",
    None,
    (
        FieldChange("timeout", "15s", "20s", "15s"),
        FieldChange("events", ["a.b.c", "d.e.f"], ["a.b.c", "x.y.z"], ["a.b.c", "d.e.f"]),
    ),
    Position(9, 3, "hooks.yaml"),
)
DRIFT = Change(
    ChangeKind.DRIFT,
    "orders",
    None,
    (
        FieldChange(
            "active",
            True,
            True,
            False,
            author=FieldAuthor('token "support"', datetime(2026, 11, 28, 10, 2, tzinfo=UTC), "no"),
        ),
    ),
    Position(9, 3, "hooks.yaml"),
    "kept as it is",
)
GONE = Change(ChangeKind.DISABLE, "old", None, (), None, "not in the file")
BLOCK = Block(
    "drift",
    "orders: active was changed by hand",
    "orders",
    "--on-drift overwrite",
    Position(9, 3, "hooks.yaml"),
)
PLAN = Plan(
    "shop",
    41,
    (CREATED, UPDATED, DRIFT, GONE),
    212,
    digest="sha256:0",
    blocked=(BLOCK,),
    base_commit="9f2c1ab0c0ffee",
    server="https://hooks.example.com",
)


def test_a_plan_is_read_line_by_line() -> None:
    assert report.planned(PLAN).splitlines() == [
        'Plan for set "shop" on https://hooks.example.com   (base revision 41, commit '
        "9f2c1ab0c0ff)",
        "  + crm  hooks.yaml:12",
        "      url https://crm.example.com/in",
        "  ~ orders  hooks.yaml:9",
        "      timeout 15s → 20s",
        "      events",
        "        + x.y.z",
        "        - d.e.f",
        "  ! orders  hooks.yaml:9  drift",
        '      active true → false, changed by token "support" on 2026-11-28 10:02 UTC: no',
        "        the file wants true",
        "      kept as it is",
        "  - old  not in the file: was off before",
        "Plan: 1 create, 1 update, 1 disable, 1 drift, 212 unchanged.  Blocked: 1 (drift)",
        "  blocked[drift] orders: active was changed by hand  (lift it with --on-drift overwrite)",
    ]


def test_what_left_the_file_is_told_in_the_tense_of_the_command() -> None:
    left = replace(GONE, fields=(FieldChange("active", True, False, True),))
    plan = replace(PLAN, changes=(left,), blocked=())
    assert report.planned(plan).splitlines()[1] == "  - old  not in the file: will be DISABLED"
    applied = report.applied(replace(plan, revision=42))
    assert applied.splitlines()[1] == "  - old    not in the file: is now DISABLED"
    off = report.planned(replace(plan, changes=(GONE,)))
    assert off.splitlines()[1] == "  - old  not in the file: was off before"


def test_an_apply_that_kept_drift_and_changed_nothing_says_what_it_kept() -> None:
    lines = report.applied(replace(PLAN, changes=(DRIFT,), blocked=())).splitlines()
    assert lines[0].endswith("nothing to change, 1 drift, 212 unchanged.")
    assert lines[1].endswith("the file wants true; kept as it is")


def test_a_base_that_was_made_of_uncommitted_edits_is_told_as_dirty() -> None:
    plan = replace(PLAN, is_base_dirty=True)
    assert "(base revision 41, commit 9f2c1ab0c0ff, dirty)" in report.planned(plan)
    where = "**Plan for set `shop`** on `https://hooks.example.com` (base revision 41, commit "
    assert f"{where}9f2c1ab0c0ff, dirty): 1 create" in markdown.as_markdown([], plan)
    told = json.loads(formats.as_json([], plan))["plan"]
    assert (told["baseCommit"], told["baseDirty"]) == ("9f2c1ab0c0ffee", True)


def test_nothing_to_change_is_one_line() -> None:
    view = Plan("shop", 3, (), 2, server="here")

    assert report.applied(view) == 'Set "shop" on here: nothing to change, 2 unchanged.'
    assert "never applied before" in report.planned(Plan("shop", 0, (), 0, server="here"))


@each_of(
    "value, text",
    [
        (None, "none"),
        (False, "false"),
        ({"schedule": ["5s", "1m"]}, "[5s, 1m]"),
        ([{"name": "X-A", "value": "(secret)"}], "[X-A: (secret)]"),
        ({"username": "shop", "password": "(unknown)"}, "username shop, password (unknown)"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_values_are_told_in_a_few_words(value: object, text: str) -> None:
    assert value_text(value) == text


def test_texts_of_strangers_can_not_forge_lines_or_colours() -> None:
    change = Change(
        ChangeKind.CREATE,
        "a",
        None,
        (FieldChange("name", None, "\x1b[31m\nPlan: 0 changes", None),),
        None,
    )

    text = report.planned(Plan("shop", 0, (change,), 0, server="here"))

    assert "\x1b" not in text
    assert len(text.splitlines()) == 4


def test_options_that_a_plan_was_made_with_are_shown_in_every_form() -> None:
    plan = replace(PLAN, options=Options(allow_removals=20, reenable=frozenset({"crm"})))
    flags = "--allow-removals 20 --reenable crm"
    assert report.planned(plan).splitlines()[1] == f"  with {flags}"
    assert f"  with {flags}\n" in report.applied(replace(plan, revision=42))
    assert f"with `{flags}`" in markdown.as_markdown([], plan)
    assert f"  with {flags}\n" in formats.as_github([], plan)
    told = json.loads(formats.as_json([], plan))["plan"]["options"]
    assert (told["allowRemovals"], told["reenable"], told["onDrift"]) == (20, ["crm"], None)


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        (1, "1 secret is unknown here and was not compared."),
        (25, "25 secrets are unknown here and were not compared."),
    ],
)
def test_secrets_that_were_not_compared_are_told_in_every_form(count: int, sentence: str) -> None:
    paths = tuple(f"orders-{number}.secretHeader.value" for number in range(count))
    plan = replace(PLAN, changes=(), blocked=(), unknown_secrets=paths)
    lines = report.planned(plan).splitlines()
    assert lines[-1] == sentence
    assert lines[1] == "  (unknown) orders-0.secretHeader.value"
    assert ("  (unknown) … and 5 more" in lines) == (count == 25)
    comment = markdown.as_markdown([], plan)
    assert f": {sentence}" in comment
    assert "**(unknown)** `orders-0.secretHeader.value`" in comment
    assert sentence in formats.as_github([], plan)
    assert json.loads(formats.as_json([], plan))["plan"]["unknownSecrets"] == list(paths)


def test_json_holds_everything_that_is_shown() -> None:
    problem = SyncProblem(
        "bad-url", "wrong", Position(7, 5, "hooks.yaml"), ("webhooks", "a", "url"), "mend it"
    )

    told = json.loads(formats.as_json([problem], PLAN))

    assert told["problems"] == [
        {
            "file": "hooks.yaml",
            "line": 7,
            "column": 5,
            "code": "bad-url",
            "severity": "error",
            "path": "webhooks.a.url",
            "message": "wrong",
            "hint": "mend it",
        }
    ]
    assert [
        (change["kind"], change["slug"], change["line"]) for change in told["plan"]["changes"]
    ] == [
        ("CREATE", "crm", 12),
        ("UPDATE", "orders", 9),
        ("DRIFT", "orders", 9),
        ("DISABLE", "old", None),
    ]
    assert told["plan"]["blocked"] == [
        {
            "code": "drift",
            "message": "orders: active was changed by hand",
            "slug": "orders",
            "flag": "--on-drift overwrite",
            "file": "hooks.yaml",
            "line": 9,
        }
    ]


def test_github_shows_problems_beside_their_lines() -> None:
    problem = SyncProblem(
        "bad-url", "100% wrong\nreally", Position(7, 5, "a,b:c.yaml"), (), "mend it"
    )

    text = formats.as_github([problem], None)

    assert (
        text
        == "::error file=a%2Cb%3Ac.yaml,line=7,col=5,title=bad-url::100%25 wrong%0Areally (mend it)"
    )
    assert "::error file=hooks.yaml,line=9,title=blocked drift::" in formats.as_github([], PLAN)


def test_markdown_is_a_table_that_nobody_breaks_out_of() -> None:
    change = Change(
        ChangeKind.UPDATE, "a", None, (FieldChange("name", "x", "| <img> @everyone", "x"),), None
    )

    text = markdown.as_markdown([], Plan("shop", 1, (change,), 0, blocked=(BLOCK,)))

    assert "| update | `a` | name x → \\| &lt;img> @&#8203;everyone |" in text
    assert "**blocked** `drift`" in text


@each_of(
    "value, expected",
    [
        ("![x](https://a.example/p.png)", "\\!\\[x\\](https:&#8203;//a.example/p.png)"),
        ("[log in](//a.example)", "\\[log in\\](//a.example)"),
        ("\\[a](b)", "\\\\\\[a\\](b)"),
        ("\\| a", "\\\\\\| a"),
        ("WWW.a.example", "WWW&#8203;.a.example"),
        ("mailto:a@b.example", "mailto:&#8203;a@&#8203;b.example"),
        ("&lt;img>", "&amp;lt;img>"),
        ("*.*.* `x` __a__ ~~b~~ #1", "\\*.\\*.\\* \\`x\\` \\_\\_a\\_\\_ \\~\\~b\\~\\~ \\#1"),
    ],
)
def test_markdown_makes_no_picture_or_link_of_what_others_wrote(value: str, expected: str) -> None:
    fields = (FieldChange("name", "x", value, "x"),)
    change = Change(ChangeKind.UPDATE, "a", None, fields, None, hint=value)
    block = Block("drift", f"a: {value}", None)
    problem = SyncProblem("type", "wrong", Position(1, 1, "a.yaml"), hint=value)
    text = markdown.as_markdown([problem], Plan("shop", 1, (change,), 0, blocked=(block,)))
    assert f"name x → {expected}<br>{expected} |" in text
    assert f"**blocked** `drift`: a: {expected}" in text
    assert f" ({expected})\n" in text


def test_a_terminal_shows_a_plan_in_colours_and_within_its_width() -> None:
    lines = list(report.planned_lines(PLAN, Layout(60)))
    assert all(len(line.text) <= 60 for line in lines)
    colors = {line.text.split()[0]: line.color for line in lines if line.text.startswith("  ")}
    assert (colors["+"], colors["~"], colors["!"], colors["-"]) == (
        "green",
        "yellow",
        "magenta",
        "red",
    )
    assert colors["timeout"] is None
    done = list(report.applied_lines(replace(PLAN, revision=42), Layout(60)))
    assert all(len(line.text) <= 60 for line in done)
    assert [line.color for line in done if line.text.startswith("  + ")] == ["green"]
    # As text it has neither.
    assert report.planned(PLAN) == "\n".join(
        line.text for line in report.planned_lines(PLAN, Layout())
    )


def test_a_comment_has_the_lines_of_a_template_that_differ_and_no_text_of_it_ends_them() -> None:
    before, after = '{\n```\n  "a": 1\n}\n', '{\n```\n  "a": 2\n}\n'
    item = FieldChange("payloadTemplate", before, after, before)
    change = replace(UPDATED, fields=(item,))

    text = markdown.as_markdown([], replace(PLAN, changes=(change,)))

    row, below = text.split("`orders` payloadTemplate:")
    assert "payloadTemplate: 2 lines differ" in row
    assert "\\u000a" not in text
    assert below.startswith('\n\n````diff\n  ```\n-   "a": 1\n+   "a": 2\n  }\n````')


@pytest.mark.parametrize("width", [1, 60])
def test_a_comment_stays_below_what_github_takes(width: int) -> None:
    changes = [replace(UPDATED, slug=f"{'s' * width}{n}") for n in range(3_000)]
    blocks = [replace(BLOCK, slug=f"s{n}") for n in range(3_000)]
    problems = [SyncProblem("type", "m" * width, Position(n, 1, "a.yaml")) for n in range(1_000)]

    text = markdown.as_markdown(
        problems, replace(PLAN, changes=tuple(changes), blocked=tuple(blocks))
    )

    assert len(text) < 65_536
    shown = sum(line.startswith("| update |") for line in text.splitlines())
    assert f"and {3_000 - shown:,} more: `hookline sync plan` shows them" in text
    assert "more problems" in text
    assert "more that block it" in text


def test_a_comment_about_errors_takes_the_place_of_the_plan_of_its_set() -> None:
    problem = SyncProblem("type", "is wrong", Position(1, 1, "a.yaml"))
    first = markdown.as_markdown([], PLAN).partition("\n")[0]

    assert markdown.as_markdown([problem], None, PLAN.set_name).startswith(
        f"{first}\n- `a.yaml:1:1"
    )
    assert markdown.as_markdown([problem], None).startswith("<!-- hookline-sync -->\n")
