"""What README.md tells people to type exists."""

import re
import subprocess
from pathlib import Path

import click

from hookline.cli.main import COMMANDS, cli
from hookline.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [README, *(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))]


def test_every_command_exists_with_its_options() -> None:
    for page in PAGES:
        for line in re.findall(r"(?:^|[`$/ ])hookline ([a-z]+[^`\n#]*)", "\n".join(_code(page))):
            words = line.split()
            command = cli.get_command(click.Context(cli), words[0])
            assert command is not None, f"hookline {words[0]} is no command"
            if isinstance(command, click.Group) and len(words) > 1 and not words[1].startswith("-"):
                command = command.get_command(click.Context(command), words[1].partition("|")[0])
                assert command is not None, f"hookline {words[0]} {words[1]} is no command"
            known = {option for parameter in command.params for option in parameter.opts} | {
                "--help"
            }
            assert [
                word for word in words if re.fullmatch("--[a-z-]+", word) and word not in known
            ] == [], line


def test_every_command_is_mentioned() -> None:
    for name in COMMANDS:
        assert f"hookline {name}" in README


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    for page in PAGES:
        assert set(re.findall(r"\bmake ([a-z]+)", "\n".join(_code(page)))) <= targets


def test_make_help_lists_what_people_use() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout

    for target in (
        "help",
        "setup",
        "run",
        "test",
        "web",
        "check",
        "lint",
        "schema",
        "bench",
        "chaos",
    ):
        assert re.search(rf"make {target} +\w", listed), target


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert f"`{PREFIX}{name.upper()}`" in README
        assert field.description, name


def _code(page: str) -> list[str]:
    """Code blocks, and code in a line."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", page)
