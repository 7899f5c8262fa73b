"""Commands, links and paths in README.md, CONTRIBUTING.md, docs/ and clients/ exist."""

import re
import subprocess
from pathlib import Path

import click

from hookline.cli.main import COMMANDS, cli
from hookline.settings.fields import Settings
from hookline.settings.listing import describe
from tests.tables import each_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FOLDERS = ("docs", "clients", "examples")
PAPERS = sorted(
    [*ROOT.glob("*.md"), *(path for name in FOLDERS for path in (ROOT / name).rglob("*.md"))]
)
PAGES = [path.read_text("utf-8") for path in PAPERS]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"(?:\.ci|api|benchmarks|config|docs|hookline|tests|web|workers)/[\w./-]*")


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


@each_of("paper", PAPERS)
def test_every_link_and_path_exists(paper: Path) -> None:
    text = paper.read_text("utf-8")
    links = [link for link in _LINK.findall(text) if "://" not in link]
    paths = [path for code in _code(text) for path in code.split() if _PATH.fullmatch(path)]

    missing = [link for link in links if not _has_target(paper, link)]
    missing += [path for path in paths if not (ROOT / path).exists()]

    # the browser pages are built, not kept
    assert [path for path in missing if not path.startswith("api/static")] == []


def _has_target(paper: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = paper.parent / name if name else paper
    if not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    return anchor in {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-") for line in headings
    }


def test_the_index_of_docs_names_every_page() -> None:
    index = ROOT / "docs/README.md"
    named = {(index.parent / link).resolve() for link in _LINK.findall(index.read_text("utf-8"))}

    assert {path for path in PAPERS if path != index} - named == set()


def test_make_help_lists_what_people_use() -> None:
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
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
        "docs",
        "bench",
        "chaos",
    ):
        assert re.search(rf"make {target} +\w", listed), target


def test_every_setting_stands_in_the_readme_as_the_command_shows_it() -> None:
    for shown in describe(Settings.model_construct()):
        default = f"`{shown.value}`" if shown.value else ""
        assert shown.description
        assert f"| `{shown.name}` | {default} | {shown.description} |" in README


def _code(page: str) -> list[str]:
    """Code blocks, and code in a line."""
    blocks = re.findall(r"^```(?:sh|console)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return blocks + re.findall(r"`([^`\n]+)`", page)
