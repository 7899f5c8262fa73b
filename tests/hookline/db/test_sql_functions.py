"""PostgreSQL's functions: their current text beside the queue, and the frozen copies that
migrations create them from.
"""

import os
import re
from pathlib import Path

from hookline.db import migrations
from hookline.deliveries.queue.sql import FUNCTIONS, functions

MIGRATIONS = Path(migrations.__path__[0])
_BODY_LINES, _COLUMNS = 60, 100


def frozen() -> dict[str, str]:
    """The newest frozen copy of each function, by the name of its file."""
    return {file.name: file.read_text() for file in sorted(MIGRATIONS.glob("*/functions/*.sql"))}


def test_migrations_make_the_functions_as_they_are_now() -> None:
    if os.environ.get("REFRESH_GOLDEN"):
        _refresh()
    assert frozen() == functions(), (
        "A file of hookline/deliveries/queue/functions differs from what the migrations make. "
        "Before the first release: REFRESH_GOLDEN=1 pytest tests/hookline/db copies it into "
        "migrations/initial/functions. After it: leave those, and write a migration with a folder "
        "of its own (0002_x.py, x/functions/NAME.sql) that makes the new text, under a new name "
        "when processes of the version before must go on beside it."
    )


def _refresh() -> None:
    folder = MIGRATIONS / "initial/functions"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.sql"):
        file.unlink()
    for name, text in functions().items():
        (folder / name).write_text(text)


def test_each_file_makes_the_function_that_it_is_named_after_and_says_what_it_does() -> None:
    for file in FUNCTIONS.glob("*.sql"):
        text = file.read_text()
        assert text.startswith(f"-- hl_{file.stem}: "), file.name
        assert re.findall(r"^create function (\w+)\(", text, re.MULTILINE) == [f"hl_{file.stem}"]


def test_no_function_is_longer_than_a_screen() -> None:
    for file in FUNCTIONS.glob("*.sql"):
        lines = file.read_text().splitlines()
        body = [line for line in lines if not line.startswith("--")]
        assert len(body) <= _BODY_LINES, (file.name, len(body))
        assert max(map(len, lines)) <= _COLUMNS, file.name
