"""Test mails of a webhook, that somebody sees whether mails come. Called by the API. A notification
like others: workers send its mails, under the same limits.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.activity.writer import append_activity
from hookline.errors import Code, Problem, Refused
from hookline.models import Notification, NotificationKind, Webhook
from hookline.notifications.notifying import write_receipts
from hookline.runtime import Runtime

PAUSE: Final = timedelta(minutes=1)
"""Time between two tests of a webhook: their mails are bounded anyway, their rows by this alone."""


async def send_test_mail(
    runtime: Runtime, actor: Actor, webhook_id: UUID, addresses: Sequence[str] | None = None
) -> Notification:
    """Writes a notification of the kind TEST with a mail to each address. addresses: of the
    webhook's own, in any case; None: all of them.

    Raises Refused: NOT_FOUND, REQUIRED without an address, NOT_ALLOWED within PAUSE.
    """
    now = clock.now()
    async with runtime.database.unit_of_work() as work:
        # Locked, so that of two at once the second one sees the first.
        webhook = (
            await Webhook.filter(
                id=webhook_id, workspace_id=actor.workspace_id, deleted_at__isnull=True
            )
            .select_for_update()
            .first()
        )
        if webhook is None:
            message = "There is no such webhook, or it was deleted."
            raise Refused(Problem(Code.NOT_FOUND, message, ("id",)))
        wanted, problems = _chosen(webhook, addresses)
        tests = Notification.filter(webhook_id=webhook_id, kind=NotificationKind.TEST)
        if await tests.filter(id__gte=ids.first_of(now - PAUSE)).exists():
            message = "A test mail was sent within the last minute. Wait, then try again."
            problems.append(Problem(Code.NOT_ALLOWED, message, ("id",)))
        if problems:
            raise Refused(problems)
        notification = await Notification.create(
            id=ids.uuid7(),
            workspace_id=actor.workspace_id,
            kind=NotificationKind.TEST,
            webhook_id=webhook_id,
            created_at=now,
        )
        await write_receipts(work, runtime.enqueuer, notification, wanted)
        sent = {"notificationId": ids.encode("ntf", notification.id), "addresses": wanted}
        at = ("wh", webhook_id)
        await audit.record(actor.workspace_id, actor.stored, "webhook.testMail", at, None, sent)
        kind = ActivityKind.NOTIFICATION
        await append_activity(
            work, runtime.hub, actor.workspace_id, [(kind, notification.id, webhook_id)]
        )
    return notification


def _chosen(webhook: Webhook, given: Sequence[str] | None) -> tuple[list[str], list[Problem]]:
    """The webhook's addresses that are meant, each once, and all that is wrong with the given."""
    own = {address.lower(): address for address in webhook.notification_emails}
    if not own:
        message = "The webhook has no address to mail to. Save one in notificationEmails first."
        return [], [Problem(Code.REQUIRED, message, ("addresses",))]
    if given is None:
        return list(own.values()), []
    if not given:
        return [], [Problem(Code.REQUIRED, "Give an address, or null for all.", ("addresses",))]
    message = "This is none of the webhook's addresses. Save it in notificationEmails first."
    problems = [
        Problem(Code.NOT_FOUND, message, ("addresses", str(place)))
        for place, address in enumerate(given)
        if address.strip().lower() not in own
    ]
    known = (own.get(address.strip().lower()) for address in given)
    return list(dict.fromkeys(address for address in known if address)), problems
