"""Relay connections by keyset: a page starts after a row's key, not at an offset, so that rows
coming in meanwhile neither repeat nor vanish. Fields that are lists come here through `listing`.
It must never read more than a page, nor count more than COUNTED rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import strawberry
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.execution.sizes import page_request
from api.schema.cursors import Key, Order, read_cursor, write_cursor
from api.schema.loaders import without_large_columns
from hookline.db.connection import Reader

COUNTED = 10_000

Node = TypeVar("Node")
Row = TypeVar("Row", bound=Model)

Check = Callable[[], Awaitable[bool]]
Reading = Callable[[], AbstractAsyncContextManager[Reader]]
"""Context.reading: each read asks for its connection, since lists wait for theirs in turn."""


class Total(Protocol):
    """Count of a whole list."""

    async def read(self) -> tuple[int, bool]: ...


class _Total:
    """Counts once, and only when asked."""

    def __init__(self, parts: Sequence[QuerySet[Any]], reading: Reading) -> None:
        self._parts = parts
        self._reading = reading
        # totalCount and totalCountExact are resolved at the same time: one counts, the other waits
        self._lock = asyncio.Lock()
        self._counted: tuple[int, bool] | None = None

    async def read(self) -> tuple[int, bool]:
        """Counts the rows, up to COUNTED, and says whether that is all."""
        async with self._lock:
            if self._counted is None:
                self._counted = await self._count()
            return self._counted

    async def _count(self) -> tuple[int, bool]:
        count = 0
        for part in self._parts:
            async with self._reading() as reader:
                rows = part.order_by().using_db(reader.client)
                # asks for the first row beyond the limit before it counts: a count of all reads
                # millions of rows
                if await rows.offset(COUNTED - count).limit(1).values_list("id", flat=True):
                    return COUNTED, False
                count += await rows.count()
        return count, True


async def _has_next_page(root: strawberry.Parent[Any]) -> bool:
    return bool(await root.following())


async def _has_previous_page(root: strawberry.Parent[Any]) -> bool:
    return bool(await root.previous())


async def _total_count(root: strawberry.Parent[Any]) -> int:
    return int((await root.total.read())[0])


async def _total_count_exact(root: strawberry.Parent[Any]) -> bool:
    return bool((await root.total.read())[1])


def _nodes(root: strawberry.Parent[Any]) -> list[Any]:
    return [edge.node for edge in root.edges]


@strawberry.type(description="Position of a page within its list.")
class PageInfo:
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first edge, or null if the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last edge, or null if the page is empty."
    )
    previous: strawberry.Private[Check]
    following: strawberry.Private[Check]
    has_next_page: bool = strawberry.field(
        resolver=_has_next_page, description="True if there are items after this page."
    )
    has_previous_page: bool = strawberry.field(
        resolver=_has_previous_page, description="True if there are items before this page."
    )


@strawberry.type(description="An item of a list with its cursor.")
class Edge(Generic[Node]):
    node: Node = strawberry.field(description="The item.")
    cursor: str = strawberry.field(
        description="Cursor of the item, for the arguments `after` and `before` of the same list."
    )


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]] = strawberry.field(description="Items of the page with their cursors.")
    page_info: PageInfo = strawberry.field(description="Position of the page within the list.")
    total: strawberry.Private[Total]
    nodes: list[Node] = strawberry.field(
        resolver=_nodes, description="Items of the page, without their cursors."
    )
    total_count: int = strawberry.field(
        resolver=_total_count,
        description="Number of items in the whole list, counted up to 10,000.",
    )
    total_count_exact: bool = strawberry.field(
        resolver=_total_count_exact,
        description="True if `totalCount` is exact; false if the list has more than the "
        "10,000 items that are counted.",
    )


@dataclass(frozen=True, slots=True)
class PageArguments:
    """Arguments of a page, checked."""

    size: int
    is_from_end: bool
    after: tuple[Key, ...] | None
    before: tuple[Key, ...] | None


def page_arguments(
    order: Order, first: int | None, after: str | None, last: int | None, before: str | None
) -> PageArguments:
    """Checks the four arguments of a list.

    Raises BadInput: as `page_request` says, and for a malformed cursor or one of another order.
    """
    page = page_request(first, last)
    bounds = [None if cursor is None else read_cursor(order, cursor) for cursor in (after, before)]
    return PageArguments(page.size, page.is_from_end, bounds[0], bounds[1])


async def page(
    rows: QuerySet[Row] | Sequence[QuerySet[Row]],
    order: Order,
    to_node: Callable[[Row], Node],
    reading: Reading,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
) -> Connection[Node]:
    """Makes a page of the rows in this order. rows: filtered, not ordered; several parts, none of
    whose rows is in another, are read one by one, because each has an index of its own. Counts and
    neighbours are read only when they are selected.

    Raises BadInput, as `page_arguments` says.
    """
    asked = page_arguments(order, first, after, last, before)
    parts = [rows] if isinstance(rows, QuerySet) else rows
    found, has_more = await _read(parts, order, asked, reading)
    edges = [
        Edge(node=to_node(row), cursor=write_cursor(order, order.key_of(row))) for row in found
    ]
    info = PageInfo(
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
        previous=_neighbour(
            has_more and asked.is_from_end, parts, order, asked.after, reading, is_after=False
        ),
        following=_neighbour(
            has_more and not asked.is_from_end, parts, order, asked.before, reading, is_after=True
        ),
    )
    return Connection(edges=edges, page_info=info, total=_Total(parts, reading))


async def _read(
    parts: Sequence[QuerySet[Row]], order: Order, asked: PageArguments, reading: Reading
) -> tuple[Sequence[Row], bool]:
    """Reads the page's rows, in the order of the list; True when there are more that way."""
    is_backward = order.is_descending != asked.is_from_end
    sign = "-" if is_backward else ""
    # a row that moves on to a later part meanwhile counts once, as it is there
    by_key = dict[tuple[Key, ...], Row]()
    for part in parts:
        rows = order.with_computed(part)
        if asked.after is not None:
            rows = rows.filter(_beyond(order, asked.after, is_after=True))
        if asked.before is not None:
            rows = rows.filter(_beyond(order, asked.before, is_after=False))
        # one row more than asked for says whether there is a next page, without a count
        rows = without_large_columns(rows).order_by(
            *(sign + column.name for column in order.columns)
        )
        async with reading() as reader:
            for row in await rows.limit(asked.size + 1).using_db(reader.client):
                by_key[order.key_of(row)] = row
    keys = list(by_key) if len(parts) == 1 else sorted(by_key, reverse=is_backward)
    kept = [by_key[key] for key in keys[: asked.size]]
    return (kept[::-1] if asked.is_from_end else kept), len(keys) > asked.size


def _beyond(order: Order, key: tuple[Key, ...], *, is_after: bool) -> Q:
    """Condition of rows strictly after (or before) a key: (a, b) > (x, y) as a > x or (a = x and
    b > y).
    """
    comparison = "gt" if order.is_descending != is_after else "lt"
    alternatives = []
    for place, column in enumerate(order.columns):
        conditions: dict[str, Any] = {
            earlier.name: value for earlier, value in zip(order.columns[:place], key, strict=False)
        }
        conditions[f"{column.name}__{comparison}"] = key[place]
        alternatives.append(Q(**conditions))
    return Q(*alternatives, join_type="OR")


def _neighbour(
    is_known: bool,
    parts: Sequence[QuerySet[Any]],
    order: Order,
    bound: tuple[Key, ...] | None,
    reading: Reading,
    *,
    is_after: bool,
) -> Check:
    """True when something stands on the far side of a page: the read has shown it, or a row at or
    beyond the cursor has to be looked for.
    """

    async def check() -> bool:
        if is_known or bound is None:
            return is_known
        at: dict[str, Any] = {
            column.name: value for column, value in zip(order.columns, bound, strict=True)
        }
        # the row of the cursor itself stands on the far side of the page; it may be deleted by now
        near = Q(Q(**at), _beyond(order, bound, is_after=is_after), join_type="OR")
        async with reading() as reader:
            beyond = [
                order.with_computed(rows).filter(near).using_db(reader.client) for rows in parts
            ]
            return any([await rows.exists() for rows in beyond])

    return check
