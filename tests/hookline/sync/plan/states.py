"""Webhooks as a file wants them and as the database has them, for tests of plans."""

from dataclasses import replace
from typing import Any

from hookline import ids
from hookline.form.webhook_fields import DEFAULTS
from hookline.sync.options import Options
from hookline.sync.plan.planning import plan
from hookline.sync.plan.webhooks import Planned, StoredWebhook, WantedWebhook, Write
from hookline.sync.policy import DriftPolicy
from hookline.sync.read.problems import Position

SET = "storefront"
REQUIRED = {
    "url": "https://crm.example.com/in",
    "events": ["order.*.create"],
    "environments": ["production"],
}
PRINT, OTHER_PRINT = {"fingerprint": "aa"}, {"fingerprint": "bb"}


def wanted(slug: str = "orders", /, **values: Any) -> WantedWebhook:
    whole = {**REQUIRED, **values}
    return WantedWebhook(slug, whole, whole, Position(9, 3, "config/webhooks.yaml"))


def live(
    slug: str = "orders", /, applied: dict[str, Any] | None = None, **form: Any
) -> StoredWebhook:
    """A webhook of the set. form: what differs from the defaults; applied: what the set owns beside
    the required fields.
    """
    whole = {**DEFAULTS, "name": slug, **REQUIRED, "signingSecret": PRINT, **form}
    owned = {**REQUIRED, **(applied or {})}
    return StoredWebhook(
        ids.uuid7(),
        slug,
        whole,
        1,
        SET,
        owned,
        False,
        'token "support"',
        ("config/webhooks.yaml", 9, "9f2c1ab"),
    )


def planned(
    wish: WantedWebhook, there: StoredWebhook, on_drift: DriftPolicy = DriftPolicy.BLOCK
) -> Planned:
    return plan(SET, 1, [wish], [there], Options(on_drift=on_drift))


def applied(there: StoredWebhook, write: Write) -> StoredWebhook:
    """The webhook after a write, as an apply leaves it."""
    form = {**there.form, **write.values}
    return replace(
        there,
        slug=write.slug,
        form=form,
        applied={} if write.is_released else dict(write.applied),
        ignored=write.ignored,
        set_name=None if write.is_released else SET,
        version=there.version + write.is_visible,
        is_removed=write.is_removed,
    )
