"""The table of a webhooks file's own keys, beside the fields of a webhook. Called by document and
schema.
"""

from dataclasses import dataclass
from typing import Final

from hookline.form.check import SLUG
from hookline.form.fields import FIELDS
from hookline.form.kinds import Choice, Flag, Kind, Listing, Number, Part, Record, Text


@dataclass(frozen=True, slots=True)
class FileField:
    """One key of the file. is_available False: refused, because a later release brings it."""

    name: str
    kind: Kind
    description: str
    is_required: bool = False
    default: object = None
    is_available: bool = True


_slug = Text(63, SLUG, "1 to 63 lower-case letters, digits and hyphens", kind="bad-slug")
_optional_policies = (
    Part(
        "prune",
        Choice(("disable", "delete", "keep")),
        "What happens to a webhook that is taken out.",
        is_required=False,
    ),
    Part(
        "onDrift",
        Choice(("block", "overwrite", "keep")),
        "What happens to a field that was changed by hand.",
        is_required=False,
    ),
    Part(
        "maxRemovals",
        Text(7, "[0-9]{1,6}%?", "a number or a percentage"),
        "How many webhooks a plan may remove.",
        is_required=False,
    ),
)
_move = Record((Part("from", _slug, "The slug so far."), Part("to", _slug, "The new slug.")))

_rows = (
    FileField("version", Number(1, 1), "The version of this format: 1.", is_required=True),
    FileField("set", _slug, "The name of what this file owns.", default="default"),
    FileField(
        "policy", Record(_optional_policies), "Limits of what a plan may do.", is_available=False
    ),
    FileField(
        "moved", Listing(_move, 0, 10_000), "Webhooks whose slug has changed.", is_available=False
    ),
)

FILE_FIELDS: Final = {row.name: row for row in _rows}

_lifecycle_parts = (
    Part(
        "preventDestroy", Flag(), "Refuse every plan that removes this webhook.", is_required=False
    ),
    Part(
        "ignoreChanges",
        Listing(Choice(tuple(FIELDS)), 0, 100),
        "Fields that people may change by hand.",
        is_required=False,
    ),
)
LIFECYCLE: Final = FileField(
    "lifecycle", Record(_lifecycle_parts), "Protection of one webhook.", is_available=False
)
WEBHOOK_FIELDS: Final = {
    **{
        name: FileField(name, row.kind, row.reference, row.is_required, row.default)
        for name, row in FIELDS.items()
    },
    "lifecycle": LIFECYCLE,
}
"""What a webhook in YAML may say: the fields of a webhook, and what only YAML has."""
