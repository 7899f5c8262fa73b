"""Enums of the core as GraphQL has them: one class each, here with its name and descriptions. The
schema's modules import them from here, so that none is used before it is described.
"""

from enum import Enum

import strawberry

from hookline.access.actor import ActorKind
from hookline.deliveries.jobs import RetryScope
from hookline.deliveries.retries import AttemptError
from hookline.deliveries.statistics import StatsStep
from hookline.errors import Code as UserErrorCode
from hookline.models import AttemptCause, AttemptOutcome, EmailStatus, JobStatus, NotificationKind
from hookline.sync.plan.changes import ChangeKind as SyncChangeKind
from hookline.sync.policy import DriftPolicy as SyncDriftPolicy
from hookline.sync.policy import Prune as SyncPrune

__all__ = [
    "ActorKind",
    "AttemptCause",
    "AttemptError",
    "AttemptOutcome",
    "EmailStatus",
    "JobStatus",
    "NotificationKind",
    "RetryScope",
    "StatsStep",
    "SyncChangeKind",
    "SyncDriftPolicy",
    "SyncPrune",
    "UserErrorCode",
]


def describe(enum: type[Enum], description: str, *, name: str = "", **values: str) -> None:
    """Makes a GraphQL enum of a core one. values: the description of each member, none missing;
    name: where GraphQL calls it otherwise.
    """
    # set afterwards, not by strawberry.enum_value in the class: the core knows nothing of GraphQL
    definition = strawberry.enum(enum, name=name or enum.__name__, description=description)
    members = definition.__strawberry_definition__.values  # type: ignore[attr-defined]
    assert [member.name for member in members] == list(values), enum
    for member in members:
        member.description = values[member.name]


describe(
    ActorKind,
    "Kind of an actor.",
    TOKEN="A person or program, identified by an API token.",
    SYNC="An apply of a webhooks file.",
    SYSTEM="Hookline itself, or its command line.",
)
describe(
    AttemptOutcome,
    "Outcome of an attempt.",
    SUCCEEDED="The receiver answered with a 2xx status.",
    FAILED="The receiver answered with another status, or there was no response.",
    UNKNOWN="The worker stopped before the outcome was recorded. The request may have been sent.",
)
describe(
    AttemptCause,
    "Reason for an attempt.",
    PUBLISH="First attempt for a published event.",
    RETRY="Scheduled retry after a failed attempt.",
    MANUAL="Requested by `deliveryRetry` or `deliveriesRetry`.",
    TEST="Requested by `webhookTest`.",
)
describe(
    AttemptError,
    "Reason for the failure of an attempt.",
    TIMEOUT="No complete response within the webhook's timeout.",
    DNS="The host name could not be resolved.",
    CONNECT="The connection could not be opened, or it broke.",
    TLS="The TLS handshake failed, for example because of an invalid certificate.",
    REFUSED_ADDRESS="The host resolves to an address that Hookline may not connect to, such "
    "as a private one.",
    PROTOCOL="The response was not valid HTTP, or the request could not be built.",
    STATUS="The receiver answered with a status other than 2xx.",
    TEMPLATE="The webhook's payload template failed for the event. Nothing was sent.",
    LISTENER_GONE="The webhook is a listener, and its command has ended.",
)
describe(
    EmailStatus,
    "Status of an email.",
    PENDING="Waiting for the first or the next try.",
    HELD="Held back because the address got many emails lately; sent later, with others in one "
    "email.",
    UNCONFIRMED="Waiting until the owner of the address confirms it, for 7 days at most. An "
    "address that refused all emails is shown so too.",
    SENT="Accepted by the mail server, or written to a file if no mail server is configured.",
    FAILED="Rejected by the mail server, not accepted after all tries, or not confirmed in time.",
)
describe(
    JobStatus,
    "Status of a job.",
    PENDING="Not started.",
    RUNNING="In progress. A restart of Hookline does not end it.",
    SUCCEEDED="Completed.",
    FAILED="Ended by an error.",
    CANCELLED="Ended by `jobCancel`. What was queued until then is sent.",
)
describe(
    NotificationKind,
    "Kind of a notification.",
    AUTO_DISABLED="A webhook was disabled automatically because its attempts kept failing.",
    FAILING="A webhook keeps failing and is half way to being disabled automatically.",
    RECOVERED="A webhook that was failing or disabled works again.",
    DELIVERY_FAILED="Deliveries of a webhook failed with no attempt left. At most one "
    "notification an hour and webhook.",
    SYNC_FAILED="A webhooks file could not be applied.",
    TEST="A test email was asked for by `webhookTestMail`. No value of `notifyOn`.",
    SOURCE_DEGRADED="Webhooks files that a server follows can't be applied. No value of "
    "`notifyOn`.",
    SOURCE_RECOVERED="Webhooks files that a server follows are applied again. No value of "
    "`notifyOn`.",
)
describe(
    RetryScope,
    "Selection of deliveries to send again.",
    name="RetryWhich",
    FAILED="Deliveries with the status FAILED.",
    MISSED="Events that were published while the webhook was inactive or disabled, and that it "
    "matched then and matches now.",
    ALL="Both FAILED and MISSED.",
)
describe(
    StatsStep,
    "Length of a bucket of statistics.",
    name="StatsStep",
    MINUTE="One minute. Available for the last 48 hours.",
    HOUR="One hour.",
    DAY="One day, in UTC.",
)
describe(
    SyncChangeKind,
    "Kind of a planned change.",
    name="SyncChangeKind",
    CREATE="The webhook is created.",
    UPDATE="Fields are updated. A webhook that is back in the file is activated again.",
    MOVE="The webhook gets another slug. It keeps ID, log, secrets and open deliveries.",
    ADOPT="An existing webhook that no file owns is taken over by this set.",
    DISABLE="The webhook is no longer in the file and is deactivated.",
    DELETE="The webhook is no longer in the file and is deleted, as its policy says.",
    RELEASE="Fields that are no longer in the file keep the values that they were "
    "changed to by hand. Without fields: the webhook is no longer in the file and is left to "
    "people, as its policy says.",
    DRIFT="Fields that the file owns were changed by hand.",
    CONFLICT="Fields were changed by hand and, to another value, in the file.",
)
describe(
    SyncDriftPolicy,
    "Policy for fields that the file owns and that were changed by hand.",
    name="SyncDriftPolicy",
    BLOCK="Block the apply.",
    OVERWRITE="Overwrite the change with the file's value.",
    KEEP="Keep the change. The next plan shows it again.",
)
describe(
    SyncPrune,
    "Policy for webhooks that are no longer in the file.",
    name="SyncPrune",
    DISABLE="Deactivate the webhook. It stays managed.",
    DELETE="Delete the webhook.",
    KEEP="Leave the webhook as it is. No file owns it from then on.",
)
describe(
    UserErrorCode,
    "Code of an error in the input of a mutation. Codes are stable; messages may change.",
    name="UserErrorCode",
    REQUIRED="A required value is missing or empty.",
    INVALID="A value has the wrong format.",
    NOT_FOUND="No object has this ID or name, or it was deleted.",
    TAKEN="The slug is already in use.",
    TOO_LONG="A value is too long or too large.",
    TOO_MANY="A list has too many items, or the maximum number of objects is reached.",
    OUT_OF_RANGE="A number, duration or time is outside of the allowed range.",
    NOT_ALLOWED="The operation is not possible in the present state, or not with this token.",
    VERSION_CONFLICT="The object was changed in the meantime. Read it again and retry with its "
    "new version.",
    FIELD_MANAGED="A webhooks file owns the field. Change it there, or use force.",
    IDEMPOTENCY_CONFLICT="The idempotency key was already used with other content.",
    SCHEMA_MISMATCH="The data does not conform to the event type's schema.",
    DATA_EXPIRED="The event's data is older than its retention period and was removed.",
    NOT_AVAILABLE="The operator must mend something first, such as a key that is missing.",
)
