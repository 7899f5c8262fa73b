"""Events that a subscription follows, and the subscriptions that may share its answers. Resolvers
of `schema.live` give a Live; `execution` follows it. Only answers that depend on nothing but
document, variables, workspace and scopes may be shared.
"""

import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, VariableNode, Visitor, visit

from hookline.access.actor import Actor
from hookline.activity.events import ActivityEvent, ActivityKind, Gap, SharedBatch
from hookline.activity.feed import Feeds
from hookline.activity.shared_feed import ShareKey

Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Live(AsyncIterable[Event], Generic[Event]):
    """after: the position that a replay begins behind. event_of: what the schema makes of it; None
    for one that is not asked for.
    """

    feeds: Feeds
    workspace_id: UUID
    after: int | None
    kinds: frozenset[ActivityKind]
    webhook_id: UUID | None
    event_of: Callable[[ActivityEvent | Gap], Event | None]

    def follow(
        self, share_key: ShareKey
    ) -> AsyncGenerator[list[ActivityEvent] | Gap | SharedBatch, None]:
        return self.feeds.follow_shared(
            self.workspace_id, self.after, self.kinds, self.webhook_id, share_key
        )

    def __aiter__(self) -> AsyncIterator[Event]:
        raise TypeError("graphql-core wants something iterable, but this is followed")


def sharing_key(
    text: str,
    name: str | None,
    cursor_variable: str | None,
    variables: dict[str, Any],
    actor: Actor,
) -> Hashable:
    """The key by which subscriptions share answers: equal for those whose answers are equal,
    wherever they begin. actor: its workspace and scopes are all that an answer may know.
    """
    # Without the cursor, which differs for everybody and says only where each begins.
    given = {key: value for key, value in variables.items() if key != cursor_variable}
    # JSON with sorted keys: variables may hold lists and objects, which have no hash.
    return text, name, json.dumps(given, sort_keys=True), actor.workspace_id, actor.scopes


def cursor_variable(document: DocumentNode, operation: OperationDefinitionNode) -> str | None:
    """The variable that says where a subscription begins, if nothing else in the
    document uses it.
    """
    used = _Variables()
    visit(document, used)
    for field in operation.selection_set.selections:
        for argument in (field.arguments or ()) if isinstance(field, FieldNode) else ():
            if (
                argument.name.value == "after"
                and isinstance(argument.value, VariableNode)
                # Used elsewhere it is part of the answer, and nothing may be shared.
                and used.counts[argument.value.name.value] == 1
            ):
                return argument.value.name.value
    return None


class _Variables(Visitor):
    """Counts the uses of each variable; its definition is none."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.counts[node.name.value] += 1

    def enter_variable_definition(self, node: Any, *_: Any) -> None:
        self.counts[node.variable.name.value] -= 1
