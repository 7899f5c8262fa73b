"""Groups of commands whose modules are imported when a command is asked for: `--help` of one does
not pay for all.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from textwrap import shorten
from types import MappingProxyType
from typing import Any

import click


class LazyGroup(click.Group):
    """A group with more commands at places `module:attribute`, in this order, before its own.
    summaries: what its help says of a command, which needs not be imported then.
    """

    def __init__(
        self,
        *given: Any,
        places: Mapping[str, str],
        summaries: Mapping[str, str] = MappingProxyType({}),
        **named: Any,
    ) -> None:
        super().__init__(*given, **named)
        self._places = places
        self._summaries = summaries

    def list_commands(self, context: click.Context) -> list[str]:
        return [*self.commands, *(name for name in self._places if name not in self.commands)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self._places:
            return super().get_command(context, name)
        module, _, attribute = self._places[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(context)
        # As click has it.
        limit = formatter.width - 6 - max(map(len, names))
        rows = [(name, self._summary(context, name, limit)) for name in names]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _summary(self, context: click.Context, name: str, limit: int) -> str:
        if name in self._summaries:
            return shorten(self._summaries[name], limit, placeholder="...")
        command = self.get_command(context, name)
        return command.get_short_help_str(limit) if command else ""


def lazy_group(**places: str) -> Callable[[Callable[..., Any]], click.Group]:
    """Makes a group of a function. places: further commands by name, `_` for `-`."""
    named = {name.replace("_", "-"): place for name, place in places.items()}
    decorate: Callable[[Callable[..., Any]], click.Group] = click.group(cls=LazyGroup, places=named)
    return decorate
