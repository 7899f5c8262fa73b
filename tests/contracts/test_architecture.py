"""docs/architecture.md: its picture is drawn from today's imports, and the files of its journeys
exist and are counted.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/architecture.md").read_text("utf-8")
PACKAGES_LIMIT, LAYERS_LIMIT = 30, 11
JOURNEYS = {"publish": ["publish"], "sync": ["sync decides", "sync followed", "sync opened"]}


def listed(journey: str) -> set[str]:
    found = re.search(rf"<!-- journey: {journey} -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert found, journey
    return set(re.findall(r"`([\w/]+\.(?:py|sql))`", found[1]))


def files_of(name: str) -> set[str]:
    return {file for journey in JOURNEYS[name] for file in listed(journey)}


def test_the_picture_and_the_table_are_what_the_imports_say() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "tools.architecture", "--check"], cwd=ROOT, timeout=60
    )

    assert checked.returncode == 0, "run: make docs"


@pytest.mark.parametrize("name", ["publish", "sync"])
def test_the_files_of_a_journey_are_as_many_as_the_page_says(name: str) -> None:
    """No limit: it would be kept by leaving files out."""
    section = PAGE.partition(f"<!-- journey: {JOURNEYS[name][0]} -->")[0].rpartition("\n## ")[2]

    assert f"These {len(files_of(name))} are" in " ".join(section.split())


def test_the_main_line_of_an_event_is_six_files_and_fifteen_follow_it() -> None:
    followed = listed("publish in short") | listed("publish followed")
    assert (len(listed("publish in short")), len(followed)) == (6, 15)
    assert followed <= listed("publish")


def test_eight_files_decide_about_an_apply_and_twenty_follow_it() -> None:
    assert len(listed("sync decides")) == 8
    assert len(listed("sync decides") | listed("sync followed")) == 20


@pytest.mark.parametrize("name", ["publish", "sync"])
def test_the_files_of_the_journeys_exist(name: str) -> None:
    assert [file for file in sorted(files_of(name)) if not (ROOT / file).is_file()] == []


def test_no_import_points_up() -> None:
    assert "None points up." in (ROOT / "docs/architecture.svg").read_text("utf-8")


def test_packages_and_layers_are_few() -> None:
    rows = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)

    assert len(rows) <= PACKAGES_LIMIT
    assert len(set(rows)) <= LAYERS_LIMIT
