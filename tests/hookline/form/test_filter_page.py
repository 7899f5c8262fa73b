"""docs/filters.md: each example does what it says, and the page has each operator and limit."""

import json
import re
from pathlib import Path
from typing import Any, Final

import hookline
from hookline.form.filter_work import AskedEvent
from hookline.form.filters import (
    CONDITIONS_LIMIT,
    DEPTH_LIMIT,
    ITEMS_LIMIT,
    OPERATORS,
    PATH_LENGTH,
    PATH_SEGMENTS,
    SIZE_LIMIT,
    check_filter,
    compile_filter,
)
from tests.tables import each_of

PAGE: Final = (Path(hookline.__file__).parents[1] / "docs" / "filters.md").read_text("utf-8")
EXAMPLES: Final = re.findall(r"^\| `(\{.+?)` \| `(.+?)` \| (yes|no)\b.*\|$", PAGE, re.MULTILINE)


def test_page_has_an_example_of_each_operator_and_group() -> None:
    assert len(EXAMPLES) == PAGE.count("\n| `{")
    filters = " ".join(text for text, _, _ in EXAMPLES)
    assert {
        name for name in (*OPERATORS, "any", "all", "not") if f'"{name}":' not in filters
    } == set()


@each_of("text, data, sent", EXAMPLES)
def test_example_does_what_the_page_says(text: str, data: str, sent: str) -> None:
    conditions: dict[str, Any] = json.loads(text)
    assert check_filter(conditions) == []
    event = AskedEvent("order.order.create", "production", json.loads(data))
    assert compile_filter(conditions).matches(event) is (sent == "yes")


def test_page_tells_the_limits() -> None:
    limits = re.sub(r"\s+", " ", PAGE.partition("## Limits")[2])
    assert (
        f"{CONDITIONS_LIMIT} conditions, {SIZE_LIMIT:,} bytes as JSON and {DEPTH_LIMIT} levels"
        in limits
    )
    assert f"{PATH_LENGTH} characters and {PATH_SEGMENTS} parts" in limits
    assert f"at most {ITEMS_LIMIT} values" in limits
