"""`hookline trigger`: the catalogue's sample with changes."""

import json
from copy import deepcopy
from typing import Any
from uuid import uuid4

import click
import pytest

from hookline.cli.trigger import _override, overridden
from tests.hookline.cli.stand import Stand
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")
SAMPLE = {"total": 5, "items": [{"sku": "A"}], "to": {"name": "x"}}


def test_a_sample_is_published_with_other_values_and_several_times(stand: Stand) -> None:
    slug = stand.make_webhook()
    event_type = f"{slug}.order.created"
    stand.run("types", "save", event_type, "--sample", json.dumps(SAMPLE))

    done = stand.run(
        *("trigger", event_type, "-e", "production", "--count", "3"),
        *("--override", "data.total=7", "--override", "data.items.0.sku=B 1"),
    )

    ids = done.stdout.split()
    assert (len(set(ids)), done.stderr) == (3, "3 events go to 1 webhook in production\n")
    data = stand.json("events", "get", ids[0])["data"]
    assert data == {"total": 7, "items": [{"sku": "B 1"}], "to": {"name": "x"}}


def test_what_keeps_a_sample_from_being_published_is_told(stand: Stand) -> None:
    event_type = f"x{uuid4().hex[:8]}.order.created"
    schema = {"properties": {"total": {"type": "number"}}}
    unknown = stand.run("trigger", event_type, code=1)
    stand.run("types", "save", event_type, "--schema", json.dumps(schema), "--strict")
    without = stand.run("trigger", event_type, code=1)
    stand.run("types", "save", event_type, "--sample", '{"total": 1}')
    refused = stand.run("trigger", event_type, "--count", "9", "--override", "data.total=x", code=1)

    assert f"There is no event type '{event_type}'" in unknown.stderr
    assert "has no sample in the catalogue" in without.stderr
    assert (refused.stderr.count("total"), refused.stdout) == (1, "")


@each_of(
    "given, expected",
    [
        ("data.total=7", {**SAMPLE, "total": 7}),
        ("data.to.name=Ann B", {**SAMPLE, "to": {"name": "Ann B"}}),
        ("data.to.zip=", {**SAMPLE, "to": {"name": "x", "zip": ""}}),
        ('data.to={"a": null}', {**SAMPLE, "to": {"a": None}}),
        ("data.items.1=2", {**SAMPLE, "items": [{"sku": "A"}, 2]}),
        ("data=[1]", [1]),
    ],
)
def test_an_override_changes_the_value_at_its_path(given: str, expected: Any) -> None:
    assert overridden(deepcopy(SAMPLE), _override(given)) == expected


@each_of(
    "given, expected",
    [
        ("data.too.name=1", "data has no too (it has: total, items, to)"),
        ("data.items.1.sku=1", "data.items is a list, whose places are 0 to 0"),
        ("data.total.x=1", "data.total is 5, and has no x"),
        ("total=7", "'total=7' is not data.NAME=VALUE"),
        ("data.total", "'data.total' is not data.NAME=VALUE"),
        ("data..x=1", "'data..x=1' is not data.NAME=VALUE"),
    ],
)
def test_an_override_that_leads_nowhere_says_where_it_ends(given: str, expected: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        overridden(deepcopy(SAMPLE), _override(given))
    assert expected in refused.value.message
