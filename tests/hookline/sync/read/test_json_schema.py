"""The JSON Schema that editors use agrees with the loader: what passes there passes here, and what
it can know it refuses.
"""

import json
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from hookline.form.webhook_fields import FIELDS
from hookline.sync.read import file
from hookline.sync.read.json_schema import make
from hookline.sync.read.references import LocalReferences
from tests.hookline.sync.read.test_cases import BOUNDS, CASES, FOLDER
from tests.tables import each_of

ROOT = Path(__file__).parents[4]
VALIDATOR = Draft202012Validator(make())
FORM = {"url": "https://x.example", "events": ["a.b.c"], "environments": ["production"]}


def is_valid(content: Any) -> bool:
    return bool(VALIDATOR.is_valid(content))


def test_it_is_a_schema_with_a_description_on_everything() -> None:
    Draft202012Validator.check_schema(make())
    fields = make()["$defs"]["webhook"]["properties"]

    assert set(fields) == {*FIELDS, "lifecycle"}
    assert all(field["description"] for field in fields.values())


def test_the_sample_is_valid() -> None:
    assert is_valid(yaml.safe_load((ROOT / "config/webhooks.yaml").read_text("utf-8")))


# PyYAML's plainest loader stands in for an editor's: it merges no keys
PLAIN = [
    case
    for case in CASES
    if not case["problems"] and b"<<" not in (FOLDER / case["file"]).read_bytes()
]


@each_of("case", PLAIN)
def test_good_files_are_valid(case: dict[str, Any]) -> None:
    content = json.loads(
        json.dumps(yaml.load((FOLDER / case["file"]).read_bytes(), yaml.BaseLoader))
    )

    assert [error.message for error in VALIDATOR.iter_errors(_typed(content))] == []


def _typed(value: Any) -> Any:
    """As YAML 1.2 editors read plain values: true, false and whole numbers."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return {"true": True, "false": False, "1": 1}.get(value, value)


@each_of(
    "form",
    [
        {"version": 2, "webhooks": {}},
        {"webhooks": {}},
        {"version": 1},
        {"version": 1, "webhooks": []},
        {"version": 1, "webhooks": {"Bad_Slug": FORM}},
        {"version": 1, "webhooks": {"a": {**FORM, "urls": "x"}}},
        {"version": 1, "webhooks": {"a": {**FORM, "rateLimit": "often"}}},
        {"version": 1, "webhooks": {"a": {**FORM, "active": "yes"}}},
        {"version": 1, "webhooks": {"a": {**FORM, "concurrency": 0}}},
        {"version": 1, "webhooks": {"a": {**FORM, "events": ["a.b"]}}},
        {
            "version": 1,
            "webhooks": {"a": {**FORM, "secretHeader": {"name": "X-S", "value": "in clear"}}},
        },
        {"version": 1, "webhooks": {"a": {**FORM, "basicAuth": {"username": "u"}}}},
    ],
)
def test_what_a_schema_can_know_is_refused(form: Any) -> None:
    assert not is_valid(form)


def test_secrets_are_references() -> None:
    assert is_valid(
        {
            "version": 1,
            "webhooks": {"a": {**FORM, "secretHeader": {"name": "X-S", "value": "${env:CRM_KEY}"}}},
        }
    )


@each_of("empty", ["", [], {}])
@each_of("field", FIELDS)
def test_empty_value_passes_an_editor_exactly_if_it_passes_here(field: str, empty: Any) -> None:
    content = {"version": 1, "set": "shop", "webhooks": {"a": {**FORM, field: empty}}}
    text = yaml.safe_dump(content).encode()
    secrets = LocalReferences({}, Path("/nowhere"), FOLDER)
    reading = file.decoded(text, "webhooks.yaml", BOUNDS, secrets)
    assert is_valid(content) == (reading.document is not None), reading.problems


@each_of(
    "part, is_good",
    [
        ({"policy": {"prune": "delete", "onDrift": "keep", "maxRemovals": 0}}, True),
        ({"policy": {"maxRemovals": "25%"}}, True),
        ({"policy": {"maxRemovals": "125%"}}, False),
        ({"policy": {"prune": "remove"}}, False),
        ({"policy": {"removals": 1}}, False),
        ({"moved": [{"from": "a", "to": "b"}]}, True),
        ({"moved": [{"from": "a"}]}, False),
        ({"moved": {"from": "a", "to": "b"}}, False),
        ({"defaults": {"lifecycle": {"preventDestroy": True, "ignoreChanges": ["url"]}}}, True),
        ({"defaults": {"lifecycle": {"ignoreChanges": ["slug"]}}}, False),
        ({"defaults": {"lifecycle": {"preventDestroy": "yes"}}}, False),
    ],
)
def test_policy_moves_and_lifecycle_are_checked(part: dict[str, Any], is_good: bool) -> None:
    assert is_valid({"version": 1, "webhooks": {}, **part}) == is_good
