"""Values of a webhook straight from its JSON, where nothing is wrong: no tree, no places, and what
webhooks repeat is checked once. Called by file_decoding and received. Whatever is out of the
ordinary is left to the tree, which finds what is wrong and where; a test compares the two.
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
from hookline.form.webhook_fields import FIELDS, SECRET_FIELDS
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
from hookline.outbound.addresses import UrlRefused, check_url
from hookline.sync.read.file_fields import LIFECYCLE, NO_LIFECYCLE, Lifecycle, lifecycle_of
from hookline.sync.read.json_values import (
    Unusual,
    event_of,
    filter_of,
    is_header_value,
    of_type,
    text_of,
    text_without_references,
)
from hookline.sync.read.references import ReferenceRefused, References

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
Path = tuple[str, ...]
# Any, here and below: JSON.
Reader = Callable[[Any, str], Any]
"""The canonical value of a field's JSON, of the webhook with that slug."""
_LIFECYCLE: Final = "lifecycle"

# Of a field. Beyond them a file repeats little; what is remembered stays below some megabytes.
_MOST_REMEMBERED: Final = 5_000
_LONGEST_REMEMBERED: Final = 400
_LONGEST_URL: Final = 2_048
_LONGEST_LABEL: Final = 200
_REQUIRED: Final = frozenset(
    row.name for row in FIELDS.values() if row.is_required and row.name != "name"
)
# Fields that `check_whole` compares with others. Headers are compared here.
_COMPARED: Final = frozenset("signingSecret signingAlgorithm payloadContentType basicAuth".split())


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
    """The readers of a file's webhooks, one for each field. is_checked_later: by who receives them;
    then only the fields are read that may hold secrets.
    """

    bounds: Bounds
    references: References
    is_checked_later: bool = False
    _validation: Validation = field(init=False)
    _readers: dict[str, Reader] = field(init=False)
    _secrets: dict[Path, object] = field(default_factory=dict)
    _ready: dict[str, bool] = field(default_factory=dict)
    """Texts of secrets that need nothing done first."""

    def __post_init__(self) -> None:
        self._validation = Validation(self.bounds)
        self._readers = {name: self._reader(name, row.kind) for name, row in FIELDS.items()}
        remembered = self._remembering(LIFECYCLE.kind)
        self._readers[_LIFECYCLE] = lambda value, slug: lifecycle_of(remembered(value, slug))

    def webhook(self, slug: str, content: dict[str, Any]) -> FastWebhook | None:
        """The webhook, or None where the tree is to decide. content: its fields as they are sent,
        defaults merged in.
        """
        secrets = self._secrets = {}
        readers = self._readers
        try:
            if self.is_checked_later:
                names = SECRET_FIELDS & content.keys()
                values = {name: readers[name](content[name], slug) for name in names}
                return FastWebhook(values, NO_LIFECYCLE, secrets)
            values = {name: readers[name](value, slug) for name, value in content.items()}
            lifecycle = values.pop(_LIFECYCLE, NO_LIFECYCLE)
            _check_whole(values)
        # KeyError: of a key that is none of a webhook's. JSONEncodeError: of what no file can hold.
        except (Unusual, ReferenceRefused, UrlRefused, KeyError, orjson.JSONEncodeError):
            return None
        return FastWebhook(values, lifecycle, secrets)

    def end(self) -> None:
        """Lets go of the readers. They hold what made them, and so the values of all secrets would
        stay until the collector of garbage comes.
        """
        self._readers.clear()

    def _reader(self, name: str, kind: FieldKind) -> Reader:
        match kind:
            case Text(is_secret=False, pattern=None) if name != "payloadTemplate":
                return self._text_reader(kind)
            case Text(is_secret=False) if name == "payloadTemplate":
                return lambda value, slug: self._checked(kind, text_without_references(value))
            case Url():
                return self._url_reader(kind)
            case ListOf():
                return self._list_reader(kind)
            case Headers():
                return self._headers_reader(name, kind)
            case Labels():
                return self._labels_reader(kind)
            case SecretHeader():
                return self._secret_header_reader(name, kind)
            case SigningSecret() | Text(is_secret=True):
                return lambda value, slug: self._checked(kind, self._secret(value, slug, (name,)))
            case Filter():
                return lambda value, slug: self._checked(kind, filter_of(value))
            case Record() if any(_is_secret(entry.kind) for entry in kind.fields):
                return lambda value, slug: self._checked(
                    kind, self._record(kind, value, slug, (name,))
                )
        return self._remembering(kind)

    def _checked(self, kind: FieldKind, plain: object) -> Any:
        """The canonical value. Raises Unusual where the kind has anything to say."""
        checked = kind.check(plain, ("",), self._validation)
        if checked is REFUSED or self._validation.problems:
            self._validation.problems.clear()
            raise Unusual
        return checked

    def _remembering(self, kind: FieldKind) -> Reader:
        """A reader that checks each value of a kind without secrets when it is first met."""
        known = dict[str | bytes, Any]()

        def read(value: Any, slug: str) -> Any:
            key = value if type(value) is str else orjson.dumps(value)
            if (checked := known.get(key, REFUSED)) is REFUSED:
                checked = self._checked(kind, self._plain(kind, value))
                if len(key) <= _LONGEST_REMEMBERED:
                    _remember(known, key, checked)
            return checked

        return read

    def _plain(self, kind: FieldKind, value: Any) -> Any:
        """The value that a kind checks, as `decoding` makes it of a node."""
        match kind:
            case NullableRecord():
                return None if value is None else self._record(kind.record, value)
            case Record():
                return self._record(kind, value)
            case ListOf():
                return [self._plain(kind.item, item) for item in of_type(list, value)]
            case Emails():
                return [text_of(item) for item in (value if type(value) is list else [value])]
            case Flag():
                return of_type(bool, value)
            case Number():
                return of_type(int, value)
            case Pattern() if type(value) is dict:
                return event_of(value)
        return text_of(value)

    def _record(self, kind: Record, value: Any, slug: str = "", path: Path = ()) -> dict[str, Any]:
        kinds = {entry.name: entry.kind for entry in kind.fields}
        return {
            name: self._secret(item, slug, (*path, name))
            if _is_secret(kinds[name])
            else self._plain(kinds[name], item)
            for name, item in of_type(dict, value).items()
        }

    def _text_reader(self, kind: Text) -> Reader:
        def read(value: Any, slug: str) -> Any:
            text = value if type(value) is str else text_of(value)
            is_long_enough = kind.may_be_empty or text
            # A name of blanks alone shows nothing.
            is_seen = not kind.is_name or not text.isspace()
            if is_long_enough and is_seen and len(text) <= kind.max_length and is_harmless(text):
                return text
            return self._checked(kind, text_of(text))

        return read

    def _url_reader(self, kind: Url) -> Reader:
        addresses = self.bounds.addresses

        def read(value: Any, slug: str) -> Any:
            if type(value) is str and 0 < len(value) <= _LONGEST_URL and is_harmless(value):
                return check_url(value, addresses)
            return self._checked(kind, text_of(value))

        return read

    def _list_reader(self, kind: ListOf) -> Reader:
        read_item = self._remembering(kind.item)

        def read(value: Any, slug: str) -> list[Any]:
            if not kind.low <= len(of_type(list, value)) <= kind.high:
                raise Unusual
            items = [read_item(item, slug) for item in value]
            if not kind.is_set:
                return items
            # A repeated one is a warning.
            if len(items) > 1 and len(set(items)) < len(items):
                raise Unusual
            return sorted(items)

        return read

    def _headers_reader(self, field_name: str, kind: Headers) -> Reader:
        known = dict[tuple[str, ...], list[bool]]()

        def read(value: Any, slug: str) -> list[dict[str, Any]]:
            names = tuple(of_type(dict, value))
            if (are_sensitive := known.get(names)) is None:
                are_sensitive = self._header_names(kind, names)
                _remember(known, names, are_sensitive)
            headers = []
            for name, is_sensitive in zip(names, are_sensitive, strict=True):
                header = value[name]
                if is_sensitive:
                    secret = self._secret(header, slug, (field_name, name))
                    headers += self._checked(kind, [{"name": name, "value": secret}])
                    continue
                text = header if type(header) is str else text_of(header)
                plain = [{"name": name, "value": text}]
                if not is_header_value(text):
                    text_of(text)
                    plain = self._checked(kind, plain)
                headers += plain
            return headers

        return read

    def _header_names(self, kind: Headers, names: tuple[str, ...]) -> list[bool]:
        """True of each that is a secret's. Raises Unusual where they are none of one webhook."""
        # Names are the same in any case.
        if len(names) > kind.high or len({name.lower() for name in names}) < len(names):
            raise Unusual
        for name in names:
            self._checked(kind, [{"name": name, "value": "x"}])
        return [*map(is_sensitive_header, names)]

    def _labels_reader(self, kind: Labels) -> Reader:
        known = dict[tuple[str, ...], list[str]]()

        def read(value: Any, slug: str) -> list[dict[str, Any]]:
            keys = tuple(of_type(dict, value))
            if (in_order := known.get(keys)) is None:
                if len(keys) > kind.high:
                    raise Unusual
                in_order = sorted(keys)
                for key in in_order:
                    self._checked(kind, [{"key": key, "value": "x"}])
                _remember(known, keys, in_order)
            labels = []
            for key in in_order:
                text = value[key] if type(value[key]) is str else text_of(value[key])
                label = {"key": key, "value": text}
                if not is_harmless(text) or len(text) > _LONGEST_LABEL:
                    self._checked(kind, [{"key": key, "value": text_of(text)}])
                labels.append(label)
            return labels

        return read

    def _secret_header_reader(self, field_name: str, kind: SecretHeader) -> Reader:
        known, path = dict[tuple[str, object], dict[str, Any]](), (field_name, "value")

        def read(value: Any, slug: str) -> dict[str, Any]:
            if len(of_type(dict, value)) > len(SECRET_HEADER_FIELDS):
                raise Unusual
            name, secret = text_of(value["name"]), self._secret(value["value"], slug, path)
            if (header := known.get((name, secret))) is None:
                header = self._checked(kind, {"name": name, "value": secret})
                _remember(known, (name, secret), header)
            return header

        return read

    def _secret(self, value: Any, slug: str, path: Path) -> object:
        text: str = of_type(str, value)
        if text not in self._ready:
            if unready(text):
                raise Unusual
            _remember(self._ready, text, True)
        whole = ("webhooks", slug, *path)
        found = self._secrets[whole] = self.references.secret(text, whole)
        return found


def _check_whole(values: dict[str, Any]) -> None:
    if not values.keys() >= _REQUIRED:
        raise Unusual
    if not _COMPARED.isdisjoint(values):
        if check_whole(values):
            raise Unusual
    elif secret := values.get("secretHeader"):
        name = secret["name"].lower()
        if any(header["name"].lower() == name for header in values.get("headers", ())):
            raise Unusual


def _remember(known: dict[K, T], key: K, checked: T) -> None:
    if len(known) < _MOST_REMEMBERED:
        known[key] = checked


def _is_secret(kind: FieldKind) -> bool:
    return isinstance(kind, Text) and kind.is_secret
