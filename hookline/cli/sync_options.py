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
        "--server", help="The server. [default: HOOKLINE_SERVER, else http://127.0.0.1:8000]"
    ),
    click.option(
        "--local",
        is_flag=True,
        help="Work on the database of HOOKLINE_HOME itself, while no server runs on it.",
    ),
)
