"""Output of the commands that show what a server has: a table for people, JSON, YAML or ids for
programs. Data on standard output, talk on standard error.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

import click

from hookline.cli.tables import Cell, lines_of_fields, lines_of_table
from hookline.cli.terminal import Colored, echo
from hookline.cli.yaml_text import yaml_lines

Node = dict[str, Any]
"""An object of an answer."""
Command = TypeVar("Command", bound=Callable[..., Any])
Show = Callable[[Any], str]

FORMATS: Final = ("table", "json", "yaml", "jsonl", "id")
_COLORS: Final = {
    **dict.fromkeys(("active", "succeeded", "valid", "2"), "green"),
    **dict.fromkeys(("failed", "auto-disabled", "4", "5"), "red"),
    **dict.fromkeys(("unknown", "held", "pending", "running", "in-progress", "3"), "yellow"),
    **dict.fromkeys(("inactive", "cancelled", "expired", "revoked"), "bright_black"),
}


class TableColumn(NamedTuple):
    """A column of a noun. read: its value in an answer's object, as programs get it. show: the text
    of a value that is there. is_colored: words of state have the colour of their meaning.
    """

    read: Callable[[Node], Any]
    show: Show = str
    is_colored: bool = False

    def cell(self, node: Node) -> Cell:
        value = self.read(node)
        text = "" if value is None else self.show(value)
        color = _COLORS.get(text.split()[0]) if self.is_colored and text else None
        return Colored(text, color) if color else text


@dataclass(frozen=True)
class Noun:
    """A kind of objects of the API. many: its name in sentences. fields: what is asked for. usual:
    the columns of a table unless others are asked for.
    """

    many: str
    fields: str
    columns: Mapping[str, TableColumn]
    usual: Sequence[str]

    def options(self, command: Command) -> Command:
        """Adds `-o` and `--columns` to a command that shows objects of this kind."""
        chosen = click.option(
            "--columns",
            callback=self._chosen,
            metavar="NAME,…",
            help=f"What to show, of: {', '.join(self.columns)}. [default of tables: "
            f"{','.join(self.usual)}]",
        )
        return _OUTPUT(chosen(command))

    def print_list(self, nodes: Iterable[Node], output: str, chosen: Sequence[str] | None) -> None:
        """Prints them: lines as they come; a table, an array or a list when all are there."""
        if output in ("jsonl", "id"):
            for node in nodes:
                self._print_line(node, output, chosen)
            return
        found = list(nodes)
        if output != "table":
            _print_data([self._data(node, chosen) for node in found], output)
        elif found:
            names = chosen or self.usual
            rows = [[self.columns[name].cell(node) for name in names] for node in found]
            heads = [name.upper().replace("-", " ") for name in names]
            for line in lines_of_table(heads, rows):
                echo(*line)
        else:
            echo(f"No {self.many}.", err=True)

    def print_one(self, node: Node, output: str, chosen: Sequence[str] | None) -> None:
        """Prints one object: a line for each column that has a value, or its data."""
        if output in ("jsonl", "id"):
            self._print_line(node, output, chosen)
        elif output != "table":
            _print_data(self._data(node, chosen), output)
        else:
            cells = {name: self.columns[name].cell(node) for name in chosen or self.columns}
            for line in lines_of_fields(cells):
                echo(*line)

    def _print_line(self, node: Node, output: str, chosen: Sequence[str] | None) -> None:
        data = self._data(node, chosen)
        echo(node["id"] if output == "id" else json.dumps(data, ensure_ascii=False))
        # Followed through a pipe, too.
        sys.stdout.flush()

    def _data(self, node: Node, chosen: Sequence[str] | None) -> Node:
        if chosen is None:
            return node
        return {name: self.columns[name].read(node) for name in chosen}

    def _chosen(
        self, context: click.Context, parameter: click.Parameter, text: str | None
    ) -> Sequence[str] | None:
        if text is None:
            return None
        names = [name.strip() for name in text.split(",")]
        if unknown := [name for name in names if name not in self.columns]:
            raise click.BadParameter(
                f"there is no column {unknown[0]!r}; there are: {', '.join(self.columns)}."
            )
        return names


_OUTPUT = click.option(
    "-o",
    "--output",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table, JSON, YAML, a JSON object a line, or ids alone.",
)


def _print_data(data: object, output: str) -> None:
    if output == "yaml":
        for line in yaml_lines(data):
            echo(line)
    else:
        echo(json.dumps(data, indent=2, ensure_ascii=False))


def at(path: str) -> Callable[[Node], Any]:
    """Reads a value by the names on its way; None where one of them has none."""
    names = path.split(".")

    def read(node: Node) -> Any:
        value: Any = node
        for name in names:
            if value is None:
                return None
            value = value[name]
        return value

    return read


def word(text: str) -> str:
    """A value of an enumeration as people read it: `AUTO_DISABLED` is `auto-disabled`."""
    return text.lower().replace("_", "-")


def words(texts: Sequence[str]) -> str:
    return ", ".join(texts)


def yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def milliseconds(value: int) -> str:
    return f"{value} ms"
