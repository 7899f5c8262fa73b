"""The console's dark scheme differs from the light one in colours alone, so that its tests look at
all else once (`check_accessible` of tests/browser/console.py).
"""

import re

from tests.processes import PROJECT

SOURCES = PROJECT / "web" / "console" / "src"
PAIR = re.compile(r"light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)")
THEME = re.compile(r':root\[data-theme="(light|dark)"\] \{ color-scheme: \1; \}')


def test_schemes_of_the_console_differ_in_colours_alone() -> None:
    style = (SOURCES / "styles.css").read_text("utf-8")
    assert len(PAIR.findall(style)) == style.count("light-dark(") > 10
    assert len(THEME.findall(style)) == style.count("data-theme") == 2
    asking = [
        path.name
        for path in SOURCES.rglob("*")
        if path.suffix in {".css", ".ts", ".tsx"} and "prefers-color-scheme" in path.read_text()
    ]
    assert asking == []
