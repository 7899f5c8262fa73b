"""The file's own keys, beside the fields of webhooks: version, set, policy, moves, and the
lifecycle of a webhook. Read by document and json_schema. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hookline.errors import Code
from hookline.form.check import SLUG
from hookline.form.kinds import (
    Choice,
    FieldKind,
    Flag,
    ListOf,
    Number,
    Path,
    Record,
    RecordField,
    Schema,
    Validation,
)
from hookline.form.text_kind import Text
from hookline.form.webhook_fields import FIELDS
from hookline.sync.policy import DriftPolicy, FilePolicy, Prune
from hookline.sync.read.problems import Position

_AMOUNT: Final = re.compile(r"(0|[1-9][0-9]{0,5})(%?)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of webhooks, or a share of the set's as `25%`; canonical as int or text."""

    def check(self, value: object, at: Path, validation: Validation) -> object:
        found = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            rule = "must be a whole number such as 10, or a percentage such as 25%"
            return validation.refuse(at, Code.INVALID, "format", rule)
        number, percent = int(found[1]), found[2]
        if percent and number > 100:
            return validation.refuse(at, Code.OUT_OF_RANGE, "range", "must be at most 100%")
        return f"{number}%" if percent else number

    def schema(self) -> Schema:
        return {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 999_999},
                {"type": "string", "pattern": "^(?:[0-9]|[1-9][0-9]|100)%$"},
            ]
        }


@dataclass(frozen=True, slots=True)
class FileField:
    """One of the file's own keys, beside the webhooks and their defaults."""

    kind: FieldKind
    description: str
    is_required: bool = False
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A webhook's wishes about its own changes. ignored: fields that the file gives a new webhook
    and then leaves to people.
    """

    prevents_destroy: bool = False
    ignored: frozenset[str] = frozenset()

    @property
    def content(self) -> dict[str, Any]:
        """The lifecycle as the file spells it, under its key; empty for the default one."""
        if not self.prevents_destroy and not self.ignored:
            return {}
        parts = {"preventDestroy": self.prevents_destroy, "ignoreChanges": sorted(self.ignored)}
        return {"lifecycle": {name: part for name, part in parts.items() if part}}


@dataclass(frozen=True, slots=True)
class Move:
    """A new slug for a webhook that the set has."""

    source: str
    target: str
    position: Position


NO_LIFECYCLE: Final = Lifecycle()
_POLICY: Final = Record(
    (
        RecordField(
            "prune",
            Choice(tuple(word.lower() for word in Prune)),
            "What happens to a webhook that is taken out of the file: disable turns it off, delete "
            "deletes it, keep leaves it to people as it is. Default: disable.",
            is_required=False,
        ),
        RecordField(
            "onDrift",
            Choice(tuple(word.lower() for word in DriftPolicy)),
            "What happens to a field that was changed by hand: block the apply, overwrite it with "
            "the file's value, or keep it. Default: block.",
            is_required=False,
        ),
        RecordField(
            "maxRemovals",
            Amount(),
            "How many webhooks one apply may disable or delete since they left the file: a number, "
            "or a percentage of the set's webhooks, rounded down. Default: 10.",
            is_required=False,
        ),
    )
)
_SLUG: Final = Text(
    63, SLUG, "1 to 63 lower-case letters, digits and hyphens", yaml_code="bad-slug"
)
FILE_FIELDS: Final = {
    "version": FileField(Number(1, 1), "The version of this format: 1.", is_required=True),
    "set": FileField(
        _SLUG,
        "The name of what this file owns.",
        default="default",
    ),
    "moved": FileField(
        ListOf(
            Record(
                (
                    RecordField("from", _SLUG, "The slug that the webhook had."),
                    RecordField("to", _SLUG, "The slug that it has in this file."),
                )
            ),
            0,
            10_000,
        ),
        "Webhooks that have another slug from now on, and stay the same ones.",
    ),
    "policy": FileField(
        _POLICY,
        "Limits of what an apply may do by itself. Of this and the one applied last, the stricter "
        "counts.",
    ),
}
LIFECYCLE: Final = FileField(
    Record(
        (
            RecordField(
                "preventDestroy",
                Flag(),
                "True to block an apply that would disable or delete the webhook since it left the "
                "file. Default: false.",
                is_required=False,
            ),
            RecordField(
                "ignoreChanges",
                ListOf(Choice(tuple(FIELDS)), 0, len(FIELDS), is_set=True),
                "Fields that a new webhook gets from the file and that people may change then.",
                is_required=False,
            ),
        )
    ),
    "Limits of what an apply may do to this webhook. Belongs to the file alone.",
)


def policy_of(checked: object) -> FilePolicy:
    """The policy of a value that its kind has accepted."""
    if not isinstance(checked, Mapping):
        return FilePolicy()
    prune, on_drift = checked.get("prune"), checked.get("onDrift")
    return FilePolicy(
        Prune[str(prune).upper()] if prune else None,
        DriftPolicy[str(on_drift).upper()] if on_drift else None,
        checked.get("maxRemovals"),
    )


def lifecycle_of(checked: object) -> Lifecycle:
    """The lifecycle of a value that its kind has accepted."""
    if not isinstance(checked, Mapping):
        return NO_LIFECYCLE
    ignored = checked.get("ignoreChanges") or ()
    return Lifecycle(checked.get("preventDestroy") is True, frozenset(ignored))
