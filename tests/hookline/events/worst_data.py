"""The worst data known for each keyword of JSON Schema, and what a check of it takes."""

from contextlib import suppress
from time import thread_time
from typing import Any

import jsonschema_rs
import orjson

from hookline.events.schema_prices import Weigher, work

# A unit is 3.3 ns on the machine that it was measured on; others are slower, and busy.
NANOS_PER_UNIT = 30
SPARE_NANOS = 5_000_000

DRAFTS = {
    name: f"{address}{name}/schema{end}"
    for address, names, end in (
        ("https://json-schema.org/draft/", ("2020-12", "2019-09"), ""),
        ("http://json-schema.org/", ("draft-07", "draft-06", "draft-04"), "#"),
    )
    for name in names
}
DRAFT_7 = DRAFTS["draft-07"]

INTEGERS: Any = list(range(3_000))
FLOATS: Any = [number + 0.1 for number in INTEGERS]
HUGE: Any = [1e300 + number * 1e285 for number in range(500)]
TINY: Any = [5e-324 * number for number in range(1, 500)]
NUMBERS: Any = [INTEGERS, FLOATS, [2**63 + number for number in INTEGERS], HUGE, TINY, [3e15] * 500]
TEXTS: Any = ["x" * 99_000, ["xxé"] * 3_000]
OBJECTS: Any = [{f"k{key}": key for key in range(10)} for _ in range(300)]
LISTS: Any = [list(range(10)) for _ in range(300)]
LARGE: Any = {f"k{key}": key for key in range(3_000)}
FEW: Any = [list_[at : at + 15] for list_ in (INTEGERS, FLOATS) for at in range(0, 900, 15)]
AB = "".join("ab"[number * number % 7 % 2] for number in range(20_000))
NUMBER, TEXT = {"type": "number"}, {"type": "string"}


def many(schema: Any, times: int = 20) -> dict[str, Any]:
    return {"items": {"allOf": [schema] * times}}


def either(keyword: str, *values: Any) -> list[Any]:
    """Schemas whose keyword looks at each item, met or not."""
    return [{"items": {"anyOf": [{keyword: value}, True]}} for value in values]


BOUNDS = (0, 0.5, -99.99, 1e15, 1e301, 5e-324, 2**63)
WORST: dict[str, tuple[list[Any], list[Any]]] = {
    **{
        keyword: (either(keyword, *BOUNDS), NUMBERS)
        for keyword in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    },
    "multipleOf": (either("multipleOf", 3, 0.1, 0.01, 1e-9, 1e-300, 5e-324, 1e300, 1.5), NUMBERS),
    "type": ([many({"type": ["string", "null", "number"]})], [INTEGERS, HUGE]),
    "const": (
        [*either("const", 0.1, 1e300, 5e-324, -1), *either("const", OBJECTS[0], FLOATS[:50])],
        [*NUMBERS, OBJECTS, [FLOATS[:50]] * 60, [0.1] * 3_000, [1e300] * 500],
    ),
    "enum": (
        either(
            "enum",
            *(choices[:30] for choices in NUMBERS),
            *([str(text) for text in INTEGERS], [{"a": 5e-324}], [[0.5, 2e300], 1]),
        ),
        [
            *(values[-9:] for values in NUMBERS),
            *(["1e9"] * 500, [{"a": 5e-324}] * 99, [[0.5, 3e300]] * 99, [0.0, 1.0] * 9),
        ],
    ),
    "uniqueItems": (
        [{"uniqueItems": True}, {"items": {"uniqueItems": True}}],
        [
            *(
                INTEGERS,
                FLOATS,
                TINY,
                FEW,
                [TINY[:15]] * 5,
                [HUGE[:15]] * 5,
                ["x" * 999 + "a"] * 15,
            ),
            [[{"a": 0.1, "b": key + 0.5} for key in range(15)]] * 30,
            [[key + half for key in range(7) for half in (0, 0.5)]] * 30,
        ],
    ),
    "minLength": ([many({"minLength": 30_000})], TEXTS),
    "maxLength": ([many({"maxLength": 60_000})], TEXTS),
    "pattern": ([many({"pattern": "^[a-z]+$"}), {"pattern": "[xé]*x[xé]{99}c"}], TEXTS),
    "format": ([many({"format": "email"})], TEXTS),
    "contentEncoding": ([many({"$schema": DRAFT_7, "contentEncoding": "base64"})], TEXTS),
    "contentMediaType": (
        [
            {"$schema": DRAFT_7, "contentMediaType": "application/json", **more}
            for more in ({}, {"contentEncoding": "base64"})
        ],
        ["[" + "[]," * 20_000 + "[]]", "W1tdLFtdXQ=="],
    ),
    "contentSchema": ([many({"contentSchema": TEXT})], TEXTS),
    "items": ([many({"items": NUMBER})], [LISTS]),
    "prefixItems": ([many({"prefixItems": [NUMBER] * 5, "items": NUMBER})], [LISTS]),
    "additionalItems": (
        [{"$schema": DRAFT_7, **many({"items": [NUMBER] * 5, "additionalItems": NUMBER})}],
        [LISTS],
    ),
    "contains": (
        [
            *({"contains": {"const": -1}}, many({"contains": {"contains": {"const": -1}}})),
            {"contains": {"allOf": [NUMBER] * 20 + [TEXT]}},
        ],
        [INTEGERS, LISTS, FLOATS, [["z" * 99]] * 200],
    ),
    "minContains": ([many({"contains": NUMBER, "minContains": 3})], [LISTS]),
    "maxContains": ([many({"contains": NUMBER, "maxContains": 30})], [LISTS]),
    "minItems": ([many({"minItems": 1})], [LISTS]),
    "maxItems": ([many({"maxItems": 30})], [LISTS]),
    "minProperties": ([many({"minProperties": 1})], [OBJECTS]),
    "maxProperties": ([many({"maxProperties": 30})], [OBJECTS]),
    "properties": ([many({"properties": dict.fromkeys(OBJECTS[0], NUMBER)})], [OBJECTS, LARGE]),
    "patternProperties": (
        [
            many({"patternProperties": {f"^k{key}": NUMBER for key in range(5)}}),
            {"patternProperties": {"[k0-9]*k[k0-9]{99}c": True}, "additionalProperties": NUMBER},
        ],
        [OBJECTS, LARGE, {"k1" * 20_000: 1}],
    ),
    "additionalProperties": ([many({"additionalProperties": NUMBER})], [OBJECTS]),
    "propertyNames": ([many({"propertyNames": {"not": {"const": "a"}}})], [OBJECTS, LARGE]),
    "required": ([many({"required": list(OBJECTS[0])})], [OBJECTS]),
    "dependentRequired": (
        [many({"dependentRequired": {key: list(OBJECTS[0]) for key in OBJECTS[0]}})],
        [OBJECTS],
    ),
    "dependentSchemas": ([many({"dependentSchemas": {key: {} for key in OBJECTS[0]}})], [OBJECTS]),
    "dependencies": (
        [{"$schema": DRAFT_7, **many({"dependencies": {key: ["k1"] for key in OBJECTS[0]}})}],
        [OBJECTS],
    ),
    **{keyword: ([many({keyword: [TEXT] * 5})], [INTEGERS]) for keyword in ("anyOf", "oneOf")},
    "allOf": ([many({"allOf": [NUMBER] * 5})], [INTEGERS]),
    "not": ([many({"not": TEXT})], [INTEGERS]),
    "if": ([many({"if": NUMBER, "then": NUMBER})], [INTEGERS]),
    "then": ([many({"if": True, "then": {"if": True, "then": NUMBER}})], [INTEGERS]),
    "else": ([many({"if": False, "else": {"if": False, "else": NUMBER}})], [INTEGERS]),
    "$ref": ([{"$defs": {"a": NUMBER}, **many({"$ref": "#/$defs/a"})}], [INTEGERS]),
    "unevaluatedItems": (
        [
            many({"unevaluatedItems": NUMBER}),
            *(
                {"items": {key: [{key: [{"contains": TEXT, **end}], **end}], **end}}
                for key in ("allOf", "anyOf", "oneOf")
                for end in ({"unevaluatedItems": NUMBER},)
            ),
        ],
        [LISTS, [[1, "a"] * 9] * 30],
    ),
    "unevaluatedProperties": (
        [
            many({"properties": {"k1": True}, "unevaluatedProperties": NUMBER}),
            {"items": {"allOf": [{"properties": {f"k{key}": NUMBER}} for key in range(20)]}}
            | {"unevaluatedProperties": NUMBER},
            *(
                {"items": {key: [{key: [{"properties": {"k1": True}, **end}], **end}], **end}}
                for key in ("allOf", "anyOf", "oneOf")
                for end in ({"unevaluatedProperties": NUMBER},)
            ),
        ],
        [OBJECTS[:50]],
    ),
}
# Nothing is checked by these.
SILENT = {
    *("$schema", "$vocabulary", "$comment", "$defs", "definitions", "title", "description"),
    *("default", "examples", "deprecated", "readOnly", "writeOnly"),
}
REFUSED = {
    *("$id", "id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveRef"),
    # Without $recursiveRef it says nothing.
    "$recursiveAnchor",
}


def measured(schema: Any, data: Any) -> tuple[int, float]:
    """Units, and nanoseconds of CPU: of up to three tries, the first within bounds."""
    text, value = orjson.dumps(data).decode(), orjson.loads(orjson.dumps(data))
    weight = Weigher(schema, 10_000, 200).weigh()
    units = work(weight.prices, text, value, 0)
    validator = jsonschema_rs.validator_for(
        schema, pattern_options=jsonschema_rs.RegexOptions(), validate_formats=False, mask="value"
    )
    taken = []
    for _ in range(3):
        began = thread_time()
        validator.is_valid(value)
        with suppress(jsonschema_rs.ValidationError):
            validator.validate(value)
        taken.append((thread_time() - began) * 1e9 / 2)
        if taken[-1] < NANOS_PER_UNIT * units + SPARE_NANOS:
            break
    return units, min(taken)
