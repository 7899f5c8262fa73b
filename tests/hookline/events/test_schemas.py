"""JSON Schemas of event types: what may be saved, and what data breaks; hostile schemas are refused
before they cost anything.
"""

from time import thread_time
from typing import Any

import orjson
import pytest

from hookline.events.schemas import check_schema, problems
from tests.tables import each_of

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
    return problems(orjson.dumps(schema).decode(), orjson.dumps(data).decode())


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


@each_of(
    "schema, path, said",
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


def behind(reference: str, *keys: str) -> dict[str, Any]:
    """A schema whose definitions refuse everything under the first key, and nothing under the
    others.
    """
    first, *others = keys
    return {"$ref": reference, "$defs": {**dict.fromkeys(others, True), first: False}}


@each_of("character", [*map(chr, range(0x20, 0x7F)), "é", "\u0660", "😀", "\u00a0"])
@each_of("before", ["", "a", "1"])
def test_reference_is_refused_or_means_the_part_that_was_weighed(
    before: str, character: str
) -> None:
    schema = behind(f"#/$defs/{before}{character}", before + character, before, "", "a", "1")
    if not check_schema(schema):
        assert problems(orjson.dumps(schema).decode(), "1") != []


@each_of(
    "reference",
    [
        *(
            "#/$defs/%61",
            "#/$defs/a%2Fb",
            "#/$defs/%2561",
            "#%2F$defs/a",
            "#/%24defs/a",
            "%23/$defs/a",
        ),
        *("#/$defs/a?", "#/$defs/a#", "#/$defs/a#/b", "?#/$defs/a", ".#/$defs/a", "/#/$defs/a"),
        *(
            "#/$defs/a~",
            "#/$defs/a~2",
            "#/$defs/a~01%",
            "#a",
            "#$defs/a",
            "",
            " #/$defs/a",
            "#/$defs/a\n",
        ),
        *("#/$defs/list/00", "#/$defs/list/+0", "#/$defs/list/-", "#/$defs/list/\u0660"),
        *(
            "#/$defs/list/" + "1" * 5_000,
            "json-schema:///#/$defs/a",
            "urn:x#/$defs/a",
            "//h/#/$defs/a",
        ),
        "http://json-schema.org/draft-07/schema#/definitions/nonNegativeInteger",
    ],
)
def test_reference_that_two_readers_may_take_differently_is_refused(reference: str) -> None:
    keys = ("%61", "a%2Fb", "a?", "a~", "a~2", "a~01%", "a\n", "a", "%2561", "a#", "a/b")
    schema = {"$ref": reference, "$defs": {**dict.fromkeys(keys, True), "list": [True]}}
    [(path, sentence)] = check_schema(schema)
    assert path == ("$ref",)
    assert "must be a reference to a part of this schema, such as #/$defs/item" in sentence


@each_of("key", ["a/b", "a~b", "a~1b", "~0", "", "Item.v1", "$x", "a:b@c-d_e"])
def test_reference_to_a_key_that_needs_escaping_finds_it(key: str) -> None:
    escaped = key.replace("~", "~0").replace("/", "~1")
    assert len(broken(behind(f"#/$defs/{escaped}", key, "a", "b", "~"), 1)) == 1


@each_of("keyword", ["$id", "id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"])
@each_of("value", ["", "#", "#a", "#/$defs/a", "http://x/", "%61"])
def test_keyword_by_which_a_reference_could_lead_elsewhere_is_refused(
    keyword: str, value: str
) -> None:
    schema = {"$defs": {"a": {keyword: value}}, "$ref": "#/$defs/a"}
    [(path, sentence)] = check_schema(schema)
    assert (path, sentence.split(":")[0]) == (("$defs", "a", keyword), "is not supported")


@pytest.mark.parametrize("dialect", ["https://example.com/own", "%68ttp://json-schema.org/schema#"])
def test_dialect_that_is_not_known_is_refused(dialect: str) -> None:
    assert "not a valid JSON Schema" in check_schema({"$schema": dialect})[0][1]


def test_decoys_under_encoded_keys_never_run() -> None:
    steps: dict[str, Any] = {"b30": {"type": "object"}}
    for number in range(30):
        steps[f"b{number}"] = {"allOf": [{"$ref": f"#/$defs/%62{number + 1}"}] * 2}
        steps[f"%62{number + 1}"] = True
    found = check_schema({"$ref": "#/$defs/b0", "$defs": steps})
    assert {path[-1] for path, _ in found} == {"$ref"}


def chained(length: int) -> dict[str, Any]:
    steps = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(length)}
    return {"$ref": "#/$defs/a0", "$defs": {**steps, f"a{length}": False}}


def test_chain_of_references_is_bounded_wherever_it_is_met_first() -> None:
    assert len(broken(chained(100), 1)) == 1
    assert "nested deeper than 200 levels" in check_schema(chained(1_500))[0][1]
    ends_first = chained(1_500)
    ends_first["$defs"] = dict(reversed(ends_first["$defs"].items()))
    del ends_first["$ref"]
    assert "nested deeper than 200 levels" in check_schema(ends_first)[0][1]


def test_deep_schema_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(10_000):
        schema = {"items": schema}
    assert "nested" in check_schema(schema)[0][1]


def test_pattern_that_would_take_for_ever_elsewhere_is_linear_here() -> None:
    assert len(broken({"pattern": "^(a+)+$"}, "a" * 100_000 + "b")) == 1


def test_large_data_is_told_its_first_violation_without_all_the_others_being_made() -> None:
    schema = {"items": {"allOf": [{"type": "number"}] * 100}}
    began = thread_time()
    found = broken(schema, ["x"] * 20_000)
    assert [path for path, _ in found] == [("0",)]
    # CPU: 2,000,000 took 21 s.
    assert thread_time() - began < 2


def test_data_too_large_for_its_schema_is_refused_before_it_is_checked() -> None:
    schema = {"items": {"allOf": [{"type": "number"}] * 3_000}}
    assert broken(schema, [1] * 100) == []
    [(path, sentence)] = broken(schema, [1] * 100_000)
    assert path == ()
    assert "too large for the schema" in sentence
