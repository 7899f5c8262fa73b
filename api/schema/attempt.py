"""Attempts: the list of the log, and one by its id."""

from typing import Any

import strawberry

from api.auth import require
from api.schema.attempt_filter import Given, filtered, rows_of
from api.schema.connections import Connection
from api.schema.filters import check_event
from api.schema.listing import Listed, paged
from api.schema.node import Info
from api.schema.types import Attempt
from hookline.models import Attempt as AttemptRow


@strawberry.type
class AttemptQuery:
    @paged(
        Connection[Attempt] | None,
        description="Returns attempts, newest first. Requires the scope deliveries:read.",
    )
    async def attempts(self, info: Info, filter: Given = None) -> Listed[AttemptRow]:
        require(info, "deliveries:read")
        if filter:
            check_event(info, filter.environment, filter.event_type)
        return Listed(filtered(rows_of(info), filter), Attempt.of)


async def find_attempt(info: Info, key: Any) -> Attempt | None:
    require(info, "deliveries:read")
    row = await info.context.loaders.attempt.load(key)
    return Attempt.of(row) if row else None
