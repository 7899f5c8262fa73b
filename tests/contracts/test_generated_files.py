"""Files that are written by a program are what the program writes today."""

import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet

from api import schema
from hookline.cli import reference as cli_reference
from hookline.form import reference_page

ROOT = Path(__file__).parents[2]


def test_schema_graphql_is_the_schema_that_is_served() -> None:
    assert (ROOT / "schema.graphql").read_text("utf-8") == schema.export(), "run: make schema"


def test_reference_of_the_fields_is_made_from_the_table() -> None:
    page = (ROOT / "docs/webhooks.md").read_text("utf-8")

    assert page == reference_page.markdown(), "run: make schema"


def test_tables_of_the_command_line_are_made_from_the_commands() -> None:
    page = (ROOT / cli_reference.PAGE).read_text("utf-8")

    assert page == cli_reference.with_tables(page), "run: make schema"


def test_json_schema_of_the_webhooks_file_is_the_one_that_is_checked() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "hookline", "sync", "schema"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert printed.returncode == 0, printed.stderr
    assert (ROOT / "config/webhooks.v1.schema.json").read_text("utf-8") == printed.stdout, (
        "run: make schema"
    )


def test_locks_hold_everything_that_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    plain, test = _pins("requirements.lock"), _pins("requirements-test.lock")

    assert [name for name in _names(project["dependencies"]) if name not in plain] == []
    assert [
        name for name in _names(project["optional-dependencies"]["test"]) if name not in test
    ] == []
    assert plain.items() <= test.items(), "the tests run on the versions that are shipped"


def test_locks_are_hashed_and_name_no_index() -> None:
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text("utf-8")
        assert text.count("--hash=sha256:") >= len(_pins(path.name)) > 0
        assert "index" not in text


def test_locks_can_be_installed_by_the_oldest_python_that_is_promised() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = Specifier(project["requires-python"]).version + ".0"
    # Of this environment, and of the one that builds the documentation.
    paths = [*sys.path, *map(str, ROOT.glob(".venv/docs/lib/python3*/site-packages"))]
    asked = {
        found.name: found.metadata["Requires-Python"]
        for found in distributions(path=paths)
        if "Requires-Python" in found.metadata
    }

    assert {"asyncpg", "zensical"} <= asked.keys()
    assert [
        f"{name} wants Python {asked_for}"
        for name, asked_for in asked.items()
        if oldest not in SpecifierSet(asked_for)
    ] == []


def _pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return dict(
        line.split(" ")[0].split("==")
        for line in lines
        if "==" in line and not line.startswith((" ", "#"))
    )


def _names(requirements: list[str]) -> list[str]:
    return [Requirement(text).name.lower().replace("_", "-") for text in requirements]
