"""Pages of lists that are computed and not read from a table: the whole count is known. Called by
the nouns of sync.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from api.schema.connections import COUNTED, Connection, Edge, PageInfo
from api.schema.cursors import Key, Order, write_cursor

Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class _KnownTotal:
    count: int

    async def read(self) -> tuple[int, bool]:
        return min(self.count, COUNTED), self.count <= COUNTED


def computed_page(
    nodes: Sequence[Node],
    keys: Sequence[tuple[Key, ...]],
    order: Order,
    *,
    has_previous: bool,
    has_next: bool,
    count: int,
) -> Connection[Node]:
    """Makes a page of these nodes. keys: of each in the order; count: of the whole list."""
    edges = [
        Edge(node=node, cursor=write_cursor(order, key))
        for node, key in zip(nodes, keys, strict=True)
    ]
    info = PageInfo(
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
        previous=_answer(has_previous),
        following=_answer(has_next),
    )
    return Connection(edges=edges, page_info=info, total=_KnownTotal(count))


def _answer(is_so: bool) -> Callable[[], Awaitable[bool]]:
    async def check() -> bool:
        return is_so

    return check
