"""The kind of fields that are text: names, descriptions, secrets. Called by the tables of fields.
Pure.
"""

import re
from dataclasses import dataclass
from typing import Final

from hookline.errors import Code
from hookline.form.kinds import REFERENCE, UNKNOWN_SECRET, Path, Schema, Validation
from hookline.form.placeholders import is_mask, unready
from hookline.text import changes_direction, is_lines, is_one_line, shows_nothing

_LOOKED_AT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Text:
    """Printable text. may_have_lines: line breaks and tabs are printable too."""

    max_length: int
    pattern: str | None = None
    form: str = ""
    """The pattern in words, as the end of "must be …"."""
    is_secret: bool = False
    is_name: bool = False
    """People tell things apart by it: something of it can be seen, and in its order."""
    may_have_lines: bool = False
    may_be_empty: bool = False
    yaml_code: str = "format"

    def check(self, value: object, at: Path, validation: Validation) -> object:
        if self.is_secret and value is UNKNOWN_SECRET:
            return value
        if not isinstance(value, str):
            return validation.refuse(at, Code.INVALID, "type", "must be text")
        if self.is_secret and (rule := _no_secret(value)):
            return validation.refuse(at, Code.INVALID, "no-value", rule)
        if not value and not self.may_be_empty:
            return validation.refuse(at, Code.REQUIRED, "missing-value", "must not be empty")
        # Before the expressions below run over it.
        if len(value) > self.max_length:
            return validation.refuse(
                at,
                Code.TOO_LONG,
                "too-long",
                f"must be at most {self.max_length:,} characters long",
            )
        if rule := self._bad_character(value):
            return validation.refuse(at, Code.INVALID, "bad-character", rule)
        if self.pattern and not re.fullmatch(self.pattern, value):
            return validation.refuse(at, Code.INVALID, self.yaml_code, f"must be {self.form}")
        return value

    def _bad_character(self, value: str) -> str | None:
        if value.startswith("\ufeff"):
            return "begins with a byte order mark (BOM): save it as UTF-8 without one"
        if not (is_lines if self.may_have_lines else is_one_line)(value):
            if is_one_line(value.rstrip("\r\n")):
                return "ends in a line break: take it away (in YAML write >- or |-, not > or |)"
            return "must not hold control characters or broken surrogates"
        if self.is_name and changes_direction(value):
            return "must not hold characters that change the direction of text"
        if self.is_name and shows_nothing(value):
            return "must have a character that can be seen"
        return None

    def schema(self) -> Schema:
        if self.is_secret:
            return {"type": "string", "pattern": REFERENCE}
        if self.pattern:
            return {
                "type": "string",
                "pattern": f"^(?:{self.pattern})$",
                "maxLength": self.max_length,
            }
        # Unquoted 0123 or true is text here, whatever an editor takes it for.
        lengths = {} if self.may_be_empty else {"minLength": 1}
        return {
            "type": ["string", "number", "boolean"],
            **lengths,
            "maxLength": self.max_length,
        }


def _no_secret(text: str) -> str | None:
    """The reason why a text is no secret: sent as it is, it would look right and never work."""
    # Before the expressions below run over it: a longer text is refused by its length.
    text = text[:_LOOKED_AT]
    if is_mask(text):
        return "is what stands for a secret where none is shown: give the value itself"
    return unready(text)
