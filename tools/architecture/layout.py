"""Places boxes on layers and leads arrows between them (Sugiyama's method: dummies on the layers
that an arrow passes, few crossings, short ways). The same input gives the same picture.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LAYER_HEIGHT, BOX_HEIGHT, GAP, MARGIN = 104, 46, 26, 44
SWEEPS, _ROUNDS = 24, 200
_STRAIGHT = 6
"""Weight of a straight way for an arrow that passes a layer."""
# Pixels of a character.
_TITLE_WIDTH, _INSIDE_WIDTH = 8.4, 6.0
_PORTS = 12
"""Pixels between two arrows at one box."""

Edge = tuple[str, str]


@dataclass(frozen=True)
class Box:
    """group: its colour."""

    name: str
    title: str
    inside: str
    group: str

    @property
    def width(self) -> int:
        longest = max(len(self.title) * _TITLE_WIDTH, len(self.inside) * _INSIDE_WIDTH)
        return 2 * round(longest / 2 + 14)


@dataclass(frozen=True)
class Layout:
    """layers: the middle of each, from the lowest. curves: an SVG path for each arrow."""

    boxes: Mapping[str, Box]
    x: Mapping[str, float]
    level: Mapping[str, int]
    curves: Mapping[Edge, str]
    layers: Sequence[int]
    width: int
    height: int

    def place(self, name: str) -> tuple[int, int, int, int]:
        """Its middle, width and height."""
        return (
            round(self.x[name]),
            self.layers[self.level[name]],
            self.boxes[name].width,
            BOX_HEIGHT,
        )

    def straight(self, a: str, b: str) -> str:
        (x1, y1, _, _), (x2, y2, _, _) = self.place(a), self.place(b)
        return f"M{x1} {y1 - BOX_HEIGHT // 2} L{x2} {y2 + BOX_HEIGHT // 2}"


def lay_out(boxes: Iterable[Box], level: Mapping[str, int], edges: Iterable[Edge]) -> Layout:
    """level: of each box; an edge goes from a higher to a lower one."""
    named = {box.name: box for box in boxes}
    chains = {edge: _chain(edge, level) for edge in sorted(edges)}
    levels = dict(level)
    for (_, low), chain in chains.items():
        for step, name in enumerate(reversed(chain)):
            levels[name] = level[low] + step
    links = sorted({(a, b) for chain in chains.values() for a, b in pairwise(chain)})
    rows = _ordered(levels, links)
    x = _positions(rows, links, {n: named[n].width if n in named else 6 for n in levels})
    # Positions come out around zero; the picture begins at its left edge.
    left = min(at - (named[name].width / 2 if name in named else 0) for name, at in x.items())
    x = {name: at - left + MARGIN for name, at in x.items()}
    width = round(max(x[name] + box.width / 2 for name, box in named.items())) + MARGIN // 2
    height = len(rows) * LAYER_HEIGHT
    layers = [round(height - LAYER_HEIGHT * (row + 0.5)) for row in range(len(rows))]
    curves = _curves(chains, x, levels, layers, named)
    return Layout(named, x, levels, curves, layers, width, height)


def _chain(edge: Edge, level: Mapping[str, int]) -> list[str]:
    """From the upper box down to the lower one, with a dummy on each layer between.

    Arrows to one box share their dummies: they run together like pipes.
    """
    high, low = edge
    between = range(level[high] - 1, level[low], -1)
    # By the lower box and the layer, not by the edge: that is what lets arrows to one box share
    # them.
    return [high, *(f"~{low}~{layer:02}" for layer in between), low]


def _is_dummy(name: str) -> bool:
    return name.startswith("~")


def _ordered(levels: Mapping[str, int], links: Sequence[Edge]) -> list[list[str]]:
    """Layers from the lowest, each in an order with few crossings."""
    rows = [
        sorted(name for name in levels if levels[name] == layer)
        for layer in range(max(levels.values()) + 1)
    ]
    # The best of all sweeps: a later one may be worse than the one before.
    best, fewest = [list(row) for row in rows], _crossings(rows, links, levels)
    for sweep in range(SWEEPS):
        # In turns, so that neither the lowest nor the highest layer decides alone.
        upward = sweep % 2 == 0
        for layer in range(len(rows)) if upward else reversed(range(len(rows))):
            _sort_row(rows, layer, links, -1 if upward else 1, levels)
        _swap(rows, links, levels)
        if (now := _crossings(rows, links, levels)) < fewest:
            best, fewest = [list(row) for row in rows], now
    return best


def _sort_row(
    rows: list[list[str]], layer: int, links: Sequence[Edge], side: int, levels: Mapping[str, int]
) -> None:
    """Orders a layer by the middle of what each is linked to on the layer beside it."""
    if not 0 <= layer + side < len(rows):
        return
    at = {name: n for n, name in enumerate(rows[layer + side])}
    old = {name: n for n, name in enumerate(rows[layer])}
    near: dict[str, list[int]] = {name: [] for name in rows[layer]}
    for a, b in links:
        for one, other in ((a, b), (b, a)):
            if levels[one] == layer and other in at:
                near[one].append(at[other])
    rows[layer].sort(
        key=lambda name: (
            sum(near[name]) / len(near[name]) if near[name] else float(old[name]),
            old[name],
        )
    )


def _swap(rows: list[list[str]], links: Sequence[Edge], levels: Mapping[str, int]) -> None:
    """Swaps neighbours while that saves a crossing."""
    for row in rows:
        for n in range(len(row) - 1):
            before = _crossings(rows, links, levels)
            row[n], row[n + 1] = row[n + 1], row[n]
            if _crossings(rows, links, levels) >= before:
                row[n], row[n + 1] = row[n + 1], row[n]


def _crossings(rows: list[list[str]], links: Sequence[Edge], levels: Mapping[str, int]) -> int:
    at = {name: n for row in rows for n, name in enumerate(row)}
    count = 0
    for layer in range(1, len(rows)):
        ends = [(at[a], at[b]) for a, b in links if levels[a] == layer]
        count += sum(
            (a[0] - b[0]) * (a[1] - b[1]) < 0 for n, a in enumerate(ends) for b in ends[:n]
        )
    return count


def _positions(
    rows: list[list[str]], links: Sequence[Edge], widths: Mapping[str, int]
) -> dict[str, float]:
    """Moves each towards the middle of its links, as far as the order and the gaps allow."""
    x: dict[str, float] = {}
    for row in rows:
        at = 0.0
        for name in row:
            x[name] = at + widths[name] / 2
            at += widths[name] + GAP
        for name in row:
            x[name] -= at / 2
    near: dict[str, list[str]] = {name: [] for name in x}
    for a, b in links:
        weight = 1 + _STRAIGHT * (_is_dummy(a) + _is_dummy(b))
        near[a] += [b] * weight
        near[b] += [a] * weight
    for _ in range(_ROUNDS):
        # Both ways: each layer is drawn to the one above as much as to the one below.
        for row in [*rows, *reversed(rows)]:
            wanted = [
                sum(x[other] for other in near[name]) / len(near[name]) if near[name] else x[name]
                for name in row
            ]
            for name, at in zip(row, _spread(wanted, [widths[name] for name in row]), strict=True):
                x[name] = at
    return x


def _spread(wanted: Sequence[float], widths: Sequence[int]) -> list[float]:
    """The nearest places (least squares) that keep order and gaps: pool adjacent violators."""
    offsets = [0.0]
    for left, right in pairwise(widths):
        offsets.append(offsets[-1] + (left + right) / 2 + GAP)
    # Sum and number of those that lie side by side.
    pools: list[list[float]] = []
    for at, offset in zip(wanted, offsets, strict=True):
        pools.append([at - offset, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    placed: list[float] = []
    for total, count in pools:
        placed += [total / count] * int(count)
    return [base + offset for base, offset in zip(placed, offsets, strict=True)]


def _curves(
    chains: Mapping[Edge, list[str]],
    x: Mapping[str, float],
    levels: Mapping[str, int],
    layers: Sequence[int],
    boxes: Mapping[str, Box],
) -> dict[Edge, str]:
    out = _ports({edge: chain[1] for edge, chain in chains.items()}, 0, x, boxes)
    into = _ports({edge: chain[-2] for edge, chain in chains.items()}, 1, x, boxes)
    half = BOX_HEIGHT // 2
    curves = {}
    for edge, chain in chains.items():
        points = [(out[edge], layers[levels[chain[0]]] + half)]
        for name in chain[1:-1]:
            points += [
                (x[name], layers[levels[name]] - half),
                (x[name], layers[levels[name]] + half),
            ]
        points.append((into[edge], layers[levels[chain[-1]]] - half))
        curves[edge] = _path(points)
    return curves


def _ports(
    nexts: Mapping[Edge, str], end: int, x: Mapping[str, float], boxes: Mapping[str, Box]
) -> dict[Edge, float]:
    """A place of its own for each arrow at the edge of its box; arrows that come by one dummy share
    it.
    """
    found = {}
    for name, box in boxes.items():
        others = sorted(
            {other for edge, other in nexts.items() if edge[end] == name}, key=lambda n: (x[n], n)
        )
        # Closer together where a box has many arrows, so that all end at its edge.
        step = min(_PORTS, (box.width - 28) / max(1, len(others) - 1))
        for edge, other in nexts.items():
            if edge[end] == name:
                found[edge] = x[name] + (others.index(other) - (len(others) - 1) / 2) * step
    return found


def _path(points: Sequence[tuple[float, int]]) -> str:
    (x, y), *rest = points
    text = f"M{round(x)} {y}"
    for to_x, to_y in rest:
        middle = (y + to_y) // 2
        if round(x) == round(to_x):
            text += f" V{to_y}"
        else:
            text += f" C{round(x)} {middle} {round(to_x)} {middle} {round(to_x)} {to_y}"
        x, y = to_x, to_y
    return text
