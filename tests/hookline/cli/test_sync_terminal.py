"""`hookline sync` at a terminal: the question of apply and rollback, and lines as wide as it is."""

import os
import re
from pathlib import Path

import pytest

from tests.hookline.cli.stand import Stand
from tests.processes import start_python

COLOR = re.compile("\x1b\\[[0-9;]*m")
FILE = """version: 1
set: {set}
webhooks:
  {set}-orders:
    name: {name}
    url: https://{set}.example.com/in
    environments: [production]
    events: [order.*.*]
    active: true
"""


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[str, Path]:
    """The name of a set, and its file."""
    name = request.node.name.split("[")[0].removeprefix("test_")[:30].replace("_", "-").strip("-")
    path = tmp_path / "webhooks.yaml"
    path.write_text(FILE.format(set=name, name="Orders"))
    return name, path


def test_an_apply_asks_and_no_is_no_success(stand: Stand, file: tuple[str, Path]) -> None:
    name, path = file
    words = ("sync", "apply", "-f", str(path))

    refused = stand.at_terminal(*words)
    refused.shows(r"Apply this\?")
    refused.type("n\n")
    assert refused.end() == 130
    assert "Nothing was changed." in refused.text
    assert stand.run("sync", "status", "--set", name, code=1).stdout == ""

    agreed = stand.at_terminal(*words)
    agreed.shows(r"Apply this\?")
    agreed.type("y\n")
    assert agreed.end() == 0
    assert "1 webhook, no drift" in stand.run("sync", "status", "--set", name).stdout

    unchanged = stand.at_terminal(*words)
    assert unchanged.end() == 0
    assert "Apply this?" not in unchanged.text


def test_a_rollback_asks_and_no_is_no_success(stand: Stand, file: tuple[str, Path]) -> None:
    name, path = file
    stand.run("sync", "apply", "-f", str(path))
    path.write_text(FILE.format(set=name, name="Orders of all shops"))
    stand.run("sync", "apply", "-f", str(path))

    refused = stand.at_terminal("sync", "rollback", "1", "--set", name)
    refused.shows(r"Apply this\?")
    refused.type("n\n")

    assert refused.end() == 130
    assert "back to" not in stand.run("sync", "history", "--set", name).stdout


@pytest.mark.parametrize("command", ["apply", "rollback"])
def test_what_was_shown_is_what_is_applied(
    stand: Stand, file: tuple[str, Path], command: str
) -> None:
    name, path = file[0] + command, file[1]

    def write(text: str) -> None:
        path.write_text(FILE.format(set=name, name=text))

    for text in ("First", "Second"):
        write(text)
        stand.run("sync", "apply", "-f", str(path))
    write("Third")
    words = (
        ("rollback", "1", "--set", name) if command == "rollback" else ("apply", "-f", str(path))
    )
    asking = stand.at_terminal("sync", *words)
    asking.shows(r"Apply this\?")
    # Somebody else applies meanwhile.
    other = path.with_name("other.yaml")
    other.write_text(FILE.format(set=name, name="Other"))
    stand.run("sync", "apply", "-f", str(other))
    asking.type("y\n")

    assert asking.end() == 5
    assert "name Second → Other" in stand.run("sync", "show", "3", "--set", name).stdout
    assert stand.run("sync", "show", "4", "--set", name, code=1).stdout == ""


def test_nothing_is_asked_where_nobody_reads_the_answer(
    stand: Stand, file: tuple[str, Path], tmp_path: Path
) -> None:
    """Standard input is a terminal, standard output is not."""
    ours, theirs = os.openpty()
    with open(theirs, "rb", buffering=0) as given, (tmp_path / "output").open("wb") as output:
        command = start_python(
            *("hookline", "sync", "apply", "-f", str(file[1])),
            folder=stand.folder,
            environment=stand.environment,
            output=output,
            given=given,
        )
        assert command.wait(60) == 0
    os.close(ours)
    told = (tmp_path / "output").read_text()
    assert "Apply this" not in told
    assert "Revision 1: 1 create" in told


def test_records_are_as_wide_as_the_terminal(stand: Stand, file: tuple[str, Path]) -> None:
    name, path = file
    stand.run("sync", "apply", "-f", str(path), "-m", "The first one of all that will be sent")
    stand.run("webhooks", "disable", f"{name}-orders", "--reason", "overloaded")

    colored = set[str]()
    for command in ("status", "drift", "history", "show 1"):
        words = ("sync", *command.split(), "--set", name)
        shown, plain = stand.at_terminal(*words, width=50), stand.at_terminal(*words, NO_COLOR="1")
        code = 2 if command == "drift" else 0
        assert (shown.end(), plain.end()) == (code, code)

        lines = COLOR.sub("", shown.text).splitlines()
        # A word that is longer than the line, such as an URL, is broken.
        assert max(map(len, lines)) <= 50
        assert not COLOR.search(plain.text)
        in_log = stand.run(*words, code=code).stdout
        assert "".join("".join(lines).split()) == "".join(in_log.split())
        if COLOR.search(shown.text):
            colored.add(command)
    # Those with the mark of a change.
    assert colored == {"drift", "show 1"}
