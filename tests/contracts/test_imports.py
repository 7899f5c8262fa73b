"""Imports go one way and each library has one home: the contracts stand in pyproject.toml."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hookline.cli.main import cli

ROOT = Path(__file__).parents[2]


def test_every_import_goes_in_an_allowed_direction() -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert result.returncode == 0, result.stdout


HEAVY = {"tortoise", "strawberry", "graphql", "pydantic", "pydantic_settings", "httpx", "yaml"} | {
    "dramatiq",
    "uvicorn",
    "uvloop",
    "httptools",
    "asyncio",
    "cryptography",
    "asyncpg",
    "orjson",
}


def imported_by(*commands: tuple[str, ...]) -> list[set[str]]:
    """Modules in memory once each command line is done, one after the other; all must end well."""
    code = (
        "import sys\n"
        "from hookline.cli.main import exit_code_of, cli\n"
        f"for words in {[list(command) for command in commands]!r}:\n"
        "    code = exit_code_of(lambda: cli(words, standalone_mode=False))\n"
        "    print(*sorted(sys.modules), file=sys.stderr)\n"
        "    if code: sys.exit(code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return [set(line.split()) for line in result.stderr.splitlines()]


def command_lines(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*names, name)
        if isinstance(command, click.Group):
            yield from command_lines(command, *names, name)


def test_help_imports_nothing_heavy() -> None:
    """The command line has to answer at once; each command imports what it needs when it runs."""
    commands = [(), *command_lines(cli)]

    found = imported_by(*((*names, "--help") for names in commands))

    # in one process: behind the first that imports something, the others have it too
    heavy = zip(commands, (modules & HEAVY for modules in found), strict=True)
    assert [(names, modules) for names, modules in heavy if modules] == []


def test_a_file_is_validated_without_settings_database_or_api() -> None:
    [found] = imported_by(("sync", "validate", "-f", "config/webhooks.yaml"))

    heavy = HEAVY - {"yaml", "cryptography", "orjson"}
    heavy |= {"api", "hookline.settings.fields", "hookline.db"}
    assert found & heavy == set()
    assert "hookline.sync.apply" not in found


def test_a_server_has_no_library_in_memory_that_its_settings_give_no_use_for() -> None:
    """15 MB of 110: clients of brokers, the validator of types' schemas and YAML (2026-11)."""
    code = "import sys, api.app, api.lifespan, workers.actors; print(*sorted(sys.modules))"

    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert found.returncode == 0, found.stderr
    modules = set(found.stdout.split())
    assert {"uvicorn", "dramatiq"} & modules, "else it looks at the wrong modules"
    assert modules & {"redis", "pika", "jsonschema_rs", "yaml"} == set()
