"""docs/architecture.md: its picture is drawn from today's imports, and its journeys are as short as
they are meant to be.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
ROOMS_LIMIT, FLOORS_LIMIT = 30, 11


def listed(journey: str) -> list[str]:
    found = re.search(rf"<!-- journey: {journey} -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found, journey
    return re.findall(r"^- `([^`]+)`", found[1], re.MULTILINE)


def test_the_picture_and_the_table_are_what_the_imports_say() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "tools.architecture", "--check"], cwd=ROOT, timeout=60
    )

    assert checked.returncode == 0, "run: make docs"


@pytest.mark.parametrize(("name", "decide", "open_in_all"), [("publish", 6, 15), ("sync", 8, 20)])
def test_a_journey_needs_few_files(name: str, decide: int, open_in_all: int) -> None:
    decides, opened = listed(f"{name} decides"), listed(f"{name} opened")

    assert len(decides) <= decide
    assert len({*decides, *opened}) <= open_in_all


def test_the_files_of_the_journeys_exist() -> None:
    files = [
        file
        for name in ("publish decides", "publish opened", "sync decides", "sync opened")
        for file in listed(name)
    ]

    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_no_import_points_up() -> None:
    assert "None points up." in (ROOT / "docs/architecture.svg").read_text("utf-8")


def test_rooms_and_floors_are_few() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)

    assert len(rows) <= ROOMS_LIMIT
    assert len(set(rows)) <= FLOORS_LIMIT
