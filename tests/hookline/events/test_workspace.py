"""Changes of a workspace, on both databases."""

import asyncio

from hookline.events.types import update_workspace
from hookline.models import Workspace
from hookline.runtime import Runtime
from tests.making import SOMEBODY, WORKSPACE


async def test_two_changes_at_a_time_are_both_in_force(runtime: Runtime) -> None:
    async def change(name: str | None, is_strict: bool | None) -> None:
        await update_workspace(runtime.database, runtime.hub, SOMEBODY, name, is_strict)

    for number in range(10):
        name, is_strict = f"After {number}", number % 2 == 0
        await asyncio.gather(change(name, None), change(None, is_strict))
        row = await Workspace.get(id=WORKSPACE)
        assert (row.name, row.strict_event_types) == (name, is_strict)
