"""A new plain field of a webhook is a migration, a line of the model and a row of the table."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def seen(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("field") / "hookline.db"
    shutil.copyfile(sqlite_template, path)
    run = subprocess.run(
        [sys.executable, "-m", "tests.hookline.form.one_more_field", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_a_row_of_the_table_is_a_field_of_creation_update_and_reading(seen: dict[str, Any]) -> None:
    assert (seen["create"], seen["update"]) == ("4711", "4712")


def test_a_row_of_the_table_is_checked_by_its_kind(seen: dict[str, Any]) -> None:
    [error] = seen["refused"]

    assert error == {
        "code": "TOO_LONG",
        "field": ["input", "costCenter"],
        "message": "costCenter must be at most 40 characters long.",
    }


def test_a_row_of_the_table_is_kept_in_its_column(seen: dict[str, Any]) -> None:
    assert (seen["column"], seen["canonical"]) == ("4712", "4712")


def test_a_row_of_the_table_is_a_field_of_the_yaml_file(seen: dict[str, Any]) -> None:
    assert (seen["yaml"], seen["yaml left out"]) == ("4713", None)


def test_a_row_of_the_table_is_in_the_json_schema(seen: dict[str, Any]) -> None:
    assert seen["json schema"] == {
        "description": "Cost centre that pays. At most 40 characters.",
        "type": ["string", "number", "boolean"],
        "maxLength": 40,
    }


def test_a_row_of_the_table_is_in_the_exported_schema(seen: dict[str, Any]) -> None:
    exported = seen["graphql"]

    in_inputs = '"""Cost centre that pays. At most 40 characters."""\n  costCenter: String\n'
    assert exported.count(in_inputs) == 2
    assert exported.count('"""Cost centre that pays."""\n  costCenter: String\n') == 1


def test_a_row_of_the_table_is_in_the_documentation(seen: dict[str, Any]) -> None:
    line = "| `costCenter` | text |  | Cost centre that pays. At most 40 characters. |"

    assert line in seen["docs"].splitlines()
