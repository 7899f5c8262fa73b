"""Imports go one way and each library has one home: the contracts stand in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_import_goes_in_an_allowed_direction() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert result.returncode == 0, result.stdout


def test_help_imports_nothing_heavy() -> None:
    """The command line has to answer at once; each command imports what it needs when it runs."""
    code = (
        "import sys; from hookline.cli.main import cli; cli(['--help'], "
        "standalone_mode=False); print(sorted(sys.modules), file=sys.stderr)"
    )

    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert "Commands:" in result.stdout
    for heavy in (
        "tortoise",
        "strawberry",
        "httptools",
        "uvicorn",
        "httpx",
        "pydantic",
        "dramatiq",
    ):
        assert f"'{heavy}'" not in result.stderr
