"""The page of the command line, from what click knows."""

from collections.abc import Iterator
from typing import Final

import click

from hookline.cli.main import cli
from tools.docs_site.reference.markdown import cell, code, table

_HEAD: Final = """# Every command

Made from the commands: the same as `hookline COMMAND --help`. [Command line](../cli.md) has what they share: server and
token, forms of output. [Exit codes](exit-codes.md) are the same everywhere. Settings (`HOOKLINE_…`) are [environment
variables](settings.md).
"""


def page() -> str:
    return "\n".join(
        [_HEAD, *(part for names, found in every_command() for part in _part(names, found))]
    )


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Each command with its full name, groups before what they hold."""
    yield from _below(cli, "hookline")


def _below(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for part in group.list_commands(context):
        found = group.get_command(context, part)
        assert found is not None
        if found.hidden:
            continue
        yield f"{name} {part}", found
        if isinstance(found, click.Group):
            yield from _below(found, f"{name} {part}")


def _part(name: str, found: click.Command) -> Iterator[str]:
    context = click.Context(found, info_name=name)
    yield f"## {name}\n"
    yield code(" ".join([name, *found.collect_usage_pieces(context)])) + "\n"
    yield "\n\n".join(map(cell, _paragraphs(found.help or ""))) + "\n"
    rows = [_row(parameter, context) for parameter in found.params]
    if rows:
        yield table(["", "default", ""], rows)


def _paragraphs(text: str) -> list[str]:
    return [part for part in text.replace("\b", "").split("\n\n") if part.strip()]


def _row(parameter: click.Parameter, context: click.Context) -> list[str]:
    if isinstance(parameter, click.Option):
        record = parameter.get_help_record(context)
        names = ", ".join(code(part) for part in (record[0] if record else "").split(", "))
        shown = parameter.get_default(context) if parameter.show_default else None
        default = code(str(shown)) if shown not in (None, (), False) else ""
        return [names.replace("|", r"\|"), default, cell(parameter.help or "")]
    metavar = parameter.make_metavar(context)
    return [code(metavar.replace("|", r"\|")), "", "required" if parameter.required else ""]
