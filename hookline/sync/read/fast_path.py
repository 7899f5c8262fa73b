"""Values of a webhook straight from its JSON, where nothing is wrong: no tree, no places, and what
webhooks repeat is checked once. Called by document and received. Whatever is out of the ordinary is
left to the tree, which finds what is wrong and where; a test compares the two.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from hookline.form.check import check_whole
from hookline.form.kinds import (
    REFUSED,
    Bounds,
    FieldKind,
    Flag,
    ListOf,
    NullableRecord,
    Number,
    Record,
    Validation,
)
from hookline.form.mail_kind import Emails
from hookline.form.payload_kinds import Filter
from hookline.form.placeholders import is_harmless, unready
from hookline.form.text_kind import Text
from hookline.form.webhook_fields import FIELDS
from hookline.form.webhook_kinds import (
    SECRET_HEADER_FIELDS,
    Headers,
    Labels,
    Pattern,
    SecretHeader,
    SigningSecret,
    Url,
    is_sensitive_header,
)
from hookline.outbound.addresses import HEADER_VALUE_BYTES_LIMIT, UrlRefused, check_url
from hookline.sync.read.file_fields import LIFECYCLE, NO_LIFECYCLE, Lifecycle, lifecycle_of
from hookline.sync.read.nodes import MAX_DEPTH, is_number
from hookline.sync.read.references import ReferenceRefused, References

T = TypeVar("T")
Path = tuple[str, ...]
# Any, here and below: JSON.
Reader = Callable[[Any, Path], Any]

# Beyond them a file repeats little; what is remembered stays below some megabytes.
_MOST_REMEMBERED: Final = 20_000
_LONGEST_REMEMBERED: Final = 400
_LONGEST_URL: Final = 2_048
_LONGEST_LABEL: Final = 200
# Written with more digits, a number comes back as another text.
_LARGEST_WHOLE: Final = 10**15
_REQUIRED: Final = frozenset(
    row.name for row in FIELDS.values() if row.is_required and row.name != "name"
)
# Fields that `check_whole` compares with others. Headers are compared here.
_COMPARED: Final = frozenset("signingSecret signingAlgorithm payloadContentType basicAuth".split())


class _Unusual(Exception):
    """The webhook is one for the tree."""


# No dataclass: it is made in half the time, for each webhook, and thrown away.
class FastWebhook(NamedTuple):
    """values: canonical, shared between webhooks and not to be changed; secrets: by path, as the
    references gave them.
    """

    values: dict[str, Any]
    lifecycle: Lifecycle
    secrets: dict[Path, object]


@dataclass(slots=True)
class FastPath:
    """The readers of a file's webhooks, one for each field."""

    bounds: Bounds
    references: References
    _validation: Validation = field(init=False)
    _readers: dict[str, Reader] = field(init=False)
    _remembered: dict[Hashable, Any] = field(default_factory=dict)
    _secrets: dict[Path, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._validation = Validation(self.bounds)
        self._readers = {name: self._reader(name, row.kind) for name, row in FIELDS.items()}

    def webhook(self, slug: str, content: dict[str, Any]) -> FastWebhook | None:
        """The webhook, or None where the tree is to decide. content: its fields as they are sent,
        defaults merged in.
        """
        self._secrets = {}
        values, lifecycle = dict[str, Any](), NO_LIFECYCLE
        try:
            for name, value in content.items():
                if name == "lifecycle":
                    lifecycle = lifecycle_of(self._repeated(name, LIFECYCLE.kind, value))
                else:
                    values[name] = self._readers[name](value, ("webhooks", slug, name))
            self._check_whole(values)
        # KeyError: of a key that is none of a webhook's. JSONEncodeError: of what no file can hold.
        except (_Unusual, ReferenceRefused, UrlRefused, KeyError, orjson.JSONEncodeError):
            return None
        return FastWebhook(values, lifecycle, self._secrets)

    def end(self) -> None:
        """Lets go of the readers. They hold what made them, and so the values of all secrets would
        stay until the collector of garbage comes.
        """
        self._readers.clear()

    def _check_whole(self, values: dict[str, Any]) -> None:
        if not values.keys() >= _REQUIRED:
            raise _Unusual
        if not _COMPARED.isdisjoint(values):
            if check_whole(values):
                raise _Unusual
        elif secret := values.get("secretHeader"):
            name = secret["name"].lower()
            if any(header["name"].lower() == name for header in values.get("headers", ())):
                raise _Unusual

    def _reader(self, name: str, kind: FieldKind) -> Reader:
        match kind:
            case Text(is_secret=False, pattern=None) if name != "payloadTemplate":
                return lambda value, path: self._text(kind, value)
            case Text(is_secret=False) if name == "payloadTemplate":
                return lambda value, path: self._checked(kind, _without_references(value))
            case Url():
                return lambda value, path: self._url(kind, value)
            case ListOf():
                return lambda value, path: self._list(name, kind, value)
            case Headers():
                return lambda value, path: self._headers(kind, value, path)
            case Labels():
                return lambda value, path: self._labels(kind, value)
            case SecretHeader():
                return lambda value, path: self._secret_header(kind, value, path)
            case SigningSecret() | Text(is_secret=True):
                return lambda value, path: self._checked(kind, self._secret(value, path))
            case Filter():
                return lambda value, path: self._checked(kind, _of_filter(value))
            case Record() if any(_is_secret(entry.kind) for entry in kind.fields):
                return lambda value, path: self._checked(kind, self._record(kind, value, path))
        return lambda value, path: self._repeated(name, kind, value)

    def _checked(self, kind: FieldKind, plain: object) -> Any:
        """The canonical value. Raises _Unusual where the kind has anything to say."""
        checked = kind.check(plain, ("",), self._validation)
        if checked is REFUSED or self._validation.problems:
            self._validation.problems.clear()
            raise _Unusual
        return checked

    def _repeated(self, name: str, kind: FieldKind, value: Any) -> Any:
        """The canonical value of a kind without secrets, checked when it is first met."""
        key = (name, value if type(value) is str else orjson.dumps(value))
        if (known := self._remembered.get(key, REFUSED)) is not REFUSED:
            return known
        checked = self._checked(kind, self._plain(kind, value))
        if len(key[1]) <= _LONGEST_REMEMBERED:
            self._remember(key, checked)
        return checked

    def _remember(self, key: Hashable, checked: Any) -> None:
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered[key] = checked

    def _plain(self, kind: FieldKind, value: Any) -> Any:
        """The value that a kind checks, as `decoding` makes it of a node."""
        match kind:
            case NullableRecord():
                return None if value is None else self._record(kind.record, value, ())
            case Record():
                return self._record(kind, value, ())
            case ListOf():
                return [self._plain(kind.item, item) for item in _of_type(list, value)]
            case Emails():
                return [_text_of(item) for item in (value if type(value) is list else [value])]
            case Flag():
                return _of_type(bool, value)
            case Number():
                return _of_type(int, value)
            case Pattern() if type(value) is dict:
                return _event_of(value)
        return _text_of(value)

    def _record(self, kind: Record, value: Any, path: Path) -> dict[str, Any]:
        kinds = {entry.name: entry.kind for entry in kind.fields}
        return {
            name: self._secret(item, (*path, name))
            if _is_secret(kinds[name])
            else self._plain(kinds[name], item)
            for name, item in _of_type(dict, value).items()
        }

    def _text(self, kind: Text, value: Any) -> Any:
        text = value if type(value) is str else _text_of(value)
        is_long_enough = kind.may_be_empty or text
        # A name of blanks alone shows nothing.
        is_seen = not kind.is_name or not text.isspace()
        if is_long_enough and is_seen and len(text) <= kind.max_length and is_harmless(text):
            return text
        return self._checked(kind, _text_of(text))

    def _url(self, kind: Url, value: Any) -> Any:
        if type(value) is str and 0 < len(value) <= _LONGEST_URL and is_harmless(value):
            return check_url(value, self.bounds.addresses)
        return self._checked(kind, _text_of(value))

    def _list(self, name: str, kind: ListOf, value: Any) -> list[Any]:
        if not kind.low <= len(_of_type(list, value)) <= kind.high:
            raise _Unusual
        items = [self._repeated(name, kind.item, item) for item in value]
        if not kind.is_set:
            return items
        # A repeated one is a warning.
        if len(items) > 1 and len(set(items)) < len(items):
            raise _Unusual
        return sorted(items)

    def _headers(self, kind: Headers, value: Any, path: Path) -> list[dict[str, Any]]:
        headers = [
            self._header(kind, name, item, path) for name, item in _of_type(dict, value).items()
        ]
        # Names are the same in any case.
        if len(headers) > kind.high or len({name.lower() for name in value}) < len(headers):
            raise _Unusual
        return headers

    def _header(self, kind: Headers, name: str, value: Any, path: Path) -> dict[str, Any]:
        key = ("headers", name)
        if (is_sensitive := self._remembered.get(key)) is None:
            self._checked(kind, [{"name": name, "value": "x"}])
            is_sensitive = is_sensitive_header(name)
            self._remember(key, is_sensitive)
        if is_sensitive:
            plain = {"name": name, "value": self._secret(value, (*path, name))}
        else:
            text = value if type(value) is str else _text_of(value)
            plain = {"name": name, "value": text}
            if _is_header_value(text):
                return plain
            _text_of(text)
        header: dict[str, Any] = self._checked(kind, [plain])[0]
        return header

    def _labels(self, kind: Labels, value: Any) -> list[dict[str, Any]]:
        if len(_of_type(dict, value)) > kind.high:
            raise _Unusual
        labels = []
        for key in sorted(value):
            if ("labels", key) not in self._remembered:
                self._checked(kind, [{"key": key, "value": "x"}])
                self._remember(("labels", key), True)
            text = value[key] if type(value[key]) is str else _text_of(value[key])
            label = {"key": key, "value": text}
            if not is_harmless(text) or len(text) > _LONGEST_LABEL:
                self._checked(kind, [{"key": key, "value": _text_of(text)}])
            labels.append(label)
        return labels

    def _secret_header(self, kind: SecretHeader, value: Any, path: Path) -> dict[str, Any]:
        if len(_of_type(dict, value)) > len(SECRET_HEADER_FIELDS):
            raise _Unusual
        name, secret = _text_of(value["name"]), self._secret(value["value"], (*path, "value"))
        key = ("secretHeader", name, secret)
        if (known := self._remembered.get(key)) is None:
            known = self._checked(kind, {"name": name, "value": secret})
            self._remember(key, known)
        header: dict[str, Any] = known
        return header

    def _secret(self, value: Any, path: Path) -> object:
        text = _of_type(str, value)
        if unready(text):
            raise _Unusual
        found = self._secrets[path] = self.references.secret(text, path)
        return found


def _is_secret(kind: FieldKind) -> bool:
    return isinstance(kind, Text) and kind.is_secret


def _of_type(wanted: type[T], value: Any) -> T:
    # By type: True is an int for isinstance.
    if type(value) is not wanted:
        raise _Unusual
    return value


def _text_of(value: Any) -> str:
    """The text that a value of a text field stands for: unquoted numbers and words are as typed."""
    if type(value) is str:
        if not is_harmless(value) and ("${" in value or unready(value)):
            raise _Unusual
        return value
    if type(value) is bool:
        return "true" if value else "false"
    return str(_of_type(int, value))


def _without_references(value: Any) -> str:
    text = _of_type(str, value)
    if "${" in text:
        raise _Unusual
    return text


def _event_of(parts: dict[str, Any]) -> str:
    if len(parts) != 3:
        raise _Unusual
    return ".".join(_text_of(parts[name]) for name in ("object", "model", "action"))


def _is_header_value(text: str) -> bool:
    # Blanks at its ends are refused, and a mask may begin so.
    return (
        len(text) <= HEADER_VALUE_BYTES_LIMIT
        and is_harmless(text)
        and text[:1] not in (" ", "(", "*")
        and text[-1:] != " "
    )


def _of_filter(value: Any, depth: int = 0) -> Any:
    """A filter, or a part of it, as `decoding` reads it."""
    if depth > MAX_DEPTH:
        raise _Unusual
    if type(value) is dict:
        return {key: _of_filter(item, depth + 1) for key, item in value.items()}
    if type(value) is list:
        return [_of_filter(item, depth + 1) for item in value]
    if type(value) is str:
        return _text_of(value)
    is_spelled_the_same = (
        value is None
        or type(value) is bool
        or (type(value) is int and abs(value) < _LARGEST_WHOLE)
        or (type(value) is float and is_number(str(value)))
    )
    if not is_spelled_the_same:
        raise _Unusual
    return value
