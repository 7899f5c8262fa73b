"""PostgreSQL's functions: their current text beside the queue, and the frozen copies that
migrations create them from. Before the first release REFRESH_INITIAL=1 copies the current text into
the initial migration; nothing rewrites a later one.
"""

import os
import re
from pathlib import Path

from hookline.db import migrations
from hookline.deliveries.queue.sql_texts import FUNCTIONS, function_texts

MIGRATIONS = Path(migrations.__path__[0])
_BODY_LINES, _COLUMNS = 60, 100


def frozen(migrations: Path) -> dict[str, str]:
    """The newest frozen copy of each function, by the name of its file. Migration `0002_x.py` keeps
    its copies in `x/functions/`; one without text is of a function that it drops.
    """
    folders = [
        migrations / file.stem.partition("_")[2] / "functions"
        for file in sorted(migrations.glob("[0-9]*_*.py"))
    ]
    newest = {
        file.name: file.read_text() for folder in folders for file in sorted(folder.glob("*.sql"))
    }
    return {name: text for name, text in newest.items() if text}


def test_migrations_make_the_functions_as_they_are_now() -> None:
    if os.environ.get("REFRESH_INITIAL"):
        _refresh_initial()
    assert frozen(MIGRATIONS) == function_texts(), (
        "A file of hookline/deliveries/queue/functions differs from what the migrations make. "
        "Before the first release: REFRESH_INITIAL=1 pytest tests/hookline/db copies it into "
        "migrations/initial/functions. After it: leave those, and write a migration with a folder "
        "of its own (0002_x.py, x/functions/NAME.sql) that makes the new text, under a new name "
        "when processes of the version before must go on beside it."
    )


def test_every_frozen_copy_belongs_to_a_migration() -> None:
    copies = {file.parent.parent.name for file in MIGRATIONS.glob("*/functions/*.sql")}
    assert copies <= {file.stem.partition("_")[2] for file in MIGRATIONS.glob("[0-9]*_*.py")}


def test_the_newest_frozen_copy_is_that_of_the_last_migration(tmp_path: Path) -> None:
    # folders in the alphabet: act_twice, initial, no_pick
    for migration, copies in {
        "0001_initial": {"act": "first", "pick": "first", "key": "first"},
        "0002_act_twice": {"act": "second"},
        "0003_no_pick": {"pick": ""},
    }.items():
        (tmp_path / f"{migration}.py").touch()
        folder = tmp_path / migration[5:] / "functions"
        folder.mkdir(parents=True)
        for name, text in copies.items():
            (folder / f"{name}.sql").write_text(text)

    assert frozen(tmp_path) == {"act.sql": "second", "key.sql": "first"}


def _refresh_initial() -> None:
    folder = MIGRATIONS / "initial/functions"
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.sql"):
        file.unlink()
    for name, text in function_texts().items():
        (folder / name).write_text(text)


def test_each_file_makes_the_function_that_it_is_named_after_and_says_what_it_does() -> None:
    for file in FUNCTIONS.glob("*.sql"):
        text = file.read_text()
        assert text.startswith(f"-- hl_{file.stem}: "), file.name
        made = re.findall(r"^create (?:function|procedure) (\w+)\(", text, re.MULTILINE)
        assert made == [f"hl_{file.stem}"]


def test_no_function_is_longer_than_a_screen() -> None:
    for file in FUNCTIONS.glob("*.sql"):
        lines = file.read_text().splitlines()
        body = [line for line in lines if not line.startswith("--")]
        assert len(body) <= _BODY_LINES, (file.name, len(body))
        assert max(map(len, lines)) <= _COLUMNS, file.name
