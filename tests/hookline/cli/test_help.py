"""`--help` of every command is the golden one, so that a changed option is seen in review."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hookline.cli.main import COMMANDS, cli
from hookline.cli.summaries import SUMMARIES
from tests.processes import PROJECT, run_python

pytestmark = pytest.mark.engines("sqlite")
GOLDEN = Path(__file__).parents[2] / "golden" / "help.txt"


def helps(command: click.Command, context: click.Context) -> Iterator[str]:
    """The help of a command and of all below it, at the width of a wide terminal."""
    yield f"$ {context.command_path} --help\n{command.get_help(context)}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            settings = {"parent": context, "terminal_width": 100, **below.context_settings}
            yield from helps(below, click.Context(below, info_name=name, **settings))


def all_helps() -> str:
    context = click.Context(
        cli, info_name="hookline", terminal_width=100, help_option_names=["-h", "--help"]
    )
    return "\n".join(helps(cli, context))


def test_help_of_every_command_is_the_golden_one() -> None:
    # In a process of its own: a command that another test called alone keeps that call's names of
    # --help (click 8.5).
    found = run_python("tests.hookline.cli.test_help", folder=PROJECT).stdout
    if os.environ.get("REFRESH_GOLDEN"):
        GOLDEN.write_text(found, "utf-8")
    assert found == GOLDEN.read_text("utf-8"), "REFRESH_GOLDEN=1 writes it anew"


def test_the_list_of_commands_says_what_each_says_itself() -> None:
    context = click.Context(cli)
    assert [*SUMMARIES] == [*COMMANDS]
    for name, summary in SUMMARIES.items():
        command = cli.get_command(context, name)
        assert command is not None, name
        assert command.get_short_help_str(1000) == summary, name


if __name__ == "__main__":
    sys.stdout.write(all_helps())
