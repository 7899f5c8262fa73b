"""Pictures of what commands show at a terminal, in docs/terminal/: taken in each run, and the kept
ones are as this version draws them. `make pictures` writes them anew.
"""

import os
import re
import shlex
from collections.abc import Iterator
from io import StringIO
from typing import Final

import pytest
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.hookline.cli.stand import Stand, wait_for
from tests.processes import PROJECT

KEPT: Final = PROJECT / "docs/terminal"
WIDTH: Final = 100
FONTS: Final = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, Liberation Mono, monospace"
# Without rich's own fonts, which a reader would fetch from another host.
FORMAT: Final = re.sub(
    r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL
).replace("Fira Code, monospace", FONTS)
# Contrast of 4.5 and more on its background.
THEME: Final = TerminalTheme(
    (24, 26, 31),
    (222, 224, 230),
    [
        *((150, 154, 165), (255, 133, 133), (126, 217, 145), (240, 200, 110)),
        *((135, 180, 255), (220, 160, 245), (110, 215, 220), (222, 224, 230)),
    ],
    [
        *((160, 164, 175), (255, 150, 150), (150, 230, 165), (250, 215, 130)),
        *((160, 195, 255), (230, 180, 250), (140, 225, 230), (255, 255, 255)),
    ],
)
FILE: Final = """\
version: 1
set: shop
defaults:
  environments: [production]
webhooks:
  billing:
    name: Billing
    url: {}/200
    events: [order.*.*]
    timeout: 15s
"""
CHANGED: Final = """\
version: 1
set: shop
defaults:
  environments: [production]
webhooks:
  billing:
    name: Billing
    url: {}/200
    events: [order.*.*, invoice.*.*]
    timeout: 5s
    rateLimit: 20/s
  stock:
    name: Stock alerts
    url: https://stock.example.com/hooks
    events: [stock.item.low]
    filter:
      data.left: {{ lt: 10 }}
"""


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A server with a set of webhooks, and deliveries that ended in different ways."""
    with Stand(tmp_path_factory.mktemp("shop")) as stand:
        (stand.folder / "config").mkdir()
        file = stand.folder / "config/webhooks.yaml"
        file.write_text(FILE.format(stand.receiver.url))
        stand.run("sync", "apply", "--yes")
        once = ("-F", 'retry={"schedule": ["1h"]}')
        crm = (f"--url={stand.receiver.url}/503", "-e", "production", "--event", "invoice.*.*")
        stand.run("webhooks", "create", "--name", "CRM", *crm, *once)
        stand.run("publish", "invoice.invoice.paid", "-e", "production", "-d", '{"number": 1}')
        for name in ("create", "update", "paid"):
            stand.run("publish", f"order.order.{name}", "-e", "production", "-d", '{"id": 1}')
        listed = ("deliveries", "list", "--status", "succeeded")
        wait_for(lambda: len(stand.json(*listed)) == 3)
        wait_for(lambda: _was_tried(stand))
        file.write_text(CHANGED.format(stand.receiver.url))
        yield stand


def _was_tried(stand: Stand) -> bool:
    [found] = stand.json("deliveries", "list", "--status", "pending")
    return bool(found["attemptCount"])


def listening(stand: Stand, command: str) -> str:
    """The terminal of a listener that three events came to, as it is before its end."""
    target = f"{stand.receiver.url}/200"
    typed = shlex.split(command.replace("3000", target))[1:]
    terminal = stand.at_terminal(*typed, width=WIDTH, COLUMNS=str(WIDTH))
    terminal.shows("r resend")
    ends = dict[str, str]()
    for number, (name, status) in enumerate((("create", 200), ("pay", 500), ("ship", 200))):
        stand.receiver.statuses["/200"] = status
        event = (f"order.order.{name}", "-e", "development", "-d", "1")
        event_id = stand.run("publish", *event).stdout.strip()
        terminal.shows(rf"<-- .*{event_id} \d+ ms")
        ends[event_id[-6:]] = f"4sn02{number}"
    terminal.type("q")
    terminal.end()
    *lines, last = terminal.text.split("\r\n")
    *_, bottom, _ = last.split(_ERASED)
    shown = [*(line.split(_ERASED)[-1] for line in lines), "", bottom]
    text = "\n".join(shown).replace(target, "http://localhost:3000/")
    for end, ours in ends.items():
        text = text.replace(end, ours)
    return text


def shown_by(stand: Stand, command: str) -> str:
    """The terminal after a command."""
    if command.startswith("hookline listen"):
        return listening(stand, command)
    terminal = stand.at_terminal(*shlex.split(command)[1:], width=WIDTH, COLUMNS=str(WIDTH))
    terminal.end()
    return terminal.text.replace("\r\n", "\n")


_ERASED: Final = "\r\x1b[K"
# What differs from machine to machine, and as the pictures have it.
ALIKE: Final = {
    r"[\d,]+, of which (.*) [\d,]+ in": r"20,000, of which \1 3,000 in",
    r"\d\d:\d\d:\d\d ": "10:00:00 ",
    r"evt_\w{20}": "evt_01h455vb4pex5vsknk08",
    r"\b\d+ ms": "12 ms",
    r"whsec_\S+": "whsec_…",
    r"kept in \S+/": "kept in ~/.config/hookline/",
}


def drawn(stand: Stand, name: str, command: str) -> str:
    """The picture of a command and of what it shows."""
    shown = shown_by(stand, command).replace(stand.url, "https://hooks.example.com")
    for pattern, ours in ALIKE.items():
        shown = re.sub(pattern, ours, shown)
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    # An empty line at the end: the picture cuts its last one, too.
    console.print(Text.from_ansi(shown.rstrip("\n") + "\n"))
    picture = console.export_svg(title="", theme=THEME, code_format=FORMAT, unique_id=name)
    # Each line is cut at its height, where other fonts than rich's have their underscores.
    return re.sub(r' clip-path="url\(#\w+-line-\d+\)"', "", picture)


PICTURES: Final = {
    "plan": "hookline sync plan",
    "deliveries": "hookline deliveries list --columns status,webhook,type,attempts",
    "doctor": "hookline doctor",
    "listen": "hookline listen 3000 --events 'order.*.*' -e development",
}


def test_pictures_show_what_the_commands_show_and_load_nothing(stand: Stand) -> None:
    for name, command in PICTURES.items():
        picture = drawn(stand, name, command)
        assert "url(http" not in picture
        if os.environ.get("REFRESH_PICTURES"):
            (KEPT / f"{name}.svg").write_text(picture, "utf-8")
        assert (KEPT / f"{name}.svg").read_text("utf-8") == picture, "Run: make pictures"


def test_each_picture_is_on_a_page() -> None:
    pages = "".join(path.read_text("utf-8") for path in (PROJECT / "docs").rglob("*.md"))
    named = set(re.findall(r"terminal/(\w+)\.svg", pages))
    assert named == set(PICTURES) == {path.stem for path in KEPT.iterdir()}
