"""JSON Schemas of event types: what may be saved, and what data breaks; hostile schemas are refused
before they cost anything.
"""

from typing import Any

import orjson
import pytest

from hookline.events.schemas import check_schema, problems

ORDER = {
    "type": "object",
    "required": ["total"],
    "properties": {
        "total": {"type": "number", "minimum": 0},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "$defs": {
        "item": {"type": "object", "properties": {"sku": {"type": "string", "pattern": "^[A-Z]+$"}}}
    },
}


def broken(schema: Any, data: Any) -> list[tuple[tuple[str, ...], str]]:
    assert check_schema(schema) == []
    return problems(orjson.dumps(schema).decode(), data)


def test_data_that_meets_its_schema_has_no_problems() -> None:
    assert broken(ORDER, {"total": 1, "items": [{"sku": "A"}], "more": True}) == []
    assert broken(True, 5) == []


def test_each_broken_part_is_named_by_its_path_without_the_value() -> None:
    found = sorted(broken(ORDER, {"total": -1, "items": [{"sku": "SECRET1"}]}))
    assert [path for path, _ in found] == [("items", "0", "sku"), ("total",)]
    assert "minimum of 0" in found[1][1]
    assert "SECRET1" not in str(found)
    assert [path for path, _ in broken(ORDER, {})] == [()]


def test_at_most_twenty_are_told_and_each_is_short() -> None:
    found = broken({"items": {"enum": ["x" * 5_000]}}, list(range(100)))
    assert len(found) == 20
    assert all(len(sentence) < 400 for _, sentence in found)


def doubling(depth: int) -> dict[str, Any]:
    steps = {
        f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}, {"$ref": f"#/$defs/a{n + 1}"}]}
        for n in range(depth)
    }
    return {"$ref": "#/$defs/a0", "$defs": {**steps, f"a{depth}": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "path", "said"),
    [
        (5, (), "must be a JSON Schema"),
        ({"type": "nothing"}, ("type",), "not a valid JSON Schema"),
        ({"properties": 5}, ("properties",), "not a valid JSON Schema"),
        ({"pattern": "("}, ("pattern",), "not a valid JSON Schema"),
        ({"pattern": r"(a)\1"}, ("pattern",), "not a valid JSON Schema"),
        ({"$ref": "http://127.0.0.1:9/x.json"}, ("$ref",), "a part of this schema"),
        ({"$ref": "file:///etc/passwd"}, ("$ref",), "a part of this schema"),
        ({"items": {"$ref": "other.json#/a"}}, ("items", "$ref"), "a part of this schema"),
        ({"$ref": "#/$defs/none"}, ("$ref",), "a part of this schema"),
        ({"$ref": "#"}, ("$ref",), "a part of this schema"),
        ({"$id": "http://x", "type": "object"}, ("$id",), "is not supported"),
        ({"$dynamicRef": "#a"}, ("$dynamicRef",), "is not supported"),
        (
            {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"},
            (),
            "must not contain itself",
        ),
        (doubling(40), (), "parts"),
        ({"enum": ["x" * 70_000]}, (), "at most 65,536 bytes"),
        ({"const": 10**30}, ("const",), "64 bits"),
        ({"const": "\x00"}, ("const",), "NUL"),
    ],
)
def test_schema_that_cannot_be_used_is_refused_at_its_place(
    schema: Any, path: tuple[str, ...], said: str
) -> None:
    [(found, sentence)] = check_schema(schema)
    assert found == path
    assert said in sentence


def test_deep_schema_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(10_000):
        schema = {"items": schema}
    assert "nested" in check_schema(schema)[0][1]


def test_pattern_that_would_take_for_ever_elsewhere_is_linear_here() -> None:
    assert len(broken({"pattern": "^(a+)+$"}, "a" * 100_000 + "b")) == 1
