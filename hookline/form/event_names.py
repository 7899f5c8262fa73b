"""Names of event types and the patterns that webhooks match them by: object.model.action, each part
1 to 64 lower-case letters, digits, - and _; in a pattern * stands for any one part. Called by the
form, by publishing and by event types. Pure.
"""

import re
from collections.abc import Callable
from itertools import product
from typing import Final

from hookline.text import shown

PART: Final = "[a-z0-9][a-z0-9_-]{0,63}"
TYPE: Final = re.compile(rf"{PART}(?:\.{PART}){{2}}")
PATTERN: Final = re.compile(rf"(?:\*|{PART})(?:\.(?:\*|{PART})){{2}}")
PART_LENGTH: Final = 64
_GUESSED_LENGTH: Final = 1_000
_PART: Final = re.compile(PART)
_ORDINALS: Final = ("first", "second", "third")


def pattern_test(pattern: str) -> Callable[[str], bool]:
    """The test of whether a type matches a pattern."""
    wanted = re.compile(re.escape(pattern).replace(r"\*", "[^.]+"))
    return lambda event_type: wanted.fullmatch(event_type) is not None


def patterns_of(event_type: str) -> list[str]:
    """The eight patterns that match a type: each of its parts or *."""
    return [".".join(parts) for parts in product(*((part, "*") for part in event_type.split(".")))]


def type_fault(text: str) -> str | None:
    """The end of a sentence about a text that is no event type, such as "has 2 parts, …"; None for
    one that is.
    """
    return None if TYPE.fullmatch(text) else _fault(text, is_pattern=False)


def pattern_fault(text: str) -> str | None:
    """As `type_fault`, of a pattern."""
    return None if PATTERN.fullmatch(text) else _fault(text, is_pattern=True)


def _fault(text: str, is_pattern: bool) -> str:
    # 4 MiB would be looked at for 0.3 s, to guess what was meant.
    if len(text) > _GUESSED_LENGTH:
        return f"is {len(text):,} characters long: three parts of at most {PART_LENGTH} may be"
    parts = text.split(".")
    good = _nearest(parts, is_pattern)
    if len(parts) != 3:
        count = f"{len(parts)} part{'s' if len(parts) > 1 else ''}" if text else "no part"
        return f"has {count}, and must have three, object.model.action, such as {good}"
    place, part = next(
        (place, part) for place, part in enumerate(parts) if not _is_good(part, is_pattern)
    )
    return f"has a {_ORDINALS[place]} part that {_part_fault(part, is_pattern)}. Write {good}"


def _part_fault(part: str, is_pattern: bool) -> str:
    if not part:
        return "is empty"
    if "*" in part:
        return (
            "has * beside other characters: * stands for a whole part"
            if is_pattern
            else "has *, which only the patterns of webhooks may have"
        )
    if len(part) > PART_LENGTH:
        return f"is {len(part):,} characters long: at most {PART_LENGTH} may be"
    if not re.match("[a-z0-9]", part[0].lower()):
        return f"begins with {shown(part[0])}: it must begin with a letter or digit"
    if part != part.lower() and _PART.fullmatch(part.lower()):
        return "has capital letters"
    wrong = next(character for character in part.lower() if not re.match("[a-z0-9_-]", character))
    return f"has the character {shown(wrong)}: letters, digits, - and _ may be"


def _is_good(part: str, is_pattern: bool) -> bool:
    return _PART.fullmatch(part) is not None or (is_pattern and part == "*")


def _nearest(parts: list[str], is_pattern: bool) -> str:
    """A name that would pass, as near as one can guess."""
    made = [_mended(part, is_pattern) for part in parts[:PART_LENGTH]]
    made = [part for part in made if part]
    if is_pattern:
        made += ["*"] * (3 - len(made))
    elif len(made) == 1:
        made = ["shop", *made, "created"]
    else:
        made = [*("billing", "invoice", "paid")[: max(0, 3 - len(made))], *made]
    # More than three: what is behind the second belongs together.
    rest = "_".join(part for part in made[2:] if part != "*") or "*"
    return ".".join([*made[:2], rest[:PART_LENGTH]])


def _mended(part: str, is_pattern: bool) -> str:
    if is_pattern and "*" in part:
        return "*"
    plain = re.sub("[^a-z0-9_-]+", "-", part.lower().replace("*", ""))
    return plain.strip("_-")[:PART_LENGTH]
