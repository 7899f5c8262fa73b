"""Listeners: webhooks whose requests a command takes, for as long as it runs (`hookline listen`).
Made, kept and ended by the token that made them, through the API; the actor `end_listeners` ends
those whose lease has run out. Their requests are in listener_requests.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from hookline import clock
from hookline.access.actor import Actor, system_actor
from hookline.db.connection import UnitOfWork
from hookline.db.statements import for_dialect
from hookline.errors import Code, Problem, Refused
from hookline.models import Webhook
from hookline.outbound.listener_urls import listener_url
from hookline.runtime import Runtime
from hookline.webhooks import listener_requests
from hookline.webhooks.change import end_webhook
from hookline.webhooks.create import insert_webhook

LEASE: Final = timedelta(seconds=22)
"""With the period of `end_listeners` a listener is gone half a minute after its last renewal."""
UNWATCHED_SECONDS: Final = 10.0
"""Time without a look after which no lease has run out: the database was away, and nobody could
renew. Less than what a lease has left at the least when it is renewed again.
"""
LISTENERS_LIMIT: Final = 100
"""Of a workspace."""
# The form wants a URL that could be sent to; the listener's own takes its place.
_ANY_URL: Final = "https://listener.invalid/"
# It is there to be looked at: what failed is sent again by hand, and nobody is told.
_ALWAYS: Final[Mapping[str, Any]] = {
    "url": _ANY_URL,
    "retry": {"schedule": []},
    "autoDisable": None,
    "notifyOn": [],
}
# As if it had been notified of for all time: the hour of the next notification never comes.
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_RENEW: Final = (
    f"update webhook set listener_expires_at = {{now}} + {LEASE.seconds} * {{second}} where id = $1"
)
_EXPIRED: Final = """
select id, workspace_id from webhook
where listener_expires_at < {now} and deleted_at is null limit 20 {skip_locked}"""
_DELETE_REQUESTS: Final = "delete from listener_request where webhook_id = $1"


async def create_listener(runtime: Runtime, actor: Actor, values: Mapping[str, Any]) -> Webhook:
    """Creates a listener, whose lease begins. values: name, environments, events, filter,
    signingSecret and timeout, as for a webhook.

    Raises Refused with all that is wrong; TOO_MANY when the workspace has LISTENERS_LIMIT.
    """

    async def check(limit: int) -> None:
        count = await Webhook.filter(
            workspace_id=actor.workspace_id,
            listener_expires_at__isnull=False,
            deleted_at__isnull=True,
        ).count()
        if count > limit:
            message = (
                f"There are {LISTENERS_LIMIT} listeners already. End one, or wait until one has "
                "ended."
            )
            raise Refused(Problem(Code.TOO_MANY, message))

    # Most are refused by this one, without a lock. The other one holds the match version's row,
    # which each creation changes, and so sees all that were committed before.
    await check(LISTENERS_LIMIT - 1)

    def columns_of(key: UUID) -> dict[str, Any]:
        expires_at = clock.now() + LEASE
        return {
            "url": listener_url(key),
            "listener_expires_at": expires_at,
            "exhausted_notified_at": _NEVER,
        }

    return await insert_webhook(
        runtime, actor, {**values, **_ALWAYS}, columns_of, partial(check, LISTENERS_LIMIT)
    )


async def find_listener(actor: Actor, key: UUID) -> Webhook:
    """The listener, if this token made it and it is not gone.

    Raises Refused: NOT_FOUND.
    """
    webhook = await Webhook.filter(
        id=key,
        workspace_id=actor.workspace_id,
        deleted_at__isnull=True,
        listener_expires_at__isnull=False,
    ).first()
    # Its events are for who asked for them, and its answers decide what is recorded.
    if webhook is None or webhook.created_by.get("tokenId") != actor.stored.get("tokenId"):
        message = "There is no such listener of this token: it was deleted, or its lease has ended."
        raise Refused(Problem(Code.NOT_FOUND, message, ("id",)))
    return webhook


async def renew_listener(runtime: Runtime, actor: Actor, key: UUID) -> Webhook:
    """Begins the lease anew.

    Raises Refused: NOT_FOUND.
    """
    async with runtime.database.unit_of_work() as work:
        await find_listener(actor, key)
        # Without a new version: nothing that is sent depends on it.
        await work.execute(for_dialect(_RENEW, work.dialect), key)
        return await find_listener(actor, key)


async def delete_listener(runtime: Runtime, actor: Actor, key: UUID) -> Webhook:
    """Ends a listener as a deletion ends any webhook.

    Raises Refused: NOT_FOUND.
    """
    async with runtime.database.unit_of_work() as work:
        await find_listener(actor, key)
        webhook = await _locked(key)
        if webhook is None:
            raise Refused(Problem(Code.NOT_FOUND, "The listener is deleted already.", ("id",)))
        await _end(runtime, work, actor, webhook)
    return webhook


async def answer_request(
    runtime: Runtime, actor: Actor, key: UUID, given: listener_requests.ListenerAnswer
) -> None:
    """Answers a request of a listener of this token, once.

    Raises Refused: NOT_FOUND, also for one that is answered already.
    """
    async with runtime.database.unit_of_work() as work:
        webhook_id = await listener_requests.owner_of(work, key)
        if webhook_id is not None:
            await find_listener(actor, webhook_id)
        if webhook_id is None or not await listener_requests.answer(work, key, given):
            message = "The request is answered already, or its attempt has ended."
            raise Refused(Problem(Code.NOT_FOUND, message, ("id",)))
        work.after_commit(lambda: runtime.hub.publish(listener_requests.TOPIC, str(webhook_id)))


class LeaseWatch:
    """Tells whether leases count. A lease that ran out while the database was away is our own lack:
    it is ended only if its command has not renewed it within another one's time.
    """

    def __init__(self) -> None:
        self._looked_at: tuple[float, float] | None = None
        self._from = 0.0

    def look(self, now: float, wall: float) -> bool:
        """Takes note that the database answers. now, wall: seconds of the monotonic clock, and of
        the other one, which goes on while a machine sleeps.
        """
        # The first look, too, may come after an absence.
        if self._looked_at is None or any(
            later - earlier > UNWATCHED_SECONDS
            for earlier, later in zip(self._looked_at, (now, wall), strict=True)
        ):
            self._from = now + LEASE.total_seconds()
        self._looked_at = (now, wall)
        return now >= self._from


async def end_expired(runtime: Runtime, watch: LeaseWatch | None = None) -> int:
    """Ends a batch of listeners whose lease has run out, and forgets requests whose worker died.
    watch: of the process that looks again and again; None: leases count. Returns how many rows.
    """
    async with runtime.database.unit_of_work() as work:
        rows = await work.rows(for_dialect(_EXPIRED, work.dialect))
    if watch is not None and not watch.look(clock.monotonic(), clock.now().timestamp()):
        rows = []
    for row in rows:
        async with runtime.database.unit_of_work() as work:
            webhook = await _locked(row["id"])
            # Renewed meanwhile, perhaps.
            if webhook is None or not await _is_expired(work, webhook):
                continue
            await _end(runtime, work, system_actor(webhook.workspace_id), webhook)
    return len(rows) + await listener_requests.forget(runtime.database)


async def _locked(key: UUID) -> Webhook | None:
    return await Webhook.filter(id=key, deleted_at__isnull=True).select_for_update().first()


async def _is_expired(work: UnitOfWork, webhook: Webhook) -> bool:
    sql = "select id from webhook where id = $1 and listener_expires_at < {now}"
    return bool(await work.rows(for_dialect(sql, work.dialect), webhook.id))


async def _end(runtime: Runtime, work: UnitOfWork, actor: Actor, webhook: Webhook) -> None:
    await work.execute(_DELETE_REQUESTS, webhook.id)
    work.after_commit(lambda: runtime.hub.publish(listener_requests.TOPIC, str(webhook.id)))
    await end_webhook(runtime, work, actor, webhook)
