"""The pages of the site in one folder, as zensical reads them: those of docs/, those of the
repository's root, and those that are made from the code. Called by tools.docs_site; changes nothing
in the repository.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from tools.docs_site.reference import generated_pages

ROOT: Final = Path(__file__).parents[2]

_MOVED: Final = {
    "docs": "index.md",
    "docs/README.md": "index.md",
    "docs/decisions": "index.md",
    "README.md": "project/readme.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "LICENSE": "project/licence.txt",
    "clients/python/README.md": "client-python.md",
    "examples/README.md": "examples.md",
    "schema.graphql": "reference/schema.graphql",
    "config/webhooks.v1.schema.json": "reference/webhooks.v1.schema.json",
}
"""Places on the site of files that are not below docs/, or have another name there."""
_LINK: Final = re.compile(r"(?<=\]\()[^)\s:#]+(?=[#)])|(?<=src=\")[^\":]+|(?<=srcset=\")[^\":]+")
_NUMBERED: Final = re.compile(r"\d+\. ")


def stage(folder: Path) -> None:
    """Writes the configuration and all pages into an empty folder."""
    shutil.copy(ROOT / "docs/zensical.toml", folder)
    pages = folder / "pages"
    for source, target in _sources():
        (pages / target).parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".md":
            (pages / target).write_text(staged(source), "utf-8")
        else:
            shutil.copy(source, pages / target)
    for name, text in generated_pages().items():
        (pages / name).write_text(text, "utf-8")


def staged(source: Path) -> str:
    """The text of a page with its links as they are on the site, and lists as Python-Markdown
    wants them.
    """
    here = PurePosixPath(_target(source.relative_to(ROOT).as_posix()) or "")

    def moved(link: re.Match[str]) -> str:
        target = _target(os.path.relpath(source.parent / link[0], ROOT))
        return link[0] if target is None else os.path.relpath(target, here.parent)

    return "\n".join(_indented(_LINK.sub(moved, source.read_text("utf-8")).split("\n")))


def _sources() -> Iterator[tuple[Path, str]]:
    """Files of the repository that are on the site, each with its place there."""
    for path in sorted((ROOT / "docs").rglob("*")):
        if path.is_file() and path.suffix != ".toml":
            name = path.relative_to(ROOT).as_posix()
            yield path, _target(name) or name
    for name, target in _MOVED.items():
        if not name.startswith("docs"):
            yield ROOT / name, target


def _target(name: str) -> str | None:
    """The place of a file of the repository, or of a folder that is linked to; None for one that is
    not on the site.
    """
    if name in _MOVED:
        return _MOVED[name]
    return name.removeprefix("docs/") if name.startswith("docs/") else None


def _indented(lines: list[str]) -> Iterator[str]:
    """Four blanks before what belongs to a numbered item: GitHub is content with three."""
    in_item = False
    for line in lines:
        if line.strip():
            in_item = bool(_NUMBERED.match(line)) or (in_item and line.startswith("   "))
        yield f" {line}" if in_item and line.startswith("   ") else line
