"""Events as the server has them, for tests of what publishes."""

from typing import Any

from tests.flows.installation import Installation

_EVENTS = "{ events(first: 100) { nodes { id type idempotencyKey occurredAt data } } }"


async def stored_events(hookline: Installation) -> list[dict[str, Any]]:
    """The newest 100 events of the workspace, oldest first."""
    nodes: list[dict[str, Any]] = (await hookline.graphql(_EVENTS))["events"]["nodes"]
    return nodes[::-1]
