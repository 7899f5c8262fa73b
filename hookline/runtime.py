"""Everything that a process works with, opened by hookline.wiring. Passed on, never global."""

from dataclasses import dataclass

from hookline.activity.feed import Feeds
from hookline.db.connection import Database
from hookline.deliveries.queue.base import Queue
from hookline.deliveries.registry import Registry
from hookline.deliveries.watching import Watches
from hookline.events.publishing import Publisher
from hookline.messaging.enqueuer import Enqueuer
from hookline.messaging.hub import Hub
from hookline.messaging.wakeups import Wakeups
from hookline.metrics import Metrics
from hookline.outbound.addresses import AddressPolicy
from hookline.outbound.rendering import Renderer
from hookline.secrets.vault import Vault
from hookline.settings.fields import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: Settings
    addresses: AddressPolicy
    database: Database
    hub: Hub
    enqueuer: Enqueuer
    """Messages to the worker's actors. Silent until it is given a broker (`sending_to`)."""
    wakeups: Wakeups
    vault: Vault
    queue: Queue
    """The hot path: publish, claim, record, sweep."""
    registry: Registry
    """The webhooks in memory, as matching and sending need them."""
    publisher: Publisher
    renderer: Renderer
    """Payload templates, in a process of their own."""
    feeds: Feeds
    """Activity events, for subscriptions."""
    watches: Watches
    """Tables that subscriptions watch."""
    metrics: Metrics
