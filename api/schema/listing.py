"""Fields that are lists: a resolver under `paged` returns the rows, and the arguments of a page are
taken here, the same four for each list. Must never read a row itself: `connections` does.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions.field_extension import AsyncExtensionResolver, FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField
from tortoise.models import Model
from tortoise.queryset import QuerySet

from api.execution.sizes import DEFAULT_PAGE, LARGEST_PAGE
from api.schema.connections import PageArguments, page, page_arguments
from api.schema.cursors import NEWEST_FIRST, Order

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """The rows of a list, all of them. rows: as `page` takes them; to_node: makes the GraphQL
    object of a row.
    """

    rows: QuerySet[Row] | Sequence[QuerySet[Row]]
    to_node: Callable[[Row], Any]
    order: Order = NEWEST_FIRST


@dataclass(frozen=True, slots=True)
class Searched:
    """A list that is found and not read from a table. read: makes a page of it."""

    read: Callable[[Order, PageArguments], Awaitable[Any]]
    order: Order


Resolver = Callable[..., Awaitable[Listed[Any] | Searched]]

# Compared with up to five columns of every row.
LONGEST_SEARCH: Final = 200
"""Characters of the text that a list is searched for."""


def paged(connection: Any, *, description: str) -> Callable[[Resolver], Any]:
    """Decorates a resolver that returns Listed: makes it a field of this type with the arguments
    first, after, last and before. connection: `Connection[…]`, a type that mypy cannot name.
    """
    field: Callable[[Resolver], Any] = strawberry.field(
        graphql_type=connection, description=description, extensions=[_Paging()]
    )
    return field


class _Paging(FieldExtension):
    """Takes the arguments of a page out of a call, and answers that page."""

    def apply(self, field: StrawberryField) -> None:
        # Strawberry 0.341 applies an extension for each schema that is made, to the same field
        own = [given for given in field.arguments if given.python_name not in _ARGUMENTS]
        field.arguments = [*own, *_ARGUMENTS.values()]

    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **given: Any
    ) -> Any:
        asked = {name: given.pop(name, None) for name in _ARGUMENTS}
        listed: Listed[Any] | Searched = await next_(source, info, **given)
        order = listed.order.in_list(_list_name(source, info))
        if isinstance(listed, Searched):
            return await listed.read(order, page_arguments(order, **asked))
        return await page(listed.rows, order, listed.to_node, info.context.reading, **asked)


def _list_name(source: Any, info: strawberry.Info) -> str:
    """The field, and the row that it belongs to: the key of a webhook's attempt would stand
    somewhere in another webhook's attempts, and the page begin there.
    """
    row = getattr(source, "row", None)
    return info.field_name if row is None else f"{info.field_name} {row.id.hex}"


def _argument(name: str, kind: type[int] | type[str], description: str) -> StrawberryArgument:
    annotation = StrawberryAnnotation(kind | None)
    return StrawberryArgument(name, None, annotation, description=description, default=None)


_FIRST = (
    f"Maximum number of items to return, from the start: 0 to {LARGEST_PAGE}. Defaults to "
    f"{DEFAULT_PAGE} if last is not given."
)
_LAST = (
    f"Maximum number of items to return, from the end: 0 to {LARGEST_PAGE}. Must not be given "
    "together with first."
)
_ARGUMENTS: Final = {
    argument.python_name: argument
    for argument in (
        _argument("first", int, _FIRST),
        _argument("after", str, "Cursor after which the page begins."),
        _argument("last", int, _LAST),
        _argument("before", str, "Cursor before which the page ends."),
    )
}
