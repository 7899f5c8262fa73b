"""The pictures of the console in the readme and docs/console.md. Each run makes them and checks
that they are what the pages name; `make pictures` keeps them in docs/pictures/.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.console import Console, Server
from tests.browser.shop import furnish
from tests.processes import PROJECT

REFRESHES: Final = bool(os.environ.get("REFRESH_PICTURES"))
KEPT: Final = PROJECT / "docs" / "pictures"
SCHEMES: Final = ("light", "dark")
# Those that this run draws: one shows that it works.
DRAWN: Final = SCHEMES if REFRESHES else SCHEMES[:1]
STILLS: Final = ("list", "configure", "activity", "sync")
ANIMATED: Final = "story"
WIDTH: Final = 1400
# Half of the pixels show as much where nobody keeps them.
SCALE: Final = 1.5 if REFRESHES else 1
# Of how well it is packed: 3 % more bytes for half of the time.
METHOD: Final = 4 if REFRESHES else 2
LIMIT_BYTES, ANIMATED_LIMIT_BYTES = 2_000_000, 700_000


@pytest.fixture(scope="module")
def ids(server: Server) -> dict[str, str]:
    return furnish(server)


@pytest.fixture
def opened(server: Server, browser: Browser, ids: dict[str, str]) -> Iterator[Console]:
    """A page that is drawn as on a fine screen, without motion."""
    context = browser.new_context(
        base_url=server.url,
        locale="en-GB",
        timezone_id="UTC",
        viewport={"width": WIDTH, "height": 820},
        device_scale_factor=SCALE,
        reduced_motion="reduce",
    )
    console = Console(server, context.new_page())
    console.sign_in()
    yield console
    console.check()
    context.close()


def taken(page: Page, scheme: str) -> Image.Image:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
    return Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))


class Story:
    """Frames of an animation, in both schemes, each with how long it is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: dict[str, list[Image.Image]] = {scheme: [] for scheme in DRAWN}
        self.durations_ms: list[int] = []

    def show(self, duration_ms: int, at: Locator | None = None) -> None:
        """Takes a frame. at: where the pointer stands."""
        box = at.bounding_box() if at else None
        for scheme, frames in self.frames.items():
            frame = taken(self.page, scheme).convert("RGB")
            if box:
                draw_pointer(frame, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            frames.append(frame)
        self.durations_ms.append(duration_ms)

    def press(self, target: Locator) -> None:
        self.show(1_000, at=target)
        target.click()

    def save(self, folder: Path) -> None:
        for scheme, frames in self.frames.items():
            frames[0].save(
                folder / f"{ANIMATED}-{scheme}.webp",
                save_all=True,
                append_images=frames[1:],
                duration=self.durations_ms,
                loop=0,
                quality=70,
                method=METHOD,
            )


def draw_pointer(frame: Image.Image, x: float, y: float) -> None:
    shape = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)]
    points = [((x + dx) * SCALE, (y + dy) * SCALE) for dx, dy in shape]
    ImageDraw.Draw(frame).polygon(points, fill="white", outline="black")


def tell_story(console: Console, folder: Path) -> None:
    """A webhook is turned on, an event published; its attempts arrive, and one is retried."""
    page = console.page
    page.set_viewport_size({"width": 1280, "height": 760})
    console.go("/webhooks")
    page.get_by_role("combobox", name="Environment").select_option("development")
    expect(page.get_by_role("row")).to_have_count(4)
    story = Story(page)
    switch = page.get_by_role("switch", name="Stock alerts")
    story.press(page.locator("label").filter(has=switch))
    expect(page.get_by_role("switch", name="Stock alerts: on")).to_be_visible()
    story.show(1_200)
    story.press(page.get_by_role("link", name="Events"))
    story.press(page.get_by_role("button", name="Publish an event"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type").fill("stock.item.low")
    dialog.get_by_label("Data").fill('{\n  "sku": "A-17",\n  "left": 2\n}')
    story.press(dialog.get_by_role("button", name="Publish"))
    expect(dialog.get_by_text("Published: it goes to 2 webhooks.")).to_be_visible()
    story.show(1_400)
    dialog.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Webhooks", exact=True).click()
    page.get_by_role("link", name="Stock alerts", exact=True).click()
    rows = page.get_by_role("row").filter(has_text="stock.item.low")
    expect(rows.first).to_contain_text("Failed 500")
    story.show(1_400)
    expect(rows).to_have_count(2)
    story.show(1_600)
    story.press(rows.first.get_by_role("button", name="Retry"))
    expect(rows.filter(has_text="By hand")).to_contain_text("Failed 500")
    story.show(3_000)
    story.save(folder)
    page.set_viewport_size({"width": WIDTH, "height": 900})
    rows.first.get_by_role("link", name="stock.item.low").press("Enter")
    expect(page.get_by_role("region", name="Body of the response")).to_be_visible()
    save_stills(page, folder, "activity")


def save_stills(page: Page, folder: Path, name: str) -> None:
    for scheme in DRAWN:
        picture = taken(page, scheme).convert("RGB")
        picture.save(folder / f"{name}-{scheme}.webp", quality=80, method=METHOD)


def take_stills(console: Console, folder: Path, ids: dict[str, str]) -> None:
    page = console.page
    console.go("/webhooks")
    expect(page.get_by_role("row")).to_have_count(10)
    save_stills(page, folder, "list")

    console.go(f"/webhooks/{ids['billing']}?tab=configure&advanced=1")
    expect(page.get_by_role("region", name="Body of the request")).to_contain_text("Ada Byron")
    page.get_by_text("Triggering events").evaluate("(it) => it.scrollIntoView()")
    save_stills(page, folder, "configure")

    console.go("/sync/shop?tab=drift")
    expect(page.get_by_role("row").filter(has_text="new cluster")).to_be_visible()
    page.set_viewport_size({"width": WIDTH, "height": 460})
    save_stills(page, folder, "sync")


def named_pictures() -> set[str]:
    pages = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
    texts = [page.read_text("utf-8") for page in pages]
    return {name for text in texts for name in re.findall(r"pictures/([\w.-]+)", text)}


def names_of(schemes: Iterable[str]) -> set[str]:
    return {f"{name}-{scheme}.webp" for name in (*STILLS, ANIMATED) for scheme in schemes}


def test_pictures_are_made_as_the_pages_name_them_and_are_small(
    opened: Console, ids: dict[str, str], tmp_path: Path
) -> None:
    folder = KEPT if REFRESHES else tmp_path
    folder.mkdir(exist_ok=True)

    take_stills(opened, folder, ids)
    tell_story(opened, folder)

    assert {path.name for path in folder.iterdir()} == names_of(DRAWN)
    sizes = {path.name: path.stat().st_size for path in KEPT.iterdir()}
    assert set(sizes) == named_pictures() == names_of(SCHEMES)
    assert sum(sizes.values()) <= LIMIT_BYTES
    for path in (*folder.glob(f"{ANIMATED}-*"), *KEPT.glob(f"{ANIMATED}-*")):
        assert path.stat().st_size <= ANIMATED_LIMIT_BYTES
        with Image.open(path) as picture:
            # Frames that are the same are one.
            assert getattr(picture, "n_frames", 1) >= 8
