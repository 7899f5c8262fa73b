"""Numbers of the models' enums, by name, in statements: `status = DeliveryState.OPEN`. Called where
a statement stands, once per process.
"""

from enum import IntEnum

from hookline.db.statements import replace_enums
from hookline.models.delivery import AttemptCause, AttemptOutcome, DeliveryState, NextCause
from hookline.models.job import JobStatus
from hookline.models.notification import EmailStatus, NotificationKind

_ENUMS = (
    AttemptCause,
    AttemptOutcome,
    DeliveryState,
    EmailStatus,
    JobStatus,
    NextCause,
    NotificationKind,
)


def with_enum_numbers(sql: str, *more: type[IntEnum]) -> str:
    """The statement with its `Enum.MEMBER`s as numbers. more: enums beside the models'."""
    return replace_enums(sql, *_ENUMS, *more)
