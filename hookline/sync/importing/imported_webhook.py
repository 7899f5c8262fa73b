"""One webhook of another product on its way into a webhooks file. Called by the formats; each value
is checked by the table of fields, so that the file passes `hookline sync validate`. Pure; a secret
becomes a reference, whatever the file says.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from hookline.form.check import slug_of
from hookline.form.kinds import REFUSED, Bounds, Validation
from hookline.form.placeholders import unready
from hookline.form.webhook_fields import FIELDS
from hookline.form.webhook_kinds import is_sensitive_header
from hookline.outbound.addresses import AddressPolicy, HeaderRefused, check_header
from hookline.sync.export import yaml_text
from hookline.sync.export.variables import Variable, VariableNames
from hookline.sync.importing.event_types import EVERY, pattern_of
from hookline.sync.importing.foreign import ForeignValue
from hookline.text import shown

# Which private addresses may be sent to is for a server to say.
_BOUNDS: Final = Bounds((), AddressPolicy((ip_network("0.0.0.0/0"), ip_network("::/0"))))
_VARIABLE: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_SECRET_WORDS: Final = ("pass", "token", "secret", "key", "sig")
_KEY_SIGNS: Final = re.compile("[^a-z0-9._/-]+")
_MOST_HEADERS, _MOST_LABELS, _MOST_EVENTS = 20, 20, 100
Convert = Callable[[str], str | None]
"""A text with its variables as references of ours; None for one without variables."""


class Slugs:
    """Slugs of the file, each given once."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """The slug that a name suggests, with a number where it is another webhook's."""
        slug = base = slug_of(name)
        while slug in self._taken:
            self._counts[base] = number = self._counts.get(base, 1) + 1
            slug = f"{base[: 62 - len(str(number))]}-{number}"
        self._taken.add(slug)
        return slug


class ImportedWebhook:
    """A webhook, and the place that it comes from."""

    def __init__(self, slug: str, at: ForeignValue) -> None:
        self.slug, self._at = slug, at
        self._names = VariableNames(slug)
        self._fields: dict[str, Any] = {}
        self._events: dict[str, str] = {}
        self._headers: dict[str, str] = {}
        self._labels: dict[str, str] = {}

    @property
    def variables(self) -> list[Variable]:
        return self._names.variables

    def put(self, name: str, value: object, part: ForeignValue) -> None:
        """Sets a field of the file; a value that it refuses is left out with the reason."""
        if isinstance(value, str) and (reason := unready(value)):
            part.leave_out(f"{reason.partition(':')[0]}, which no file may")
            return
        validation = Validation(_BOUNDS)
        checked = FIELDS[name].kind.check(value, (name,), validation)
        if checked is REFUSED:
            part.leave_out(validation.problems[0].message.rstrip("."))
        else:
            self._fields[name] = yaml_text.literal(checked)

    def put_url(self, part: ForeignValue, convert: Convert) -> None:
        text = part.text()
        if text is None:
            return
        if reference := convert(text):
            self._fields["url"] = reference
            return
        self.put("url", text.strip(), part)
        names = (pair.partition("=")[0].lower() for pair in text.partition("?")[2].split("&"))
        if any(word in name for name in names for word in _SECRET_WORDS):
            part.change("is copied with a parameter that may be a secret: put ${env:NAME} there")

    def add_signing_secret(self) -> None:
        """Asks for the secret that receivers verify with."""
        self._fields["signingSecret"] = self._names.reference("SIGNING_SECRET", "signingSecret")

    def add_event(self, name: str, part: ForeignValue) -> str:
        """Adds an event type, and returns its pattern; a name of another form is told of."""
        pattern = pattern_of(name)
        other = self._events.get(pattern)
        if other is None and len(self._events) == _MOST_EVENTS:
            part.leave_out(f"is one of more than {_MOST_EVENTS} event types: use a pattern")
            return pattern
        if other not in (None, name):
            part.change(f"{shown(name)} and {shown(other or '')} are both {pattern} now")
        elif pattern != name:
            part.change(f"the event type {shown(name)} is {pattern} now")
        self._events.setdefault(pattern, name)
        return pattern

    def add_every_event(self) -> None:
        self._events.setdefault(EVERY, EVERY)

    def variable(self, name: str, path: str, part: ForeignValue) -> str:
        """A reference to a variable of the file, under its own name where that may be."""
        if _VARIABLE.fullmatch(name) and not name.upper().startswith("HOOKLINE_"):
            return self._names.known(name, path)
        renamed = self._names.reference("VALUE", path)
        part.change(f"the variable {shown(name)} is {renamed[6:-1]} now")
        return renamed

    def add_header(
        self, name: str, value: str, part: ForeignValue, reference: str | None = None
    ) -> None:
        """Adds a header. reference: stands for its value, in place of `value`."""
        taken = {one.lower() for one in (*self._headers, *self._secret_header())}
        is_secret = is_sensitive_header(name)
        try:
            check_header(name, "" if is_secret or reference else value)
        except HeaderRefused as refused:
            part.leave_out(str(refused).rstrip("."))
            return
        if name.lower() in taken or len(self._headers) == _MOST_HEADERS:
            reason = "is given twice" if name.lower() in taken else "is one too many: 20 may be"
            part.leave_out(reason)
        elif fault := None if is_secret or reference else unready(value):
            part.leave_out(f"{fault.partition(':')[0]}, which no file may")
        elif reference and not is_secret and "secretHeader" not in self._fields:
            # Kept out of the file it came from, so it is to be shown in no plan.
            self._fields["secretHeader"] = {"name": name, "value": reference}
        elif reference:
            self._headers[name] = reference
            if not is_secret:
                part.change("is shown in plans, as one header alone may be the secret one")
        elif is_secret:
            self._headers[name] = self._names.header(name)
        else:
            self._headers[name] = str(yaml_text.literal(value))

    def _secret_header(self) -> Iterator[str]:
        if "secretHeader" in self._fields:
            yield self._fields["secretHeader"]["name"]

    def add_label(self, key: str, part: ForeignValue) -> None:
        text = part.text()
        plain = _KEY_SIGNS.sub("-", key.lower()).lstrip("._/-")[:63]
        if text is None:
            return
        if reason := unready(text):
            part.leave_out(f"{reason.partition(':')[0]}, which no file may")
        elif plain in self._labels or len(self._labels) == _MOST_LABELS:
            part.leave_out(
                f"becomes the label {plain} as another one does"
                if plain in self._labels
                else f"is one of more than {_MOST_LABELS} labels"
            )
        elif reason := _label_fault(plain, text):
            part.leave_out(reason)
        else:
            self._labels[plain] = str(yaml_text.literal(text))
            if plain != key:
                part.change(f"is the label {plain} now")

    def content(self) -> dict[str, Any] | None:
        """The fields as the file has them; None, with the reason noted, where it can have none."""
        if "url" not in self._fields:
            self._at.refuse("is not written, as it has no URL that a webhook may have")
            return None
        if not self._events:
            self._at.refuse("is not written, as it has no event types")
            return None
        found = {**self._fields, "events": sorted(self._events)}
        if self._headers:
            found["headers"] = self._headers
        if self._labels:
            found["labels"] = dict(sorted(self._labels.items()))
        # The name is the slug when it is left out.
        if found.get("name") == self.slug:
            del found["name"]
        return {name: found[name] for name in FIELDS if name in found}


def _label_fault(key: str, value: str) -> str | None:
    validation = Validation(_BOUNDS)
    pairs = [{"key": key, "value": value}]
    checked = FIELDS["labels"].kind.check(pairs, ("labels",), validation)
    return validation.problems[0].message.rstrip(".") if checked is REFUSED else None


def referring(text: str, variable: re.Pattern[str], refer: Callable[[str], str]) -> str | None:
    """The text as a file writes it, with a reference for each variable in it; None without one.
    variable: its first group is the name.
    """
    if not variable.search(text):
        return None
    written, end = "", 0
    for found in variable.finditer(text):
        written += str(yaml_text.literal(text[end : found.start()])) + refer(found[1])
        end = found.end()
    return written + str(yaml_text.literal(text[end:]))


def host_of(url: str) -> str:
    """The host of a URL, for a webhook without a name."""
    try:
        return urlsplit(url).hostname or "webhook"
    # A broken address of IPv6.
    except ValueError:
        return "webhook"


def seconds(number: int) -> str:
    """A pause or a timeout as the file writes it."""
    return f"{number}s"
