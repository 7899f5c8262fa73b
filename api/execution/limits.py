"""Limits of what a document may ask for, counted on its syntax tree before validation, whose own
rules can take seconds. `documents` calls it once per document text and `execution` once per
request, for page sizes in variables. It must stay linear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
# Of a webhook's statistics: as many as a usual one has, of 3,000 at most.
BUCKETS_COST = 300
# A full introspection answers about this many objects.
INTROSPECTION_COST = 5_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one document. cost: objects that all pages together could return."""

    # Each bounds another way to make a small text cost much; 400 nested duplicates took validation
    # 2.8 s.
    characters: int = 100_000
    tokens: int = 5_000
    comments: int = 1_000
    depth: int = 15
    fields: int = 2_000
    aliases: int = 200
    # Pairs; validation takes about 5 µs for each.
    repeats: int = 10_000
    # A query of 400 bytes and 15 levels took a server to 9.8 GB: page sizes multiply.
    cost: int = 50_000


class TooCostly(Exception):
    """A budget is overrun; the message has the number, the budget and what to do."""


@dataclass(frozen=True, slots=True)
class PageSize:
    """A page size that only the request knows."""

    variable: str
    default: int


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of an operation. root_fields: names at the top, fragments opened. cost = fixed +
    each product of sizes times its factor.
    """

    root_fields: frozenset[str]
    fixed_cost: int
    products: tuple[tuple[int, tuple[PageSize, ...]], ...]

    def check_cost(self, variables: Mapping[str, Any], limits: Limits) -> None:
        """Raises TooCostly when the pages could return more than the budget."""
        cost = self.fixed_cost
        for factor, sizes in self.products:
            for size in sizes:
                factor *= _page(variables.get(size.variable, size.default))
            cost += factor
        if cost > limits.cost:
            advice = "Ask for smaller pages (first, last) or fewer nested lists."
            raise TooCostly(
                f"This query could return {cost:,} objects; at most {limits.cost:,} are allowed. "
                f"{advice}"
            )


def measure_document(
    document: DocumentNode, schema: GraphQLSchema, limits: Limits
) -> dict[OperationDefinitionNode, Measure]:
    """Counts every operation, and every fragment that none of them uses.

    Raises TooCostly at the first budget that is overrun (not cost: that is for each request).
    """
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    walk = _Walk(schema, fragments, limits)
    measures = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            measures[node] = walk.measure(
                node.selection_set, schema.get_root_type(node.operation), _defaults(node)
            )
    # Validation looks at unused fragments too.
    for name, fragment in fragments.items():
        if name not in walk.opened:
            walk.measure(
                fragment.selection_set, schema.get_type(fragment.type_condition.name.value), {}
            )
    return measures


@dataclass(slots=True)
class _Place:
    """A selection set still to be counted. names: responses already seen at this place, shared by
    all sets that merge there.
    """

    selections: SelectionSetNode
    parent: GraphQLNamedType | None
    depth: int
    factor: int
    sizes: tuple[PageSize, ...]
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
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode], limits: Limits
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._limits = limits
        self._seen = 0
        self._aliases = 0
        self._repeats = 0
        self.opened: set[str] = set()

    def measure(
        self, selections: SelectionSetNode, root: GraphQLNamedType | None, defaults: dict[str, int]
    ) -> Measure:
        root_fields: set[str] = set()
        fixed = 0
        products: list[tuple[int, tuple[PageSize, ...]]] = []
        # A list instead of recursion: a hostile document is nested as deep as its tokens allow.
        waiting = [_Place(selections, root, 1, 1, (), {}, frozenset())]
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
                field_type, size = self._page(place.parent, node, defaults)
                factor, sizes = place.factor, place.sizes
                if isinstance(size, PageSize):
                    sizes = (*sizes, size)
                    products.append((factor, sizes))
                elif size is not None:
                    factor *= size
                    if sizes:
                        products.append((factor, sizes))
                    else:
                        # Products without a variable are known now: only the others are left for
                        # each request.
                        fixed += factor
                if node.selection_set:
                    waiting.append(
                        _Place(
                            node.selection_set,
                            field_type,
                            _depth_below(place, node),
                            factor,
                            sizes,
                            names,
                            place.inside,
                        )
                    )
        return Measure(frozenset(root_fields), fixed, tuple(products))

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
        return [
            _Place(selections, parent, place.depth, place.factor, place.sizes, place.names, inside)
        ]

    def _page(
        self, parent: GraphQLNamedType | None, node: FieldNode, defaults: dict[str, int]
    ) -> tuple[GraphQLNamedType | None, "int | PageSize | None"]:
        """The field's type, and its page size if it is a connection."""
        name = node.name.value
        if name in ("__schema", "__type"):
            return None, INTROSPECTION_COST
        field = None
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            field = self._schema.get_field(parent, name)
        field_type = get_named_type(field.type) if field else None
        if field_type is not None and field_type.name == "StatsBucket":
            return field_type, BUCKETS_COST
        given = [
            argument.value
            for argument in node.arguments or ()
            if argument.name.value in ("first", "last")
        ]
        if given:
            return field_type, _size(given[0], defaults)
        is_connection = field is not None and "first" in field.args and "last" in field.args
        return field_type, DEFAULT_PAGE if is_connection else None


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


def _size(value: ValueNode, defaults: dict[str, int]) -> "int | PageSize":
    if isinstance(value, VariableNode):
        return PageSize(value.name.value, defaults.get(value.name.value, DEFAULT_PAGE))
    if isinstance(value, NullValueNode):
        return DEFAULT_PAGE
    # Cut: int() refuses more than 4,300 digits, and anything of ten counts as the largest.
    return _page(int(value.value[:10]) if isinstance(value, IntValueNode) else None)


def _page(value: object) -> int:
    """A page size as it counts: above the largest nothing is ever read, and what is not a number is
    counted as the largest.
    """
    if value is None:
        return DEFAULT_PAGE
    # By type: true is an int for Python, and would count as 1.
    return min(max(value, 0), LARGEST_PAGE) if type(value) is int else LARGEST_PAGE


def _defaults(node: OperationDefinitionNode) -> dict[str, int]:
    """The default values of an operation's variables, as page sizes."""
    defaults = {}
    for definition in node.variable_definitions or ():
        if definition.default_value is not None:
            size = _size(definition.default_value, {})
            defaults[definition.variable.name.value] = (
                size if isinstance(size, int) else LARGEST_PAGE
            )
    return defaults
