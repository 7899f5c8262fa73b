"""Attempts: the list of the log, and one by its id."""

from typing import Annotated, Any

import strawberry

from api.auth import require
from api.schema.attempt_filter import AttemptFilter, filtered, rows_of
from api.schema.connections import After, Before, Connection, First, Last, page
from api.schema.cursors import NEWEST_FIRST
from api.schema.graph import Attempt
from api.schema.node import Info


@strawberry.type
class AttemptQuery:
    @strawberry.field(description="Attempts, newest first. Needs the scope deliveries:read.")
    async def attempts(
        self,
        info: Info,
        filter: Annotated[
            AttemptFilter | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Attempt]:
        require(info, "deliveries:read")
        rows = filtered(rows_of(info), filter)
        return await page(
            rows, NEWEST_FIRST, Attempt.of, first=first, after=after, last=last, before=before
        )


async def find_attempt(info: Info, key: Any) -> Attempt | None:
    require(info, "deliveries:read")
    row = await info.context.loaders.attempt.load(key)
    return Attempt.of(row) if row else None
