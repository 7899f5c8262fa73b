"""Zensical's build of the staged pages, made fit for a strict Content Security Policy: no script
and no style stands in a page. Called by tools.docs_site.
"""

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.docs_site.staging import ROOT, stage

ZENSICAL: Final = ROOT / ".venv/docs/bin/zensical"
SITE: Final = ROOT / "api/static/docs"

_SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# The search's styles (zensical 0.0.73): a sheet that a script makes is no style element.
_STYLE: Final = re.compile(r'(\w+)\.appendChild\(\w+\("style",\{\},(\w+)\.toString\(\)\)\)')
_SHEET: Final = r"(s=>{s.replaceSync(\2.toString());\1.adoptedStyleSheets=[s]})(new CSSStyleSheet)"
_PROBLEM: Final = re.compile(r"Warning: (.*?)\n.*?\[ (\S+) \]", re.DOTALL)
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


class BuildFailed(Exception):
    """The pages have broken links, or zensical failed; its text says where."""


def build(site: Path = SITE) -> None:
    """Puts the site in the place of the one that is there, at once.

    Raises BuildFailed, and leaves the old one.
    """
    site.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=site.parent, prefix=".new-docs-") as name:
        folder = Path(name)
        stage(folder)
        run_zensical(folder)
        made = folder / "site"
        for page in made.rglob("*.html"):
            move_scripts_out(page, made)
        use_a_style_sheet(*made.glob("assets/javascripts/bundle.*.js"))
        # Markdown for programs: llms.txt names it.
        shutil.copytree(folder / "pages", made, ignore=_all_but_markdown, dirs_exist_ok=True)
        shutil.rmtree(site, ignore_errors=True)
        made.rename(site)


def move_scripts_out(page: Path, site: Path) -> None:
    """Writes the scripts that stand in a page into files of their own, at their old places."""
    up = "../" * (len(page.relative_to(site).parts) - 1)

    def moved(script: re.Match[str]) -> str:
        name = f"inline.{sha256(script[1].encode()).hexdigest()[:8]}.js"
        (site / "assets/javascripts" / name).write_text(script[1], "utf-8")
        return f'<script src="{up or "./"}assets/javascripts/{name}"></script>'

    page.write_text(_SCRIPT.sub(moved, page.read_text("utf-8")), "utf-8")


def use_a_style_sheet(bundle: Path) -> None:
    """Makes the search's dialog do without a style element.

    Raises BuildFailed if the script of the theme is another one than is known.
    """
    text, count = _STYLE.subn(_SHEET, bundle.read_text("utf-8"))
    if count != 1:
        raise BuildFailed(f"{bundle.name}: its styles of the search were looked for, {count} found")
    bundle.write_text(text, "utf-8")


def run_zensical(folder: Path) -> None:
    """Builds the staged pages of a folder into its folder `site`.

    Raises BuildFailed with the place of each broken link.
    """
    done = subprocess.run(
        [ZENSICAL, "build", "--strict", "-f", "zensical.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = _COLOUR.sub("", done.stdout + done.stderr)
        found = [f"{place}: {what}" for what, place in _PROBLEM.findall(said)]
        raise BuildFailed("\n".join(found) or said)


def _all_but_markdown(folder: str, names: list[str]) -> list[str]:
    return [n for n in names if not n.endswith(".md") and not (Path(folder) / n).is_dir()]
