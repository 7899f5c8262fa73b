"""CONTRIBUTING.md's example of a new field of a webhook, followed word for word in a copy of the
sources: a migration, a line of the model and a row of the table are all that the server and the
commands take.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.databases import Databases

ROOT = Path(__file__).parents[3]
MIGRATION, MODEL, TABLE = (
    "hookline/db/migrations/0002_webhook_cost_center.py",
    "hookline/models/webhook.py",
    "hookline/form/webhook_fields.py",
)


def example() -> dict[str, str]:
    """The blocks of CONTRIBUTING.md, by the file that each names in its first line."""
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n# (\S+\.py).*?\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return dict(blocks)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the example's field."""
    copy = tmp_path_factory.mktemp("sources")
    for folder in ("hookline", "api", "workers", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("static"))
    blocks = example()
    add_migration(copy, blocks[MIGRATION])
    insert(copy / MODEL, blocks[MODEL], before="    version = ")
    insert(copy / TABLE, blocks[TABLE], before=")\n\nFIELDS: ")
    return copy


def add_migration(copy: Path, text: str) -> None:
    """The example's, numbered after those that there are."""
    newest = max(file.stem for file in (copy / MIGRATION).parent.glob("[0-9]*_*.py"))
    number = f"{int(newest[:4]) + 1:04}"
    path = copy / MIGRATION.replace("0002", number)
    path.write_text(text.replace("0001_initial", newest), "utf-8")


def insert(path: Path, text: str, before: str) -> None:
    head, mark, tail = path.read_text("utf-8").partition(before)
    assert mark, path
    path.write_text(head + text + mark + tail, "utf-8")


@pytest.fixture(scope="module")
def on_both_engines(
    databases: Databases, sources: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    home = tmp_path_factory.mktemp("field")
    with databases.made("template1") as url:
        return used(sources, home, f"sqlite:///{home}/hookline.db", url)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def seen(request: pytest.FixtureRequest, on_both_engines: list[dict[str, Any]]) -> dict[str, Any]:
    return on_both_engines[("sqlite", "postgres").index(request.param)]


def used(sources: Path, home: Path, *database_urls: str) -> list[dict[str, Any]]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.hookline.form.one_more_field", *database_urls],
        cwd=sources,
        env={**os.environ, "HOOKLINE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
    found: list[dict[str, Any]] = json.loads(run.stdout)
    return found


def test_every_block_of_code_in_the_page_is_followed_here() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert list(example()) == [MIGRATION, MODEL, TABLE]
    assert page.count("\n```") == 2 * len(example())


def test_the_migration_makes_what_the_model_says(seen: dict[str, Any]) -> None:
    assert seen["differences"] == []


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
        "description": "Cost centre that pays. 1 to 40 characters.",
        "type": ["string", "number", "boolean"],
        "minLength": 1,
        "maxLength": 40,
    }


def test_a_row_of_the_table_is_in_the_exported_schema(seen: dict[str, Any]) -> None:
    exported = seen["graphql"]

    in_inputs = '"""Cost centre that pays. 1 to 40 characters."""\n  costCenter: String\n'
    assert exported.count(in_inputs) == 3  # to create, to update, to try a change
    assert exported.count('"""Cost centre that pays."""\n  costCenter: String\n') == 1


def test_a_row_of_the_table_is_read_and_written_by_commands(seen: dict[str, Any]) -> None:
    assert seen["commands"] == ["costCenter", True]


def test_a_row_of_the_table_is_in_the_documentation(seen: dict[str, Any]) -> None:
    line = "| `costCenter` | text |  | Cost centre that pays. 1 to 40 characters. |"

    assert line in seen["docs"].splitlines()
