"""Document texts made ready once: parsed, counted, validated, kept. `execution` asks for them on
every request. It must never raise for a bad document, nor keep more than its bounds.
"""

from collections import OrderedDict
from dataclasses import dataclass

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.execution.compiled_mutations import CompiledMutation, compiled_mutation
from api.execution.errors import (
    BAD_USER_INPUT,
    PARSE_FAILED,
    QUERY_TOO_COSTLY,
    VALIDATION_FAILED,
    RequestRefused,
)
from api.execution.limits import Limits, Measure, TooCostly, measure_document
from api.execution.list_items import Part, list_variables
from api.execution.live import cursor_variable
from api.execution.sizes import Sizes

KEPT_DOCUMENTS = 512
# A syntax tree takes about 150 bytes a character: 80 MB at the very worst.
KEPT_CHARACTERS = 524_288
# A longer one would push out many that come again and again.
LONGEST_KEPT = 16_384
# As Strawberry 0.341 validates, but for its suggestions.
_RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document. text: the whole document's. cursor_variable: see
    api.execution.live. compiled: for the hot ones. lists: variables that are lists or inputs.
    """

    text: str
    document: DocumentNode
    name: str | None
    kind: OperationType
    measure: Measure
    cursor_variable: str | None
    compiled: CompiledMutation | None
    lists: tuple[tuple[str, Part], ...]

    @property
    def wants_live_cursor(self) -> bool:
        return "liveCursor" in self.measure.root_fields


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document text's outcome: its operations by name, or why it is refused."""

    operations: dict[str | None, Operation]
    code: str = ""
    # No exception to raise: one that is raised again and again grows a traceback each time.
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> Operation:
        """The operation to run; name may be left out when there is only one.

        Raises RequestRefused.
        """
        if self.errors:
            raise RequestRefused(self.code, self.errors)
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        found = self.operations.get(name) if name is not None else None
        if found is not None:
            return found
        if name is None:
            raise RequestRefused(
                BAD_USER_INPUT,
                "The document has several operations: say which one in operationName.",
            )
        raise RequestRefused(
            BAD_USER_INPUT, "The document has no operation of the name in operationName."
        )


class Documents:
    """The least recently used texts leave first. Failures are kept too: a client that repeats a bad
    document costs nothing.
    """

    def __init__(
        self, schema: strawberry.Schema, sizes: Sizes, limits: Limits, has_suggestions: bool
    ) -> None:
        # Strawberry has no public name for it (0.341).
        self._schema: GraphQLSchema = schema._schema
        self._sizes = sizes
        self._limits = limits
        self._has_suggestions = has_suggestions
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._kept_characters = 0

    def prepare(self, text: str) -> Prepared:
        prepared = self._kept.get(text)
        if prepared is not None:
            self._kept.move_to_end(text)
            return prepared
        prepared = self._make(text)
        if len(text) <= LONGEST_KEPT:
            self._keep(text, prepared)
        return prepared

    def _keep(self, text: str, prepared: Prepared) -> None:
        self._kept[text] = prepared
        self._kept_characters += len(text)
        while len(self._kept) > KEPT_DOCUMENTS or self._kept_characters > KEPT_CHARACTERS:
            oldest, _ = self._kept.popitem(last=False)
            self._kept_characters -= len(oldest)

    def _make(self, text: str) -> Prepared:
        # First what costs least: length, tokens, then a linear count; validation last, whose rules
        # can take seconds.
        if len(text) > self._limits.characters:
            return _refused(
                QUERY_TOO_COSTLY,
                f"The document is longer than {self._limits.characters:,} characters. Send large "
                "values in variables.",
            )
        try:
            document = parse(
                # graphql-core counts comments apart from tokens.
                text,
                max_lexical_tokens=self._limits.tokens,
                max_comments=self._limits.comments,
            )
        except GraphQLError as error:
            return Prepared({}, _parse_code(error), (_without_tree(error),))
        try:
            measures = measure_document(document, self._schema, self._sizes, self._limits)
            for measure in measures.values():
                measure.check_fixed_cost(self._limits)
        except TooCostly as error:
            return _refused(QUERY_TOO_COSTLY, str(error))
        errors = validate(
            self._schema, document, _RULES, hide_suggestions=not self._has_suggestions
        )
        if errors:
            return Prepared({}, VALIDATION_FAILED, tuple(_without_tree(error) for error in errors))
        if not measures:
            return _refused(
                VALIDATION_FAILED,
                "The document has no operation: write a query, a mutation or a subscription.",
            )
        operations = [
            self._operation(text, document, node, measure) for node, measure in measures.items()
        ]
        return Prepared({operation.name: operation for operation in operations})

    def _operation(
        self, text: str, document: DocumentNode, node: OperationDefinitionNode, measure: Measure
    ) -> Operation:
        name = node.name.value if node.name else None
        begins_at = (
            cursor_variable(document, node)
            if node.operation is OperationType.SUBSCRIPTION
            else None
        )
        return Operation(
            text,
            document,
            name,
            node.operation,
            measure,
            begins_at,
            # Once per text: whatever it can't compile is None, and graphql-core's executor runs it.
            compiled_mutation(self._schema, document, node),
            list_variables(self._schema, node),
        )


def _refused(code: str, message: str) -> Prepared:
    return Prepared({}, code, (GraphQLError(message),))


def _parse_code(error: GraphQLError) -> str:
    # graphql-core 3.3.2 gives it no type of its own
    is_over_budget = "Document contains more than" in error.message
    return QUERY_TOO_COSTLY if is_over_budget else PARSE_FAILED


def _without_tree(error: GraphQLError) -> GraphQLError:
    """Copies an error without its nodes and traceback, which would keep the whole syntax tree in
    memory.
    """
    bare = GraphQLError(error.message)
    bare.locations = error.locations
    return bare
