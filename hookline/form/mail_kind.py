"""The kind of fields that hold mail addresses. Called by the table of fields. Pure."""

from dataclasses import dataclass
from typing import Final

from hookline.errors import Code
from hookline.form.kinds import REFUSED, Path, Schema, Validation
from hookline.form.mail_addresses import Piece, shown, split_addresses
from hookline.form.text_kind import Text

_LONGEST_ADDRESS = 254
_LONGEST_TEXT = 8_000
"""Twenty addresses with names, and some."""
_MOST_ITEMS: Final = 1_000
_LONGEST_LIST: Final = 16_000
_emails_text = Text(_LONGEST_TEXT, may_be_empty=True)


@dataclass(frozen=True, slots=True)
class Emails:
    """A list of mail addresses, or of several in one text, as people paste them. The order is kept;
    repeats, in any case, go, and so do the names of their owners.
    """

    high: int

    def check(self, value: object, at: Path, validation: Validation) -> object:
        if not isinstance(value, list | tuple):
            return validation.refuse(at, Code.INVALID, "type", "must be a list of mail addresses")
        # Before each is looked at: 2 MiB of one address again and again take 1.1 s.
        length = sum(len(item) + 1 for item in value if isinstance(item, str))
        if len(value) > _MOST_ITEMS or length > _LONGEST_LIST:
            return validation.refuse(
                at,
                Code.TOO_LONG,
                "too-long",
                f"must have at most {_MOST_ITEMS:,} items, of {_LONGEST_LIST:,} characters in all",
            )
        found, before = dict[str, str](), len(validation.problems)
        for place, item in enumerate(value):
            # REFUSED was told of where it was read.
            for piece in () if item is REFUSED else _pieces(item, (*at, str(place)), validation):
                address = self._check_one(piece, (*at, str(place)), validation)
                # Of a long text that is no list at all the first faults tell enough.
                if len(validation.problems) - before > self.high:
                    return REFUSED
                if isinstance(address, str):
                    # The first spelling stays: the part before the @ may be told apart by case.
                    found.setdefault(address.lower(), address)
        if len(found) > self.high:
            return validation.refuse(
                at, Code.TOO_MANY, "too-many", f"must have at most {self.high} addresses"
            )
        return (
            REFUSED
            if REFUSED in value or len(validation.problems) > before
            else list(found.values())
        )

    def _check_one(self, piece: Piece, at: Path, validation: Validation) -> object:
        address = piece.address
        if address is None:
            return validation.refuse(
                at,
                Code.INVALID,
                "bad-email",
                f"must hold mail addresses; {shown(piece.text)} is none: {piece.fault}",
            )
        if len(address) > _LONGEST_ADDRESS:
            return validation.refuse(
                at,
                Code.TOO_LONG,
                "too-long",
                f"must hold addresses of at most {_LONGEST_ADDRESS} characters, and this is "
                f"longer: {shown(address)}",
            )
        domains = validation.bounds.mail_domains
        if domains and address.rpartition("@")[2].lower() not in domains:
            return validation.refuse(
                at,
                Code.NOT_ALLOWED,
                "mail-domain",
                f"must be an address at {', '.join(domains)}: mail goes nowhere else here",
            )
        return address

    def schema(self) -> Schema:
        return {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "array",
                    "items": {"type": "string", "maxLength": _LONGEST_TEXT},
                    "maxItems": self.high,
                },
            ]
        }


def _pieces(item: object, at: Path, validation: Validation) -> list[Piece]:
    # Blanks around it are nobody's fault, a line break in it is told.
    text = item.strip() if isinstance(item, str) else item
    checked = _emails_text.check(text, at, validation)
    return split_addresses(checked) if isinstance(checked, str) else []
