"""Numbers of deliveries that a retry would send, counted before it begins. Called by the API; what
a retry then does is in jobs. Reads a bounded number of rows and writes none.
"""

from datetime import datetime
from typing import Final, NamedTuple

from hookline.db.connection import Reader
from hookline.db.enum_numbers import with_enum_numbers
from hookline.deliveries.jobs import RetryScope, keys_around
from hookline.deliveries.missed_search import Window, count_missed
from hookline.models import Webhook

COUNTED: Final = 10_000
# The same conditions as jobs.REOPEN, which opens them.
FAILED: Final = with_enum_numbers("""
select count(*) as number from (
  select 1 as one from delivery d
  where d.webhook_id = $1 and d.id > $2 and d.id < $3
    and d.status > 2 and d.status = DeliveryState.FAILED
    and d.created_at >= $4 and d.created_at < $5 and ($6 = '' or d.event_type = $6)
    and d.lease_token is null and d.manual_at is null
    and exists (select 1 as one from event e
      where e.id = d.event_id and e.data is not null and not e.is_test)
    and not exists (select 1 as one from attempt a
      where a.delivery_id = d.id and a.number = 1 and a.cause = AttemptCause.TEST)
  limit $7) found""")


class RetryTotals(NamedTuple):
    """failed, missed: None for what was not asked for. is_exact: False when there may be more."""

    failed: int | None
    missed: int | None
    is_exact: bool


async def count_retry(
    reader: Reader,
    webhook: Webhook,
    which: RetryScope,
    since: datetime,
    until: datetime,
    event_type: str | None,
) -> RetryTotals:
    """Counts what a retry of this time would send: failed deliveries up to COUNTED, and missed
    events as far as `count_missed` looks.
    """
    failed = missed = None
    is_exact = True
    if which is not RetryScope.MISSED:
        rows = await reader.rows(
            FAILED,
            webhook.id,
            *keys_around(since, until),
            since,
            until,
            event_type or "",
            COUNTED + 1,
        )
        failed = min(rows[0]["number"], COUNTED)
        is_exact = rows[0]["number"] <= COUNTED
    if which is not RetryScope.FAILED:
        count = await count_missed(reader, webhook, Window(since, until, event_type or ""))
        missed, is_exact = count.deliverable, is_exact and count.is_exact
    return RetryTotals(failed, missed, is_exact)
