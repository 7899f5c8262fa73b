"""The documentation's site: complete, its links good, nothing of it from another host."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urldefrag

import pytest

from tests.processes import PROJECT
from tools.docs_site.building import BuildFailed, run_zensical
from tools.docs_site.staging import stage

ELSEWHERE: Final = re.compile(r"(https?:)?//")
LOADING: Final = frozenset({"src", "srcset", "data", "poster", "action"})


class Page(HTMLParser):
    """The files that a page loads, its links, and the places that links may lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.places = {""}
        self.inline: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.loaded += [value for name, value in found.items() if name in LOADING]
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif "href" in found:
            self.loaded.append(found["href"])
        is_data = found.get("type") == "application/json"
        is_inline = tag == "style" or (tag == "script" and "src" not in found and not is_data)
        handlers = [name for name in found if name == "style" or name.startswith("on")]
        self.inline += [tag] * is_inline + [f"{tag} {name}" for name in handlers]


@cache
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    for path, page in pages(site).items():
        assert [url for url in page.loaded if ELSEWHERE.match(url)] == [], path
    for path in site.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")]+)", path.read_text("utf-8"))
        assert [url for url in found if ELSEWHERE.match(url)] == [], path
    assert not list(site.rglob("*.woff*"))


def test_no_script_and_no_style_stands_in_a_page(site: Path) -> None:
    for path, page in pages(site).items():
        assert page.inline == [], path


def test_every_link_leads_to_a_page_and_a_heading(site: Path) -> None:
    found = pages(site)
    broken = []
    for path, page in found.items():
        for link in page.links:
            if ELSEWHERE.match(link) or link.startswith("mailto:") or path.name == "404.html":
                continue
            name, place = urldefrag(link)
            target = (path.parent / unquote(name)).resolve() if name else path
            known = found[target].places if target in found else {place}
            if not target.exists() or unquote(place) not in known:
                broken.append(f"{path.relative_to(site)}: {link}")
        files = [name for name in page.loaded if not name.startswith("data:")]
        broken += [
            f"{path.relative_to(site)}: {name}"
            for name in files
            if path.name != "404.html" and not (path.parent / name).exists()
        ]
    assert broken == []


def test_every_page_of_docs_is_on_the_site_and_in_its_search(site: Path) -> None:
    index = (site / "search.json").read_text("utf-8")
    for path in (PROJECT / "docs").rglob("*.md"):
        name = path.relative_to(PROJECT / "docs").as_posix().replace("README.md", "index.md")
        assert (site / name).exists(), name
        assert (site / name).with_suffix(".html").exists(), name
        assert name.replace(".md", ".html") in index or name == "index.md", name


def test_every_page_that_users_need_is_in_the_navigation() -> None:
    navigation = (PROJECT / "docs/zensical.toml").read_text("utf-8")
    for path in (PROJECT / "docs").rglob("*.md"):
        name = path.relative_to(PROJECT / "docs").as_posix()
        if name != "README.md" and not name.startswith("decisions/"):
            assert f'"{name}"' in navigation, name


def test_a_broken_link_stops_the_build_and_is_named(zensical: None, tmp_path: Path) -> None:
    stage(tmp_path)
    with (tmp_path / "pages/filters.md").open("a") as page:
        page.write("\n[Nothing](no-such-page.md)\n")
    with pytest.raises(BuildFailed, match=r"filters\.md:\d+:\d+: page does not exist"):
        run_zensical(tmp_path)


def test_llms_txt_names_pages_that_are_there_as_markdown(site: Path) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if not (site / link).is_file()] == []
    assert text.startswith("# Hookline\n\n> ")
