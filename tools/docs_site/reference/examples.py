"""An example of each operation, from examples.graphql. Called by the page of operations and by the
test that runs them all.
"""

from functools import cache
from pathlib import Path
from typing import Final

from graphql import OperationDefinitionNode, parse

_FILE: Final = Path(__file__).with_name("examples.graphql")


@cache
def examples() -> dict[tuple[str, str], str]:
    """Text of each operation, by kind (Query, Mutation, Subscription) and name of its field, in the
    order of the file.
    """
    text = _FILE.read_text("utf-8")
    found = {}
    for operation in parse(text).definitions:
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.name
        assert operation.loc
        kind = operation.operation.value.title()
        found[kind, operation.name.value] = text[operation.loc.start : operation.loc.end]
    return found
