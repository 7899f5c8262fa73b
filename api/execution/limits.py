"""Limits of what a document may ask for, counted on its syntax tree before validation, whose own
rules can take seconds. `documents` calls it once per document text and `execution` once per
request, for sizes that its variables say. It must stay linear.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import prod

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.values import VariableValues

from api.execution.sizes import (
    INTROSPECTION_COST,
    LARGEST_PAGE,
    PAGE_PRICE,
    Asked,
    Sizes,
    page_size,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one document. cost: objects that all pages together could return, and prices of
    what costs as much as some.
    """

    # Each bounds another way to make a small text cost much; 400 nested duplicates took validation
    # 2.8 s.
    characters: int = 100_000
    tokens: int = 5_000
    comments: int = 1_000
    operations: int = 50
    depth: int = 15
    fields: int = 2_000
    # Each name repeats what stands below it: 160 of them made 39 MB of one webhook's statistics.
    aliases: int = 50
    # Pairs; validation takes about 5 µs for each.
    repeats: int = 10_000
    # A query of 400 bytes and 15 levels took a server to 9.8 GB: page sizes multiply.
    cost: int = 50_000
    # Of an answer. The largest page is 100 events, and one has 256 KiB of data as settings have it:
    # 25 MiB. 49 aliases of one description once made 963 MB, within the cost.
    answer_bytes: int = 32 * 1024 * 1024
    # In the variables: graphql-core takes 4.5 µs to check a number, 2.7 s for 600,000 of them, and
    # 33 µs to say that an input has no such field, 5 s for 150,000 of them.
    list_items: int = 10_000
    unknown_fields: int = 100


class TooCostly(Exception):
    """A budget is overrun; the message has the number, the budget and what to do."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of an operation. root_fields: names at the top, fragments opened. terms: objects for
    each product of sizes; that of no size is what counts always.
    """

    root_fields: frozenset[str]
    terms: Mapping[tuple[Asked, ...], int]

    def check_fixed_cost(self, limits: Limits) -> None:
        """Raises TooCostly for what is over the budget whatever the variables are."""
        self._check(self.terms.get((), 0), limits)

    def check_cost(self, variables: VariableValues, now: datetime, limits: Limits) -> int:
        """The cost. Raises TooCostly when the operation could return more than the budget."""
        cost = self.cost(variables, now)
        self._check(cost, limits)
        return cost

    def cost(self, variables: VariableValues, now: datetime) -> int:
        """Objects that the operation could return, with its prices."""
        sizes = {
            asked: asked.size(variables, now)
            for asked in {asked for product in self.terms for asked in product}
        }
        return sum(
            factor * prod(sizes[asked] for asked in product)
            for product, factor in self.terms.items()
        )

    def _check(self, cost: int, limits: Limits) -> None:
        if cost > limits.cost:
            advice = "Ask for smaller pages (first, last) or fewer nested lists."
            raise TooCostly(
                f"This query could return {cost:,} objects; at most {limits.cost:,} are allowed. "
                f"{advice}"
            )


def measure_document(
    document: DocumentNode, schema: GraphQLSchema, sizes: Sizes, limits: Limits
) -> dict[OperationDefinitionNode, Measure]:
    """Counts every operation, and every fragment that none of them uses.

    Raises TooCostly at the first budget that is overrun (not cost: that is for each request).
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    _check(len(operations), "operations", limits.operations)
    walk = _Walk(schema, fragments, sizes, limits)
    measures = {
        node: walk.measure(node.selection_set, schema.get_root_type(node.operation))
        for node in operations
    }
    # Validation looks at unused fragments too.
    for name, fragment in fragments.items():
        if name not in walk.opened:
            walk.measure(
                fragment.selection_set, schema.get_type(fragment.type_condition.name.value)
            )
    return measures


@dataclass(slots=True)
class _Place:
    """A selection set still to be counted, and its parents: as many as factor times the sizes.
    names: responses already seen at this place, shared by all sets that merge there.
    """

    selections: SelectionSetNode
    parent: GraphQLNamedType | None
    depth: int
    factor: int
    sizes: tuple[Asked, ...]
    # Of a connection, or of another answer whose lists are as long as its arguments say.
    page: Asked | None
    names: dict[str, "_Name"]
    # Fragments that this set stands in.
    inside: frozenset[str]


class _Name:
    __slots__ = ("below", "count")

    def __init__(self) -> None:
        self.count = 0
        self.below: dict[str, _Name] = {}


class _Walk:
    """One pass over a document. Fragments are opened each time they are used: that is what they
    cost.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        sizes: Sizes,
        limits: Limits,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._sizes = sizes
        self._limits = limits
        self._seen = 0
        self._aliases = 0
        self._repeats = 0
        self._terms: Counter[tuple[Asked, ...]] = Counter()
        self.opened: set[str] = set()

    def measure(self, selections: SelectionSetNode, root: GraphQLNamedType | None) -> Measure:
        root_fields: set[str] = set()
        self._terms = Counter()
        # A list instead of recursion: a hostile document is nested as deep as its tokens allow.
        waiting = [_Place(selections, root, 1, 1, (), None, {}, frozenset())]
        while waiting:
            place = waiting.pop()
            for node in place.selections.selections:
                self._seen += 1
                _check(self._seen, "fields (fragments opened)", self._limits.fields)
                if not isinstance(node, FieldNode):
                    waiting.extend(self._open(place, node))
                    continue
                if place.depth == 1:
                    root_fields.add(node.name.value)
                names = self._count_name(place, node)
                below = self._weigh(place, node, names)
                if below is not None:
                    waiting.append(below)
        return Measure(frozenset(root_fields), self._terms)

    def _count_name(self, place: _Place, node: FieldNode) -> dict[str, "_Name"]:
        """Counts depth, alias and repetition of a field; the names below it."""
        _check(place.depth, "levels", self._limits.depth)
        if node.alias:
            self._aliases += 1
            _check(self._aliases, "aliases", self._limits.aliases)
        name = place.names.setdefault((node.alias or node.name).value, _Name())
        # validation compares each pair of fields that answer under one name
        self._repeats += name.count
        _check(self._repeats, "pairs of repeated fields", self._limits.repeats)
        name.count += 1
        return name.below

    def _open(self, place: _Place, node: object) -> list[_Place]:
        """The set inside a fragment; none for one that stands in itself or does not exist, which
        validation refuses.
        """
        if isinstance(node, InlineFragmentNode):
            condition, selections, inside = node.type_condition, node.selection_set, place.inside
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            fragment = self._fragments.get(name)
            # A fragment in itself would be opened for ever.
            if fragment is None or name in place.inside:
                return []
            self.opened.add(name)
            condition, selections, inside = (
                fragment.type_condition,
                fragment.selection_set,
                place.inside | {name},
            )
        else:
            return []
        parent = self._schema.get_type(condition.name.value) if condition else place.parent
        return [replace(place, selections=selections, parent=parent, inside=inside)]

    def _weigh(self, place: _Place, node: FieldNode, names: dict[str, "_Name"]) -> "_Place | None":
        """Adds what a field costs for all of its parents. Returns the set below it, if any."""
        name, kind, factor, sizes, page = node.name.value, None, place.factor, place.sizes, None
        # Introspection, at depth 0, has its price as a whole.
        field = self._field(place.parent, name) if place.depth else None
        if name in ("__schema", "__type"):
            self._terms[sizes] += factor * INTROSPECTION_COST
        elif field is not None and place.parent is not None:
            kind = get_named_type(field.type)
            key = f"{place.parent.name}.{name}"
            own = self._size(key, field, node)
            weight = self._sizes.prices.get(key, 0)
            if is_list_type(get_nullable_type(field.type)):
                size = own or place.page or LARGEST_PAGE
                self._terms[sizes] += factor * weight
                if isinstance(size, Asked):
                    sizes = (*sizes, size)
                else:
                    factor *= size
                weight = 1
            # A page: its rows are read, or written, whatever is selected of them.
            elif isinstance(own, Asked):
                self._terms[*sizes, own] += factor
                weight, page = weight + PAGE_PRICE + 1, own
            # Alone a scalar is part of its object. Fifty names of one, for each of 10,000 objects,
            # took a core 10 s (2026-11).
            elif not is_leaf_type(kind) or node.alias:
                weight += 1
            self._terms[sizes] += factor * weight
        if node.selection_set is None:
            return None
        depth, inside = _depth_below(place, node), place.inside
        return _Place(node.selection_set, kind, depth, factor, sizes, page, names, inside)

    def _field(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return self._schema.get_field(parent, name)
        return None

    def _size(self, key: str, field: GraphQLField, node: FieldNode) -> Asked | int | None:
        """The length that the field's own arguments or the table say; None if neither does."""
        if sized := self._sizes.sized.get(key):
            return Asked(field, node, sized)
        if "first" in field.args and "last" in field.args:
            return Asked(field, node, page_size)
        return self._sizes.items.get(key)


def _check(number: int, what: str, budget: int) -> None:
    if number > budget:
        raise TooCostly(
            f"This document has more than {budget:,} {what}. Ask for less, or split it into "
            "several requests."
        )


def _depth_below(place: _Place, node: FieldNode) -> int:
    """Introspection goes deeper than any other query and has a rule of graphql-core's own, so that
    depth 0 is kept below it.
    """
    return 0 if place.depth == 0 or node.name.value.startswith("__") else place.depth + 1
