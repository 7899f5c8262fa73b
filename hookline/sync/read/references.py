"""References in a webhooks file: `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}`. Called by
decoding. Resolved where the file is read, never where it is stored, and once: what one stands for
holds no others. Never resolves HOOKLINE_* or anything in HOOKLINE_HOME, and never puts a value into
a message.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from hookline.form.kinds import REFUSED, UNKNOWN_SECRET
from hookline.regular_files import open_regular
from hookline.sync.read.file_text import MAX_FILE_BYTES, hidden_character
from hookline.text import shown

# In this order: the escape is not a reference, and the last one finds what only looks like one.
_BEGINNING: Final = re.compile(r"\$\{(?:env|file):")
_REFERENCE = re.compile(r"\$\$\{|\$\{(env|file):([^{}]*)\}|\$\{")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_MAX_VALUE_BYTES: Final = 65_536
_FORMS = "write ${env:NAME}, ${env:NAME:-default} or ${file:PATH}; $${ stands for a literal ${"
_DEFAULT: Final = ":-"


class ReferenceRefused(Exception):
    """code, message and hint of the problem that a reference is."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class References(Protocol):
    """The source of what references stand for. Both raise ReferenceRefused."""

    def secret(self, text: str, path: tuple[str, ...]) -> object:
        """The secret that a field's text stands for, or UNKNOWN_SECRET. path: from the document's
        root.
        """

    def text(self, text: str) -> object:
        """The text of a field that is no secret, or REFUSED where nothing is looked up."""


def escaped(text: str) -> str:
    """The text as a file writes it, so that nothing in it is taken for a reference."""
    return text.replace("${", "$${")


def _literal(text: str) -> str:
    return text.replace("$${", "${")


@dataclass(slots=True)
class Room:
    """Characters that references may still stand for: as many as a file may have. Shared by the
    files of a set; thousands of webhooks may repeat a reference to a long text.
    """

    characters: int = MAX_FILE_BYTES

    def take(self, count: int) -> None:
        """Raises ReferenceRefused."""
        self.characters -= count
        if self.characters < 0:
            message = f"references stand for more than {MAX_FILE_BYTES:,} characters"
            raise ReferenceRefused("too-long", message, "refer to shorter texts")


@dataclass(slots=True)
class LocalReferences:
    """Resolves from this process's environment and this machine's files. folder: of the webhooks
    file, what relative paths begin at; home: HOOKLINE_HOME.
    """

    environment: Mapping[str, str]
    home: Path
    folder: Path
    room: Room = field(default_factory=Room)
    _values: dict[tuple[str, str], str] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _secrets: set[str] = field(default_factory=set)

    def secret(self, text: str, path: tuple[str, ...]) -> object:
        # Once, of the one text that thousands of webhooks repeat.
        if text not in self._secrets:
            _check_secret(text)
            self._secrets.add(text)
        return self._resolved(text)

    def text(self, text: str) -> object:
        if "${" not in text:
            return text
        for _ in _checked(text):
            pass
        # An editor's line ends are those of YAML, which knows but one.
        value = self._resolved(text).replace("\r\n", "\n")
        # Not of the typed text around them, which may hold such a character as an escape.
        for reference in _REFERENCE.finditer(text):
            if reference[1]:
                self._check_characters(self._values[reference[1], reference[2]])
        return value

    def _check_characters(self, value: str) -> None:
        if found := hidden_character(value.replace("\r\n", "\n")):
            raise ReferenceRefused(
                "bad-character",
                f"what this stands for holds the character U+{ord(found[0][0]):04X}",
                "remove it where the value is kept",
            )

    def _resolved(self, text: str) -> str:
        # One text for all webhooks that repeat it.
        if text not in self._texts:
            self._texts[text] = _REFERENCE.sub(self._value, text)
        return self._texts[text]

    def _value(self, found: re.Match[str]) -> str:
        if not found[1]:
            return "${"
        source = (found[1], found[2])
        # Read once: thousands of webhooks may name it, and all get the same if the file changes
        # meanwhile.
        if source not in self._values:
            value = (
                self._from_environment(found[2]) if found[1] == "env" else self._from_file(found[2])
            )
            # Of a secret too: nobody's password is one, and a loop of files begins like this.
            if (begin := _BEGINNING.search(value)) and "}" in value[begin.end() :]:
                raise ReferenceRefused(
                    "bad-reference",
                    "what this stands for holds a reference itself, which is not looked up",
                    "refer to what that one stands for",
                )
            self._values[source] = value
        self.room.take(len(self._values[source]))
        return self._values[source]

    def _from_environment(self, reference: str) -> str:
        name, has_default, default = reference.partition(_DEFAULT)
        value = self.environment.get(name)
        # As from a file: `$(cat secret)` has none, `secret=$'x\n'` one.
        value = _without_line_end(value) if value else value
        # An empty one too: GitHub Actions hands a secret that a job may not see over as an empty
        # variable.
        if not value and has_default:
            return default
        if not value:
            message = f"the environment variable {name} is {'empty' if value == '' else 'not set'}"
            raise ReferenceRefused("env-missing", message, "set it where the command runs")
        if len(value) > _MAX_VALUE_BYTES:
            message = (
                f"the environment variable {name} has more than {_MAX_VALUE_BYTES:,} characters"
            )
            raise ReferenceRefused("too-long", message)
        return _usable(value, f"the environment variable {name}")

    def _from_file(self, name: str) -> str:
        try:
            return _usable(_content(self._place(name)), f"the file {shown(name)}")
        # Before OSError, whose kinds they are.
        except (FileNotFoundError, NotADirectoryError):
            message = f"the file {shown(name)} does not exist"
            raise ReferenceRefused(
                "file-missing", message, "make it where the command runs"
            ) from None
        # ValueError: NUL in the path, not UTF-8, too large. RuntimeError: a circle of links (Python
        # 3.11).
        except (OSError, ValueError, RuntimeError):
            message = (
                f"the file {shown(name)} can't be read as text of at most "
                f"{_MAX_VALUE_BYTES:,} bytes"
            )
            hint = "refer to a file of UTF-8 text of that size, which the command may read"
            raise ReferenceRefused("unreadable", message, hint) from None

    def _place(self, name: str) -> Path:
        """The file behind all links. Raises ReferenceRefused where it is none to refer to."""
        # Both are resolved, so that neither `..` nor a link leads into the home folder.
        place = (self.folder / name).resolve()
        if place.is_relative_to(self.home.resolve()):
            raise ReferenceRefused(
                "reference-not-allowed",
                "files in HOOKLINE_HOME can't be referred to",
                "keep the value elsewhere",
            )
        # A path that leaves the folder is seen in a review, a link that does so is not.
        folder = Path(os.path.abspath(self.folder))
        is_inside = Path(os.path.normpath(folder / name)).is_relative_to(folder)
        if is_inside and not place.is_relative_to(folder.resolve()):
            raise ReferenceRefused(
                "reference-not-allowed",
                f"the file {shown(name)} is a link out of the folder of the webhooks file",
                "name the path that it leads to",
            )
        return place


@dataclass(frozen=True, slots=True)
class UnresolvedReferences:
    """Leaves every secret with a well-formed reference unknown. local: resolves the other texts;
    without it they are passed over.
    """

    local: LocalReferences | None = None

    def secret(self, text: str, path: tuple[str, ...]) -> object:
        _check_secret(text)
        return UNKNOWN_SECRET

    def text(self, text: str) -> object:
        if self.local is not None:
            return self.local.text(text)
        has_reference = "${" in text and any(True for _ in _checked(text))
        return REFUSED if has_reference else _literal(text)


@dataclass(frozen=True, slots=True)
class GivenReferences:
    """Secrets that a command resolved and sent along. values: by path in the document."""

    values: Mapping[tuple[str, ...], str]
    may_be_unknown: bool = False
    _checked: set[str] = field(default_factory=set)

    def secret(self, text: str, path: tuple[str, ...]) -> object:
        # Once, of the one text that thousands of webhooks repeat.
        if text not in self._checked:
            _check_secret(text)
            self._checked.add(text)
        if path in self.values:
            return self.values[path]
        if self.may_be_unknown:
            return UNKNOWN_SECRET
        raise ReferenceRefused(
            "bad-reference",
            "no value was sent for this secret",
            "send it under its path in secrets",
        )

    def text(self, text: str) -> object:
        if "${" in text:
            for _ in _checked(text):
                raise ReferenceRefused(
                    "reference-not-allowed",
                    "a server looks up no references, and leaves those of secrets alone",
                    "type what it stands for, or use the command hookline sync, which looks it up; "
                    "$${ is a literal ${",
                )
        return _literal(text)


def _check_secret(text: str) -> None:
    """Raises ReferenceRefused unless every reference is well formed and allowed, and there is at
    least one.
    """
    count = 0
    for found in _checked(text):
        count += 1
        if found[1] == "env" and _DEFAULT in found[2]:
            raise ReferenceRefused(
                "plaintext-secret",
                "a secret has no default, which would stand in the file",
                "write ${env:NAME} or ${file:PATH}",
            )
    if not count:
        raise ReferenceRefused(
            "plaintext-secret",
            "a secret must not stand in the file",
            "write ${env:NAME} or ${file:PATH}",
        )


def _checked(text: str) -> Iterator[re.Match[str]]:
    """The references of a text. Raises ReferenceRefused for one that is not well formed or not
    allowed.
    """
    for found in _REFERENCE.finditer(text):
        if found[0] == "$${":
            continue
        name = (found[2] or "").partition(_DEFAULT)[0] if found[1] == "env" else found[2]
        # The message repeats nothing of the text: a secret may hold ${, and a URL a secret.
        if not name or (found[1] == "env" and not _NAME.fullmatch(name)):
            raise ReferenceRefused("bad-reference", "this is not a reference", _FORMS)
        # In any case, as the settings read them: hookline_secret_keys is the key ring too.
        if found[1] == "env" and name.upper().startswith("HOOKLINE_"):
            raise ReferenceRefused(
                "reference-not-allowed",
                "Hookline's own variables can't be referred to",
                "use a variable with another name",
            )
        yield found


def _content(place: Path) -> str:
    """A file's text without the line end at its end. Raises OSError, ValueError."""
    with open_regular(place) as file:
        data = file.read(_MAX_VALUE_BYTES + 1)
    if len(data) > _MAX_VALUE_BYTES:
        raise ValueError("too large")
    return _without_line_end(data.decode("utf-8"))


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _usable(text: str, source: str) -> str:
    """The text. Raises ReferenceRefused for what editors and shells leave behind, and no value
    has.
    """
    if text.startswith("\ufeff"):
        raise ReferenceRefused(
            "bad-character", f"{source} begins with a byte order mark (BOM)", "save it without one"
        )
    if text.endswith(("\n", "\r")):
        raise ReferenceRefused(
            "bad-character", f"{source} ends in several line breaks", "keep one at most"
        )
    return text
