"""Failed attempts of a webhook or of the workspace, counted by reason."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.auth import require
from api.schema.enums import AttemptError
from api.schema.node import Info, key_of
from hookline.deliveries import failure_counts
from hookline.deliveries.failure_counts import COUNTED


@strawberry.type(description="Number of failed attempts with the same reason.")
class FailureCount:
    error_code: AttemptError | None = strawberry.field(
        description="Reason for the failures, or null if it is unknown."
    )
    status_class: int | None = strawberry.field(
        description="Class of the HTTP status codes: 4 for 400 to 499, 5 for 500 to 599, and so "
        "on. Null if there were no responses."
    )
    attempts: int = strawberry.field(description="Number of failed attempts.")


@strawberry.type(description="Failed attempts by reason.")
class FailureCounts:
    counts: list[FailureCount] = strawberry.field(
        description="Reasons with their numbers, the most frequent first."
    )
    exact: bool = strawberry.field(
        description=f"False if there were {COUNTED:,} failed attempts or more, of which the newest "
        f"{COUNTED:,} are counted."
    )


@strawberry.type
class FailureQuery:
    @strawberry.field(
        description="Returns the number of failed attempts by status class and error code, of the "
        "newest 10,000. Requires the scope deliveries:read."
    )
    async def failure_counts(
        self,
        info: Info,
        since: Annotated[
            datetime,
            strawberry.argument(description="Start of the time range (`startedAt`), inclusive."),
        ],
        until: Annotated[
            datetime | None,
            strawberry.argument(
                description="End of the time range (`startedAt`), exclusive. Defaults to now."
            ),
        ] = None,
        webhook_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(
                description="ID of the webhook (wh_…) that the attempts were sent to. All webhooks "
                "by default."
            ),
        ] = None,
    ) -> FailureCounts | None:
        actor = require(info, "deliveries:read")
        key = None if webhook_id is None else key_of("wh", webhook_id)
        async with info.context.reading() as reader:
            found = await failure_counts.count(
                reader, actor.workspace_id, key, since, until or info.context.now
            )
        counts = [
            FailureCount(
                error_code=AttemptError(one.error_code) if one.error_code else None,
                status_class=one.status_class,
                attempts=one.attempts,
            )
            for one in found
        ]
        is_exact = sum(one.attempts for one in found) < COUNTED
        return FailureCounts(counts=counts, exact=is_exact)
