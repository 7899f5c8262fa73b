"""Kinds of notifications. Webhooks name the kinds that they want mails about; notifications have
one each.
"""

from enum import Enum

import strawberry


@strawberry.enum(description="What there was to tell.")
class NotificationKind(Enum):
    AUTO_DISABLED = strawberry.enum_value(
        "AUTO_DISABLED", description="A webhook kept failing and was turned off by itself."
    )
    FAILING = strawberry.enum_value(
        "FAILING",
        description="A webhook keeps failing and has come half the way to being turned off.",
    )
    RECOVERED = strawberry.enum_value(
        "RECOVERED", description="A webhook that was failing or turned off works again."
    )
    DELIVERY_FAILED = strawberry.enum_value(
        "DELIVERY_FAILED",
        description="Deliveries failed for good; told at most once an hour and webhook.",
    )
    SYNC_FAILED = strawberry.enum_value(
        "SYNC_FAILED", description="A set of webhooks could not be applied."
    )
