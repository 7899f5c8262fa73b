"""The one table of a webhook's fields: what the API, the YAML loader, the JSON Schema and the
export know about them comes from here.

Pure: no database, no clock; whatever is wrong is a problem in the answer, all of an input at once.
Never puts a secret into a message.
"""

import re
import unicodedata
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hookline.errors import Code, Problem
from hookline.form.kinds import (
    BAD,
    Bounds,
    Choice,
    Duration,
    FieldProblem,
    Findings,
    Flag,
    Kind,
    Listing,
    Number,
    OrNever,
    Part,
    Record,
    Text,
)
from hookline.form.payload_kinds import ContentType, Filter, RateLimit
from hookline.form.webhook_kinds import (
    Emails,
    Environment,
    Headers,
    Labels,
    Pattern,
    SecretHeader,
    SigningSecret,
    Url,
    is_sensitive_header,
    sources_of_header,
)
from hookline.outbound.signing import ALGORITHMS, HMAC_SHA256, algorithm_of
from hookline.outbound.templates import JSON

__all__ = [
    "DEFAULTS",
    "FIELDS",
    "Bounds",
    "Field",
    "FieldProblem",
    "check_create",
    "check_given",
    "check_slug",
    "check_update",
    "check_whole",
    "is_sensitive_header",
    "may_be_null",
    "missing",
    "slug_of",
]

SLUG: Final = "[a-z0-9-]{1,63}"


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the table."""

    name: str
    kind: Kind
    description: str
    is_required: bool = False
    default: object = None


_second, _day = timedelta(seconds=1), timedelta(days=1)
_default_schedule = ("5s", "1m", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "20h")

_rows = (
    Field(
        "name",
        Text(100),
        "What people call it, 1 to 100 characters. In YAML the slug when left out.",
        is_required=True,
    ),
    Field(
        "description",
        Text(1_000, may_have_lines=True, may_be_empty=True),
        "What it is for, at most 1,000 characters.",
    ),
    Field(
        "url",
        Url(),
        "Where events are sent: http or https, at most 2,048 characters, without user info or "
        "fragment.",
        is_required=True,
    ),
    Field("active", Flag(), "Whether people want it to receive events.", default=True),
    Field(
        "environments",
        Listing(Environment(), 1, 100, is_set=True),
        "The environments whose events it gets.",
        is_required=True,
    ),
    Field(
        "events",
        Listing(Pattern(), 1, 100, is_set=True),
        "Which events it gets: patterns object.model.action; * stands for any one segment.",
        is_required=True,
    ),
    Field(
        "headers", Headers(20), "Headers sent with every request: at most 20 of 4 KiB.", default=[]
    ),
    Field(
        "secretHeader",
        SecretHeader(),
        "A header whose value is secret: stored sealed, never shown.",
    ),
    Field(
        "basicAuth",
        Record(
            (
                Part(
                    "username",
                    Text(255, "[^:]+", "a name without a colon"),
                    "The user's name, without a colon.",
                ),
                Part(
                    "password",
                    Text(1_000, is_secret=True),
                    "The password: stored sealed, never shown.",
                    may_be_kept=True,
                ),
            )
        ),
        "Credentials sent as Authorization: Basic.",
    ),
    Field(
        "timeout",
        Duration(_second, 30 * _second),
        "How long one attempt may take, 1s to 30s.",
        default="15s",
    ),
    Field(
        "concurrency",
        Number(1, 100),
        "How many requests may be on the wire at a time, 1 to 100.",
        default=10,
    ),
    Field(
        "retry",
        Record(
            (
                Part(
                    "schedule",
                    Listing(Duration(_second, 2 * _day), 1, 20),
                    "The pause before each retry: 1 to 20 of 1s to 48h.",
                ),
            )
        ),
        "When a failed delivery is tried again.",
        default={"schedule": list(_default_schedule)},
    ),
    Field("labels", Labels(20), "Keys and values of your own, at most 20.", default=[]),
    Field(
        "signingAlgorithm",
        Choice(ALGORITHMS),
        "How requests are signed: HMAC_SHA256 (a shared secret) or ED25519 (a key pair).",
        default=HMAC_SHA256,
    ),
    Field(
        "signingSecret",
        SigningSecret(),
        "The secret that signs requests: whsec_ and base64 of 24 to 64 bytes; for ED25519 whsk_ "
        "and base64 of a seed of 32 bytes, or of that and "
        "its public key. Made when left out.",
    ),
    Field(
        "filter",
        Filter(),
        "A condition on the event: paths with operators, all of which must hold. Left out: every "
        "event that the patterns match.",
    ),
    Field(
        "payloadTemplate",
        Text(65_536, may_have_lines=True),
        "A template for the request's body, in minijinja's language; it is given event and "
        "webhook (docs/templates.md). Left out: the event as JSON.",
    ),
    Field(
        "payloadContentType",
        ContentType(),
        "The content type of what the template makes.",
        default=JSON,
    ),
    Field(
        "rateLimit",
        RateLimit(),
        "The most requests in a time, such as 20/s or 600/m. Left out: no limit.",
    ),
    Field(
        "autoDisable",
        OrNever(
            Record(
                (
                    Part(
                        "failures",
                        Number(1, 10_000),
                        "After how many failed attempts in a row.",
                        is_required=False,
                        default=10,
                    ),
                    Part(
                        "over",
                        Duration(_second, 30 * _day, _second),
                        "And how long after the first of them.",
                        is_required=False,
                        default="2d",
                    ),
                )
            )
        ),
        "When a failing webhook is turned off by itself: after that many failed attempts in a row "
        "over at least that time, and after three answers "
        "of 410 in a row. null: never.",
        default={"failures": 10, "over": "2d"},
    ),
    Field(
        "notificationEmails",
        Emails(20),
        "Whom to write when it is turned off by itself, at most 20 addresses; an item may hold "
        "several, separated by commas.",
        default=[],
    ),
    Field(
        "notifyOn",
        Listing(
            Choice(("AUTO_DISABLED", "FAILING", "RECOVERED", "DELIVERY_FAILED", "SYNC_FAILED")),
            0,
            5,
            is_set=True,
        ),
        "What is written about.",
        default=["AUTO_DISABLED"],
    ),
)

FIELDS: Final[Mapping[str, Field]] = {row.name: row for row in _rows}

DEFAULTS: Final[dict[str, object]] = {
    name: row.default
    for name, row in FIELDS.items()
    if not row.is_required and name != "signingSecret"
}
"""Canonical values of what was left out. Copy before changing: lists inside are shared."""


def may_be_null(name: str) -> bool:
    """Whether null is a value of the field, and not a way to its default."""
    return name in FIELDS and isinstance(FIELDS[name].kind, OrNever)


def check_create(
    values: Mapping[str, object], bounds: Bounds
) -> tuple[dict[str, object], list[Problem]]:
    """The canonical form of a new webhook, defaults filled in, and all that is wrong with it (then
    the form is not complete).

    values: by the API's field names; None counts as left out, except where it is a value.
    `signingSecret` is absent when it was not given.
    """
    given = {
        name: value for name, value in values.items() if value is not None or may_be_null(name)
    }
    canonical, found = check_given(given, bounds)
    problems: list[Problem] = [problem for problem in found if not problem.is_warning]
    whole = {**deepcopy(DEFAULTS), **canonical}
    return whole, [*problems, *missing(given), *check_whole(whole)]


def check_update(
    values: Mapping[str, object], bounds: Bounds
) -> tuple[dict[str, object], list[Problem]]:
    """The canonical form of what a change gives, and all that is wrong with it.

    values: only what was given; None clears a field back to its default. A secret left out of
    secretHeader or basicAuth stays out: the caller keeps the stored one, and then lets
    `check_whole` judge the merged whole.
    """
    canonical, found = check_given(
        {name: value for name, value in values.items() if value is not None or may_be_null(name)},
        bounds,
    )
    problems: list[Problem] = [problem for problem in found if not problem.is_warning]
    for name in (
        name
        for name, value in values.items()
        if value is None and name in FIELDS and not may_be_null(name)
    ):
        if FIELDS[name].is_required:
            problems.append(
                FieldProblem(
                    Code.REQUIRED,
                    f"{name} must not be null; leave it out to keep it.",
                    (name,),
                    "required",
                )
            )
        elif name in DEFAULTS:
            canonical[name] = deepcopy(DEFAULTS[name])
    return canonical, problems


def check_given(
    values: Mapping[str, object], bounds: Bounds
) -> tuple[dict[str, object], list[FieldProblem]]:
    """Canonical values of the given fields alone (refused ones are absent), and all problems and
    warnings. None only where it is a value.
    """
    findings = Findings(bounds)
    checked = {
        name: row.kind.check(values[name], (name,), findings)
        for name, row in FIELDS.items()
        if name in values
    }
    return {name: value for name, value in checked.items() if value is not BAD}, findings.problems


def missing(values: Mapping[str, object]) -> list[FieldProblem]:
    """A problem for each required field that is not among the values."""
    names = [
        row.name for row in FIELDS.values() if row.is_required and values.get(row.name) is None
    ]
    return [
        FieldProblem(Code.REQUIRED, f"{name} is required.", (name,), "required") for name in names
    ]


def check_whole(webhook: Mapping[str, object]) -> list[FieldProblem]:
    """What only the whole canonical form can show: two sources of a header, credentials without
    their secret, a secret of another algorithm.
    """
    problems = [
        FieldProblem(Code.REQUIRED, f"{name}.{part} is required.", (name, part), "required")
        for name, part in (("secretHeader", "value"), ("basicAuth", "password"))
        if isinstance(record := webhook.get(name), Mapping) and part not in record
    ]
    secret, algorithm = webhook.get("signingSecret"), webhook.get("signingAlgorithm") or HMAC_SHA256
    if isinstance(secret, str) and algorithm_of(secret) != algorithm:
        message = (
            f"signingSecret does not fit signingAlgorithm {algorithm}: whsec_… is for "
            "HMAC_SHA256, whsk_… for ED25519."
        )
        problems.append(FieldProblem(Code.INVALID, message, ("signingSecret",), "format"))
    if webhook.get("payloadContentType", JSON) != JSON and not webhook.get("payloadTemplate"):
        message = (
            f"payloadContentType needs a payloadTemplate: without one the event is sent as {JSON}."
        )
        problems.append(FieldProblem(Code.INVALID, message, ("payloadContentType",), "format"))
    taken: dict[str, str] = {}
    for name, at in sources_of_header(webhook):
        if (owner := taken.setdefault(name.lower(), at[0])) != at[0]:
            message = f"{at[0]} sets the header {name}, which {owner} sets too; keep one of them."
            problems.append(FieldProblem(Code.INVALID, message, at, "duplicate-header"))
    return problems


def slug_of(name: str) -> str:
    """The slug that a name suggests: lower-case letters, digits and single hyphens, 1 to 63 of
    them.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-") or "webhook"


def check_slug(text: str) -> list[Problem]:
    """What is wrong with a slug that a person chose: nothing, or one problem."""
    if re.fullmatch(SLUG, text):
        return []
    return [
        FieldProblem(
            Code.INVALID,
            "slug must be 1 to 63 lower-case letters, digits and hyphens.",
            ("slug",),
            "bad-slug",
        )
    ]
