"""A plan survives its JSON, so that server, saved plan and terminal speak of the same."""

import json
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import uuid4

import pytest

from hookline.sync.options import Options
from hookline.sync.plan import codec
from hookline.sync.plan.changes import (
    Block,
    Change,
    ChangeKind,
    CreatedFields,
    FieldAuthor,
    FieldChange,
    Plan,
)
from hookline.sync.plan.comparing import MASK
from hookline.sync.policy import DriftPolicy
from hookline.sync.read.problems import Position, SyncProblem

AT = datetime(2026, 11, 28, 10, 2, tzinfo=UTC)
AUTHOR = FieldAuthor('token "support"', AT, "incident 7")
PLAN = Plan(
    set_name="shop",
    base=41,
    changes=(
        Change(
            ChangeKind.UPDATE,
            "orders",
            None,
            (
                FieldChange("events", ["a.b.c"], ["x.y.z"], ["a.b.c"]),
                FieldChange("basicAuth", None, {"password": "(secret)"}, None, is_secret=True),
                FieldChange(
                    "signingSecret",
                    "(secret)",
                    "(secret)",
                    "(secret)",
                    True,
                    ("signingSecret",),
                    AUTHOR,
                ),
            ),
            Position(9, 1, "hooks.yaml"),
        ),
        Change(ChangeKind.DISABLE, "old", None, (), None, "not in the file"),
    ),
    unchanged=212,
    digest="sha256:0",
    blocked=(Block("drift", "orders: url", "orders", "--on-drift keep"), Block("stale", "again")),
    base_commit="9f2c1ab0c0ffee",
    is_base_dirty=True,
    revision=42,
    warnings=(
        SyncProblem(
            "duplicate-item", "twice", Position(3, 5, "hooks.yaml"), ("a", "b"), severity="warning"
        ),
    ),
    server="https://hooks.example.com",
    unknown_secrets=("orders.headers.X-Api-Key",),
    options=Options(
        adopt=True,
        on_drift=DriftPolicy.KEEP,
        allow_empty=True,
        allow_removals=20,
        allow_older=True,
        reenable=frozenset({"a", "b"}),
    ),
)


@pytest.mark.parametrize("plan", [PLAN, Plan("shop", 0, (), 0)])
def test_a_plan_survives_its_json(plan: Plan) -> None:
    assert codec.decode(json.loads(json.dumps(codec.encode(plan)))) == plan


def test_a_new_webhook_is_short_and_comes_back_whole() -> None:
    header = {"name": "X-Key", "value": MASK}
    values = {"url": "https://a.example.com/in", "rateLimit": None, "secretHeader": header}
    fields = CreatedFields(values, frozenset({"secretHeader"}))
    change = Change(ChangeKind.CREATE, "orders", None, fields, Position(7, 1, "hooks.yaml"))

    short = json.loads(json.dumps(codec.short_change(change)))

    assert short["values"] == values
    assert (short["secretFields"], "fields" in short) == (["secretHeader"], False)
    assert codec.decode_change(short) == change
    # A saved plan, and the API's `changes`, have them one by one.
    assert codec.decode_change(json.loads(json.dumps(codec.encode_change(change)))) == change
    assert [*fields] == [
        FieldChange("url", None, "https://a.example.com/in", None),
        FieldChange("rateLimit", None, None, None),
        FieldChange("secretHeader", None, header, None, True),
    ]
    assert (fields[2], len(fields)) == ([*fields][2], 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"values": None},
        {"values": ["url"]},
        {"values": "url"},
        {"secretFields": None},
        {"secretFields": [1]},
        {"values": {"filter": reduce(lambda inside, _: [inside], range(200), list[Any]())}},
    ],
)
def test_a_new_webhook_of_another_shape_is_no_change(wrong: dict[str, object]) -> None:
    change = Change(ChangeKind.CREATE, "orders", None, CreatedFields({}), None)
    assert codec.decode_change(codec.short_change(change)) == change

    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        codec.decode_change({**codec.short_change(change), **wrong})


def test_a_webhooks_key_stays_where_it_was_planned() -> None:
    change = Change(ChangeKind.ADOPT, "a", uuid4(), (), None)

    assert codec.decode(codec.encode(Plan("s", 1, (change,), 0))).changes[0].webhook_id is None


@pytest.mark.parametrize("content", [{}, {"base": None}, {"base": 3}, {"base": None, "set": "s"}])
def test_anything_else_is_no_plan(content: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        codec.decode(content)
