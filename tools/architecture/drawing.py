"""docs/architecture.svg: boxes on layers, arrows down in the colour of who imports, arrows up in
red. Readable on light and on dark pages.
"""

from collections.abc import Iterator
from typing import Final

from tools.architecture.layout import Box, Layout, lay_out
from tools.architecture.packages import (
    LEAVES,
    backward,
    layers,
    packages,
    reduced,
    short,
    without,
)

# Colours as variables in the file itself: GitHub shows it as an image, which gets no style of the
# page.
STYLE: Final = """
  svg { --page: #ffffff; --ink: #1f2430; --soft: #667085; --line: #e7e9ef; --up: #d92d20;
    --hookline: #3b5bdb; --hookline-fill: #eef2ff; --api: #0b7285; --api-fill: #e3f7fa;
    --workers: #b54708; --workers-fill: #fff3e0; --leaves: #667085; --leaves-fill: #f4f5f7; }
  @media (prefers-color-scheme: dark) { svg { --page: #0d1117; --ink: #e6edf3; --soft: #9aa4b2;
    --line: #21262d; --up: #ff7b72; --hookline: #8ea2ff; --hookline-fill: #1b2342; --api: #56c7d8;
    --api-fill: #0f2e35; --workers: #f0a35e; --workers-fill: #38240f; --leaves: #8b949e;
    --leaves-fill: #1c2128; } }
  text { font-family: ui-sans-serif, system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
  .page { fill: var(--page); } .layer { stroke: var(--line); }
  .number { fill: var(--soft); font-size: 11px; }
  .name { fill: var(--ink); font-size: 14px; font-weight: 600; text-anchor: middle; }
  .inside { fill: var(--soft); font-size: 11px; text-anchor: middle; }
  .key { fill: var(--soft); font-size: 12px; }
  path { fill: none; stroke-width: 1.4; stroke-opacity: .62; }
"""
GROUPS: Final = ("hookline", "api", "workers", LEAVES)


def picture() -> str:
    imports, inside = packages()
    # Taken out first: with a circle no package could be above all that it imports.
    upward = backward(imports)
    downward = without(imports, upward)
    boxes = [
        Box(
            package,
            short(package),
            " · ".join(inside[package]),
            package.split(".")[0],
        )
        for package in sorted(imports)
    ]
    layout = lay_out(boxes, layers(downward), reduced(downward))
    return svg(layout, upward)


def svg(layout: Layout, upward: set[tuple[str, str]]) -> str:
    width, height = layout.width, layout.height + 56
    style = STYLE + "".join(
        f"  .{group} rect {{ fill: var(--{group}-fill); stroke: var(--{group}); }}\n"
        f"  path.{group} {{ stroke: var(--{group}); }} #to-{group} path "
        f"{{ fill: var(--{group}); stroke: none; fill-opacity: .8; }}\n"
        for group in GROUPS
    )
    style += "  path.up { stroke: var(--up); stroke-width: 2.4; stroke-opacity: 1; }\n"
    style += "  #to-up path { fill: var(--up); stroke: none; }\n"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-labelledby="title">',
        '<title id="title">The packages of Hookline by layers: imports point down</title>',
        f"<style>{style}</style>",
        "<defs>",
        *(_marker(group) for group in (*GROUPS, "up")),
        "</defs>",
        f'<rect class="page" width="{width}" height="{height}" rx="12"/>',
        *_layers(layout),
        *(
            f'<path class="{layout.boxes[a].group}" marker-end="url(#to-{layout.boxes[a].group})" '
            f'd="{layout.curves[a, b]}"/>'
            for a, b in sorted(layout.curves)
        ),
        *(
            f'<path class="up" marker-end="url(#to-up)" d="{layout.straight(a, b)}"/>'
            for a, b in sorted(upward)
        ),
        # After the arrows, which end under the boxes' edges: SVG paints in the order of the file.
        *(_box(layout, name) for name in sorted(layout.boxes)),
        *_key(layout, len(upward)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _marker(group: str) -> str:
    return (
        f'<marker id="to-{group}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0.6 L8 4 L0 7.4 Z"/></marker>'
    )


def _layers(layout: Layout) -> Iterator[str]:
    for number, y in enumerate(layout.layers):
        yield f'<line class="layer" x1="36" x2="{layout.width - 20}" y1="{y}" y2="{y}"/>'
        yield f'<text class="number" x="16" y="{y + 4}">{number}</text>'


def _box(layout: Layout, name: str) -> str:
    box = layout.boxes[name]
    x, y, width, height = layout.place(name)
    lift = 4 if not box.inside else -3
    second = f'<text class="inside" x="{x}" y="{y + 14}">{box.inside}</text>' if box.inside else ""
    return (
        f'<g class="{box.group}"><rect x="{x - width // 2}" y="{y - height // 2}" width="{width}" '
        f'height="{height}" rx="9"/><text class="name" x="{x}" y="{y + lift}">{box.title}</text>'
        f"{second}</g>"
    )


def _key(layout: Layout, upward: int) -> Iterator[str]:
    y = layout.height + 24
    text = "An arrow points to what is imported; one that a longer way implies is left out. " + (
        f"Upward: {upward}, in red." if upward else "None points up."
    )
    yield f'<text class="key" x="36" y="{y}">{text}</text>'
