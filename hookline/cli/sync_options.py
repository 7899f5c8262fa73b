"""Options that commands of `hookline sync` share. Imports nothing heavy: --help answers at once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def options(*given: Callable[[Any], Any]) -> Callable[[F], F]:
    """One decorator of several options."""

    def add(command: F) -> F:
        # Decorators apply from the innermost: --help shows them in the order above.
        for option in reversed(given):
            command = option(command)
        return command

    return add


TARGET = options(
    click.option(
        "--server",
        help="The server. [default: HOOKLINE_SERVER, else that of the profile, else "
        "http://127.0.0.1:8000]",
    ),
    click.option(
        "--profile", metavar="NAME", help="A profile of `hookline login`. [default: the latest one]"
    ),
    click.option(
        "--local",
        is_flag=True,
        help="Work on the database of HOOKLINE_HOME itself, while no server runs on it.",
    ),
)

_FORMATS = ("human", "json", "markdown", "github", "gitlab", "table", "yaml")


class _OutputPath(click.ParamType[str]):
    """Refuses the name of a format, which -o is for other commands."""

    name = "path"

    def convert(
        self, value: str, parameter: click.Parameter | None, context: click.Context | None
    ) -> str:
        if value in _FORMATS:
            self.fail(
                f"-o is the file to write, and {value} looks like a format. For a file of this "
                f"name give ./{value}; a plan has --format.",
                parameter,
                context,
            )
        return value


def output_option(help_text: str) -> Callable[[F], F]:
    return click.option("-o", "--output", type=_OutputPath(), metavar="PATH", help=help_text)
