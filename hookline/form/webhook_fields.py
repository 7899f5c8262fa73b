"""The one table of a webhook's fields: the API, YAML, the JSON Schema, the canonical form, the
columns and docs/webhooks.md follow from its rows. A new plain field is a migration, a line of the
model (hookline.models.webhook) and a row here: CONTRIBUTING.md has an example.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hookline.form.codecs import (
    Codec,
    FailurePolicy,
    HeaderList,
    LabelLines,
    Lines,
    Milliseconds,
    NewestAlgorithm,
    PerMinute,
    Plain,
    RetrySchedule,
    SealedPair,
    SigningSecrets,
)
from hookline.form.kinds import (
    Choice,
    Duration,
    FieldKind,
    Flag,
    ListOf,
    NullableRecord,
    Number,
    Record,
    RecordField,
)
from hookline.form.mail_kind import Emails
from hookline.form.payload_kinds import ContentType, Filter, RateLimit
from hookline.form.text_kind import Text
from hookline.form.webhook_kinds import (
    Environment,
    Headers,
    Labels,
    Pattern,
    SecretHeader,
    SigningSecret,
    Url,
)
from hookline.outbound.signing import ALGORITHMS, HMAC_SHA256
from hookline.outbound.templates import JSON


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the table.

    kind: values that are accepted; codec: the columns that keep them. description: a sentence for
    readers of the field; limits: further sentences for those who set it. resets_health: a change
    may have mended the receiver, so failures count anew. has_own_verb: set at creation or by YAML,
    and changed in the API by a mutation of its own.
    """

    name: str
    kind: FieldKind
    codec: Codec
    description: str
    limits: str = ""
    is_required: bool = False
    default: object = None
    resets_health: bool = False
    has_own_verb: bool = False

    @property
    def reference(self) -> str:
        """The description with the limits, as inputs, YAML and the documentation show it."""
        return f"{self.description} {self.limits}".rstrip()

    @property
    def may_be_null(self) -> bool:
        """True when null is a value of the field, and not a way to its default."""
        return isinstance(self.kind, NullableRecord)


_second, _day = timedelta(seconds=1), timedelta(days=1)
# 11 attempts over about three days, the pauses growing as an outage does.
_default_schedule = ("5s", "1m", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "20h")
_notify_on = ("AUTO_DISABLED", "FAILING", "RECOVERED", "DELIVERY_FAILED", "SYNC_FAILED")

_basic_auth = Record(
    (
        RecordField(
            "username",
            # Basic authentication ends the name at the first colon (RFC 7617).
            Text(255, "[^:]+", "a name without a colon"),
            "Name of the user, without a colon.",
        ),
        RecordField(
            "password",
            # Empty where the user's name is an API key.
            Text(1_000, is_secret=True, may_be_empty=True),
            "Password, stored encrypted and never returned.",
            is_optional_in_update=True,
        ),
    )
)
_retry = Record(
    (
        RecordField(
            "schedule",
            ListOf(Duration(_second, 2 * _day), 0, 20),
            "Pauses before each retry: up to 20 of 1s to 48h; none for no retry.",
        ),
    )
)
_auto_disable = Record(
    (
        RecordField(
            "failures",
            Number(1, 10_000),
            "Number of failed attempts in a row.",
            is_required=False,
            default=10,
        ),
        RecordField(
            "over",
            Duration(_second, 30 * _day, _second),
            "Minimum time since the first of those attempts.",
            is_required=False,
            default="2d",
        ),
    )
)

_rows = (
    Field(
        "name",
        Text(100, is_name=True),
        Plain("name"),
        "Display name.",
        "1 to 100 characters. In YAML the slug by default.",
        is_required=True,
    ),
    Field(
        "description",
        Text(1_000, may_have_lines=True, may_be_empty=True),
        Plain("description"),
        "Purpose of the webhook.",
        "At most 1,000 characters.",
    ),
    Field(
        "url",
        Url(),
        Plain("url"),
        "URL that events are sent to.",
        "http or https, at most 2,048 characters, without user info or fragment.",
        is_required=True,
        resets_health=True,
    ),
    Field(
        "active",
        Flag(),
        Plain("is_active"),
        "Wanted state: true to receive events; false to hold the open deliveries and to receive no "
        "new events. It stays true when Hookline disables a failing webhook: `status` says whether "
        "the webhook is on.",
        default=True,
    ),
    Field(
        "environments",
        ListOf(Environment(), 1, 100, is_set=True),
        Lines("environments"),
        "Environments whose events are sent.",
        "1 to 100 environments.",
        is_required=True,
    ),
    Field(
        "events",
        ListOf(Pattern(), 1, 100, is_set=True),
        Lines("events"),
        "Types of events that are sent, as patterns object.model.action; * stands for any one "
        "segment.",
        "1 to 100 patterns.",
        is_required=True,
    ),
    Field(
        "headers",
        Headers(20),
        HeaderList("headers"),
        "Headers of every request.",
        "At most 20, each value at most 4 KiB.",
        default=[],
        resets_health=True,
    ),
    Field(
        "secretHeader",
        SecretHeader(),
        SealedPair("name", "secret_header_name", "value", "secret_header_sealed"),
        "Header with a secret value, stored encrypted and never returned.",
        resets_health=True,
    ),
    Field(
        "basicAuth",
        _basic_auth,
        SealedPair("username", "basic_auth_username", "password", "basic_auth_sealed"),
        "Credentials of the header Authorization: Basic.",
        resets_health=True,
    ),
    Field(
        "timeout",
        Duration(_second, 60 * _second),
        Milliseconds("timeout_ms"),
        "Maximum duration of one attempt.",
        "1s to 1m.",
        default="15s",
    ),
    Field(
        "concurrency",
        Number(1, 100),
        Plain("concurrency"),
        "Maximum number of requests at a time.",
        "1 to 100.",
        default=10,
    ),
    Field(
        "retry",
        _retry,
        RetrySchedule("retry_schedule"),
        "Schedule of the retries of a failed delivery.",
        default={"schedule": list(_default_schedule)},
    ),
    Field(
        "labels",
        Labels(20),
        LabelLines("labels"),
        "Labels of the webhook: key-value pairs, sorted by key.",
        "At most 20.",
        default=[],
    ),
    Field(
        "signingAlgorithm",
        Choice(ALGORITHMS),
        NewestAlgorithm("signing_secrets"),
        "Algorithm that signs requests: HMAC_SHA256 (a shared secret) or ED25519 (a key pair).",
        default=HMAC_SHA256,
        resets_health=True,
        has_own_verb=True,
    ),
    Field(
        "signingSecret",
        SigningSecret(),
        SigningSecrets("signing_secrets"),
        "Secret that signs requests, stored encrypted.",
        "whsec_ and base64 of 24 to 64 bytes; for ED25519 whsk_ and base64 of a seed of 32 bytes, "
        "or of that and its public key. Generated by default.",
        resets_health=True,
        has_own_verb=True,
    ),
    Field(
        "filter",
        Filter(),
        Plain("event_filter"),
        "Condition on the event in addition to the patterns: paths with operators, all of which "
        "must hold. None by default.",
    ),
    Field(
        "payloadTemplate",
        Text(65_536, may_have_lines=True),
        Plain("payload_template"),
        "Template of the request's body in the language of minijinja, with the variables event and "
        "webhook (docs/templates.md). By default the body is the event as JSON.",
    ),
    Field(
        "payloadContentType",
        ContentType(),
        Plain("payload_content_type"),
        "Content type of the body that the template renders.",
        default=JSON,
    ),
    Field(
        "rateLimit",
        RateLimit(),
        PerMinute("rate_per_minute"),
        "Maximum rate of requests, such as 20/s or 600/m. No limit by default.",
    ),
    Field(
        "autoDisable",
        NullableRecord(_auto_disable),
        FailurePolicy("auto_disable_failures", "auto_disable_seconds"),
        "Policy that disables a failing webhook: after this number of failed attempts in a row "
        "over at least this time, and after three responses of 410 Gone in a row. null for never.",
        default={"failures": 10, "over": "2d"},
    ),
    Field(
        "notificationEmails",
        Emails(20),
        Lines("notification_emails"),
        "Addresses that notifications are mailed to.",
        "At most 20; an item may hold several, separated by commas or semicolons, and names: Jane "
        "Doe <jane@example.com>. Only the addresses are kept.",
        default=[],
    ),
    Field(
        "notifyOn",
        ListOf(Choice(_notify_on), 0, len(_notify_on), is_set=True),
        Lines("notify_on"),
        "Kinds of notifications that are mailed.",
        f"Any of {', '.join(_notify_on)}.",
        default=["AUTO_DISABLED"],
    ),
)

FIELDS: Final[Mapping[str, Field]] = {row.name: row for row in _rows}

SECRET_FIELDS: Final = frozenset(row.name for row in _rows if row.codec.holds_secrets)
"""Fields that may hold secrets; the values of all others are shown as they are."""

DEFAULTS: Final[Mapping[str, object]] = {
    # A signing secret's default is made for each webhook.
    row.name: row.default
    for row in _rows
    if not row.is_required and row.name != "signingSecret"
}
"""Canonical values of what was left out. Copy before changing: lists inside are shared."""
