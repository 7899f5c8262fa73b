"""Enums of the core as GraphQL has them: one class each, here with its name and descriptions. The
schema's modules import them from here, so that none is used before it is described.
"""

from enum import Enum

import strawberry

from hookline.access.actor import ActorKind
from hookline.deliveries.jobs import Which as RetryWhich
from hookline.deliveries.retries import AttemptError
from hookline.deliveries.statistics import Step as StatsStep
from hookline.errors import Code as UserErrorCode
from hookline.models import AttemptCause, AttemptOutcome, EmailStatus, JobStatus, NotificationKind
from hookline.sync.plan.changes import ChangeKind as SyncChangeKind
from hookline.sync.request import DriftPolicy as SyncDriftPolicy

__all__ = [
    "ActorKind",
    "AttemptCause",
    "AttemptError",
    "AttemptOutcome",
    "EmailStatus",
    "JobStatus",
    "NotificationKind",
    "RetryWhich",
    "StatsStep",
    "SyncChangeKind",
    "SyncDriftPolicy",
    "UserErrorCode",
]


def describe(enum: type[Enum], description: str, *, name: str = "", **values: str) -> None:
    """Makes a GraphQL enum of a core one. values: the description of each member, none missing;
    name: where GraphQL calls it otherwise.
    """
    definition = strawberry.enum(enum, name=name or enum.__name__, description=description)
    members = definition.__strawberry_definition__.values  # type: ignore[attr-defined]
    assert [member.name for member in members] == list(values), enum
    for member in members:
        member.description = values[member.name]


describe(
    ActorKind,
    "Kind of an actor.",
    TOKEN="A person or a program, identified by a token.",
    SYNC="A YAML file that was applied.",
    SYSTEM="Hookline itself.",
)
describe(
    AttemptOutcome,
    "Outcome of an attempt.",
    SUCCEEDED="The receiver answered 2xx.",
    FAILED="Another status, no answer in time, or no connection.",
    UNKNOWN="The worker died meanwhile: the request may have been sent.",
)
describe(
    AttemptCause,
    "Reason for an attempt.",
    PUBLISH="The event was published.",
    RETRY="An earlier attempt failed.",
    MANUAL="A user asked for it.",
    TEST="A user tested the webhook.",
)
describe(
    AttemptError,
    "Reason for the failure of an attempt.",
    TIMEOUT="No answer in time.",
    DNS="The host's name was not found.",
    CONNECT="No connection, or it broke.",
    TLS="No secure connection: certificate or protocol.",
    REFUSED_ADDRESS="The address is one that Hookline may not connect to.",
    PROTOCOL="The answer was not HTTP.",
    STATUS="The receiver answered, but not 2xx.",
)
describe(
    EmailStatus,
    "Status of a mail.",
    PENDING="Waits for its first or next try.",
    SENT="Accepted by the mail server, or written to the outbox when there is no mail server.",
    FAILED="Refused by the mail server, or not accepted in time.",
)
describe(
    JobStatus,
    "Status of a job.",
    PENDING="Not begun.",
    RUNNING="In progress, also across restarts.",
    SUCCEEDED="Everything is done.",
    FAILED="Ended by an error.",
)
describe(
    NotificationKind,
    "Kind of a notification.",
    AUTO_DISABLED="A webhook kept failing and was turned off automatically.",
    FAILING="A webhook keeps failing and is half way to being turned off.",
    RECOVERED="A webhook that was failing or turned off works again.",
    DELIVERY_FAILED="Deliveries failed for good; at most one an hour and webhook.",
    SYNC_FAILED="A set of webhooks could not be applied.",
)
describe(
    RetryWhich,
    "Deliveries to send again.",
    name="RetryWhich",
    FAILED="Deliveries that failed for good.",
    MISSED="Events published while the webhook was off that it matches now.",
    ALL="Both.",
)
describe(
    StatsStep,
    "Length of a step of statistics.",
    name="StatsStep",
    MINUTE="One minute; kept for 48 hours.",
    HOUR="One hour.",
    DAY="One day, in UTC.",
)
describe(
    SyncChangeKind,
    "What a plan wants to do with a webhook.",
    name="SyncChangeKind",
    CREATE="It is made.",
    UPDATE="Fields change; one that comes back into the file is turned on again.",
    ADOPT="It exists and no file manages it: this one takes it over.",
    DISABLE="It is no longer in the file: it is turned off.",
    RELEASE="Fields that are no longer in the file, and were changed by hand, stay as they are.",
    DRIFT="Fields that the file owns were changed by hand.",
    CONFLICT="Fields were changed by hand and in the file, each differently.",
)
describe(
    SyncDriftPolicy,
    "What to do with a field that the file owns and somebody changed by hand.",
    name="SyncDriftPolicy",
    BLOCK="Apply nothing.",
    OVERWRITE="Set it back to what the file wants.",
    KEEP="Leave it as it is; the next plan shows it again.",
)
describe(
    UserErrorCode,
    "Kind of mistake. Codes are stable; messages are for people and may change.",
    name="UserErrorCode",
    REQUIRED="A value is missing.",
    INVALID="The value does not have the required form.",
    NOT_FOUND="Nothing has this id.",
    TAKEN="Something else has this name already.",
    TOO_LONG="The value is too long or too large.",
    TOO_MANY="The list has too many items.",
    OUT_OF_RANGE="The value is too small, too large or in the past.",
    NOT_ALLOWED="Not possible now, or not with this token.",
    VERSION_CONFLICT="The object was changed meanwhile: read it again.",
    FIELD_MANAGED="A YAML file owns the field: change it there.",
    IDEMPOTENCY_CONFLICT="The idempotency key was used for another event.",
    SCHEMA_MISMATCH="The data does not fit the event type's schema.",
    DATA_EXPIRED="The event's data is no longer kept.",
    NOT_AVAILABLE="This release does not have it yet.",
)
