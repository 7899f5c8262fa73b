"""Announces what the queue has recorded. Called by the worker's recorder and by notifications,
after the commit: a NOTIFY inside would hold a lock of the whole server.
"""

from uuid import UUID

from hookline.deliveries.queue.base import Recorded
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub


def announce(hub: Hub, enqueuer: Enqueuer, workspace_id: UUID, recorded: Recorded) -> None:
    """Tells the publishers of a webhook that was turned off, the followers of new activity, and the
    worker of mails to send.
    """
    if recorded.has_auto_disabled:
        hub.publish("match", str(workspace_id))
    if recorded.position:
        hub.publish("activity", f"{workspace_id} {recorded.position}")
    for mail in recorded.mails:
        enqueuer.send_mail(*mail)
