"""Numbers of deliveries that a retry would send, counted before it begins. Called by the API; what
a retry then does is in jobs. Reads a bounded number of rows and writes none.
"""

from typing import Final, NamedTuple

from hookline.db.connection import Reader
from hookline.deliveries.failed_search import FailedSearch
from hookline.deliveries.jobs import RetryScope
from hookline.deliveries.missed_search import Window, count_missed
from hookline.models import Webhook

COUNTED: Final = 10_000


class RetryTotals(NamedTuple):
    """failed, missed: None for what was not asked for. webhooks: those with such failed deliveries,
    None where none were asked for. is_exact: False when there may be more.
    """

    failed: int | None
    missed: int | None
    webhooks: int | None
    is_exact: bool


async def count_retry(
    reader: Reader, search: FailedSearch, webhook: Webhook | None, which: RetryScope
) -> RetryTotals:
    """Counts what a retry would send: failed deliveries up to COUNTED, and missed events of the
    webhook as far as `count_missed` looks.
    """
    failed = missed = webhooks = None
    is_exact = True
    if which is not RetryScope.MISSED:
        number, webhooks = await search.count_sendable(reader, COUNTED + 1)
        failed, is_exact = min(number, COUNTED), number <= COUNTED
    if which is not RetryScope.FAILED and webhook is not None:
        window = Window(
            search.since, search.until, search.event_type, environment=search.environment
        )
        count = await count_missed(reader, webhook, window)
        missed, is_exact = count.deliverable, is_exact and count.is_exact
    return RetryTotals(failed, missed, webhooks, is_exact)
