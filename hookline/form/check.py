"""Checks of a webhook's input by the table of fields: new webhooks, changes, the whole form, slugs.

Pure: no database, no clock; whatever is wrong is a problem in the answer, all of an input at once.
Never puts a secret into a message.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from copy import deepcopy
from typing import Final

from hookline.errors import Code, Problem
from hookline.form.codecs import SealedPair
from hookline.form.kinds import REFUSED, Bounds, FieldProblem, Path, Validation
from hookline.form.webhook_fields import DEFAULTS, FIELDS
from hookline.form.webhook_kinds import sources_of_header
from hookline.outbound.signing import HMAC_SHA256, algorithm_of
from hookline.outbound.templates import JSON

SLUG: Final = "[a-z0-9-]{1,63}"


def _is_given(name: str, value: object) -> bool:
    """True when the value counts: None does only where it is a value."""
    return value is not None or (name in FIELDS and FIELDS[name].may_be_null)


def check_create(
    values: Mapping[str, object], bounds: Bounds
) -> tuple[dict[str, object], list[Problem]]:
    """The canonical form of a new webhook, defaults filled in, and all that is wrong with it (then
    the form is not complete).

    values: by the API's field names; None counts as left out, except where it is a value.
    `signingSecret` is absent when it was not given.
    """
    given = {name: value for name, value in values.items() if _is_given(name, value)}
    canonical, found = check_given(given, bounds)
    problems: list[Problem] = [problem for problem in found if not problem.is_warning]
    # A copy, as lists of the defaults would be shared by all webhooks. Checked as a whole even
    # after problems, so that all are told at once.
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
    given = {name: value for name, value in values.items() if _is_given(name, value)}
    canonical, found = check_given(given, bounds)
    problems: list[Problem] = [problem for problem in found if not problem.is_warning]
    # A null goes back to the default, but for a field whose null is a value (autoDisable).
    cleared = [name for name in values if name in FIELDS and name not in given]
    for name in cleared:
        if FIELDS[name].is_required:
            message = f"{name} must not be null; leave it out to keep it."
            problems.append(FieldProblem(Code.REQUIRED, message, (name,), "required"))
        elif name in DEFAULTS:
            canonical[name] = deepcopy(DEFAULTS[name])
    return canonical, problems


def check_given(
    values: Mapping[str, object], bounds: Bounds
) -> tuple[dict[str, object], list[FieldProblem]]:
    """Canonical values of the given fields alone (refused ones are absent), and all problems and
    warnings. None only where it is a value.
    """
    validation = Validation(bounds)
    checked = {
        name: row.kind.check(values[name], (name,), validation)
        # In the table's order: problems come in the same order whatever the input's.
        for name, row in FIELDS.items()
        if name in values
    }
    return {
        name: value for name, value in checked.items() if value is not REFUSED
    }, validation.problems


def missing(values: Mapping[str, object]) -> list[FieldProblem]:
    """A problem for each required field that is not among the values."""
    names = [
        row.name for row in FIELDS.values() if row.is_required and values.get(row.name) is None
    ]
    return [
        FieldProblem(Code.REQUIRED, f"{name} is required.", (name,), "required") for name in names
    ]


def check_whole(webhook: Mapping[str, object], given: Collection[str] = ()) -> list[FieldProblem]:
    """Problems that only the whole canonical form shows: two sources of a header, credentials
    without their secret, a secret of another algorithm.

    given: fields of the change, at which a conflict with what is stored is told.
    """
    return [
        *_lacking_secrets(webhook),
        *_lacking_values(webhook),
        *_mismatched(webhook),
        *_repeated_headers(webhook, given),
    ]


def _lacking_secrets(webhook: Mapping[str, object]) -> list[FieldProblem]:
    pairs = [(row.name, row.codec) for row in FIELDS.values() if isinstance(row.codec, SealedPair)]
    return [
        FieldProblem(
            Code.REQUIRED,
            f"{name}.{codec.secret_key} is required.",
            (name, codec.secret_key),
            "required",
        )
        for name, codec in pairs
        if isinstance(record := webhook.get(name), Mapping) and codec.secret_key not in record
    ]


def _lacking_values(webhook: Mapping[str, object]) -> list[FieldProblem]:
    """Problems of headers that keep a stored value where none is stored."""
    headers = webhook.get("headers")
    return [
        FieldProblem(
            Code.REQUIRED,
            f"headers[{place}].value is required: no header {header['name']} is stored whose value "
            "could stay.",
            ("headers", str(place), "value"),
            "required",
        )
        for place, header in enumerate(headers if isinstance(headers, list) else [])
        if "value" not in header
    ]


def _mismatched(webhook: Mapping[str, object]) -> list[FieldProblem]:
    """Problems of two fields that don't fit each other."""
    problems = []
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
    return problems


def _repeated_headers(webhook: Mapping[str, object], given: Collection[str]) -> list[FieldProblem]:
    problems, taken = [], dict[str, Path]()
    for name, at in sources_of_header(webhook):
        other = taken.setdefault(name.lower(), at)
        # By source: two of `headers` alone are told by their own kind, at their item.
        if other[0] != at[0]:
            if at[0] not in given and other[0] in given:
                at, other = other, at
            message = (
                f"{at[0]} sets the header {name}, which {other[0]} sets too; keep one of them."
            )
            problems.append(FieldProblem(Code.INVALID, message, at, "duplicate-header"))
    return problems


def slug_of(name: str) -> str:
    """The slug that a name suggests: lower-case letters, digits and single hyphens, 1 to 63 of
    them.
    """
    # NFKD takes accents off their letters, so that Café becomes cafe.
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    # Cut to 63, what stands at the end may be a hyphen again.
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-") or "webhook"


def check_slug(text: str) -> list[Problem]:
    """Problems of a slug that a person chose: none, or one."""
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
