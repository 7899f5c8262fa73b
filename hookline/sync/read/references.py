"""References to secrets in a webhooks file, `${env:NAME}` and `${file:PATH}`. Called by decoding.

Resolved where the file is read, never where it is stored. Never resolves HOOKLINE_* or anything in
HOOKLINE_HOME, and never puts a value into a message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hookline.form.kinds import UNKNOWN_SECRET
from hookline.regular_files import open_regular
from hookline.text import shown

# In this order: the escape is not a reference, and the last one finds what only looks like one.
_REFERENCE = re.compile(r"\$\$\{|\$\{(env|file):([^{}]*)\}|\$\{")
_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_MAX_SECRET_BYTES = 65_536
_FORMS = "write ${env:NAME} or ${file:PATH}; $${ stands for a literal ${"


class ReferenceRefused(Exception):
    """code, message and hint of the problem that a reference is."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class Secrets(Protocol):
    """The source of the values of secret fields."""

    def resolve(self, text: str, path: tuple[str, ...]) -> object:
        """The secret that a field's text stands for, or UNKNOWN_SECRET. path: from the document's
        root. Raises ReferenceRefused.
        """


def literal(text: str) -> str:
    """The text of a field that is no secret. Raises ReferenceRefused for a reference in it."""
    if "${" not in text:
        return text
    for found in _REFERENCE.finditer(text):
        if found[1]:
            raise ReferenceRefused(
                "reference-not-allowed", "only secret fields may hold references", _FORMS
            )
        if found[0] == "${":
            # Repeats nothing of it: a URL or a header's value may hold a secret of its own.
            raise ReferenceRefused("bad-reference", "this is not a reference", _FORMS)
    return text.replace("$${", "${")


@dataclass(slots=True)
class LocalSecrets:
    """Resolves from this process's environment and this machine's files. folder: what relative
    paths begin at; home: HOOKLINE_HOME.
    """

    environment: Mapping[str, str]
    home: Path
    folder: Path
    _values: dict[tuple[str, str], str] = field(default_factory=dict)

    def resolve(self, text: str, path: tuple[str, ...]) -> object:
        _check(text)
        return _REFERENCE.sub(self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        if not found[1]:
            return "${"
        source = (found[1], found[2])
        # Read once: thousands of webhooks may name it, and all get the same if the file changes
        # meanwhile.
        if source not in self._values:
            self._values[source] = (
                self._from_environment(found[2]) if found[1] == "env" else self._from_file(found[2])
            )
        return self._values[source]

    def _from_environment(self, name: str) -> str:
        value = self.environment.get(name)
        # As from a file: `$(cat secret)` has none, `secret=$'x\n'` one.
        value = _without_line_end(value) if value else value
        # An empty one too: GitHub Actions hands a secret that a job may not see over as an empty
        # variable.
        if not value:
            message = f"the environment variable {name} is {'empty' if value == '' else 'not set'}"
            raise ReferenceRefused(
                "env-missing", message, "set it, or plan with --unresolved-secrets"
            )
        return _usable(value, f"the environment variable {name}")

    def _from_file(self, name: str) -> str:
        try:
            # Both are resolved, so that neither `..` nor a link leads into the home folder.
            place = (self.folder / name).resolve()
            if place.is_relative_to(self.home.resolve()):
                raise ReferenceRefused(
                    "reference-not-allowed",
                    "files in HOOKLINE_HOME can't be referred to",
                    "keep the secret elsewhere",
                )
            return _usable(_content(place), f"the file {shown(name)}")
        # Before OSError, whose kinds they are.
        except (FileNotFoundError, NotADirectoryError):
            message = f"the file {shown(name)} does not exist"
            raise ReferenceRefused(
                "file-missing", message, "make it, or plan with --unresolved-secrets"
            ) from None
        # ValueError: NUL in the path, not UTF-8, too large. RuntimeError: a circle of links (Python
        # 3.11).
        except (OSError, ValueError, RuntimeError):
            message = (
                f"the file {shown(name)} can't be read as text of at most "
                f"{_MAX_SECRET_BYTES:,} bytes"
            )
            raise ReferenceRefused("unreadable", message) from None


@dataclass(frozen=True, slots=True)
class UnresolvedSecrets:
    """Resolves nothing: every secret with a well-formed reference is unknown."""

    def resolve(self, text: str, path: tuple[str, ...]) -> object:
        _check(text)
        return UNKNOWN_SECRET


@dataclass(frozen=True, slots=True)
class GivenSecrets:
    """Secrets that a command resolved and sent along. values: by path in the document."""

    values: Mapping[tuple[str, ...], str]
    may_be_unknown: bool = False

    def resolve(self, text: str, path: tuple[str, ...]) -> object:
        _check(text)
        if path in self.values:
            return self.values[path]
        if self.may_be_unknown:
            return UNKNOWN_SECRET
        raise ReferenceRefused(
            "bad-reference",
            "no value was sent for this secret",
            "send it under its path in secrets",
        )


def _check(text: str) -> None:
    """Raises ReferenceRefused unless every reference is well formed and allowed, and there is at
    least one.
    """
    references = [found for found in _REFERENCE.finditer(text) if found[0] != "$${"]
    if not references:
        raise ReferenceRefused(
            "plaintext-secret",
            "a secret must not stand in the file",
            "write ${env:NAME} or ${file:PATH}",
        )
    for found in references:
        # The message repeats nothing of the text, which may be a secret that holds ${.
        if not found[2] or (found[1] == "env" and not _NAME.fullmatch(found[2])):
            raise ReferenceRefused("bad-reference", "this is not a reference to a secret", _FORMS)
        # In any case, as the settings read them: hookline_secret_keys is the key ring too.
        if found[1] == "env" and found[2].upper().startswith("HOOKLINE_"):
            raise ReferenceRefused(
                "reference-not-allowed",
                "Hookline's own variables can't be referred to",
                "use a variable with another name",
            )


def _content(place: Path) -> str:
    """A file's text without the line end at its end. Raises OSError, ValueError."""
    with open_regular(place) as file:
        data = file.read(_MAX_SECRET_BYTES + 1)
    if len(data) > _MAX_SECRET_BYTES:
        raise ValueError("too large")
    return _without_line_end(data.decode("utf-8"))


def _without_line_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _usable(text: str, source: str) -> str:
    """The text. Raises ReferenceRefused for what editors and shells leave behind, and no secret
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
