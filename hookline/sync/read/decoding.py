"""Nodes to plain values by a field's kind: the field decides the type, never the spelling. Called
by file_decoding. Notes what only the tree shows (types, missing values, unknown keys, references);
the kinds judge the values afterwards, and `place` finds the node of such a judgement. Never raises.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from hookline.form.kinds import (
    REFUSED,
    FieldKind,
    Flag,
    ListOf,
    NullableRecord,
    Number,
    Record,
    RecordField,
)
from hookline.form.mail_kind import Emails
from hookline.form.payload_kinds import Filter
from hookline.form.placeholders import unready
from hookline.form.text_kind import Text
from hookline.form.webhook_kinds import (
    SECRET_HEADER_FIELDS,
    Headers,
    Labels,
    Pattern,
    SecretHeader,
    SigningSecret,
    is_sensitive_header,
)
from hookline.sync.read.nodes import (
    Mapping,
    Node,
    Scalar,
    Sequence,
    TaggedKey,
    Unusable,
    holds_unusable,
    kind_of,
    position_of,
    to_json,
)
from hookline.sync.read.problems import (
    Problems,
    SyncProblem,
    key_name,
    nearest,
    shown_key,
)
from hookline.sync.read.references import ReferenceRefused, References, escaped
from hookline.text import shown

Path = tuple[str, ...]

# YAML 1.1 reads 010 as 8 and 12:30 as 750: only plain decimals are numbers here.
_WHOLE = re.compile("-?(?:0|[1-9][0-9]*)")
# Words that YAML 1.1 takes for booleans: the hint names what was probably meant.
_WORDS = {
    "yes": "true",
    "on": "true",
    "y": "true",
    "no": "false",
    "off": "false",
    "n": "false",
    "true": "true",
    "false": "false",
}
_PLAIN_VALUE, _SECRET_VALUE = Text(0), Text(0, is_secret=True)
# Of a list that is too long the kind tells that by one more; nobody looks at the other million.
_ONE_TOO_MANY: Final = 1
_WITH_SECRETS = frozenset(["headers", "secretHeader", "basicAuth", "signingSecret"])
# Any other kind takes text.
_SHAPED = frozenset(
    [
        *(Flag, Number, ListOf, Record, NullableRecord, SecretHeader, Emails, Headers, Labels),
        *(Pattern, Filter, Text, SigningSecret),
    ]
)
_EVENT_FIELDS = tuple(RecordField(name, Text(64), "") for name in ("object", "model", "action"))


@dataclass(slots=True)
class Decoder:
    """One file's decoding. found_secrets: each resolved secret by its path in the document;
    secret_nodes: where they stand. sent_texts: each other text with references, by its path, as
    the document that is sent spells it.
    """

    file: str
    problems: Problems
    references: References
    found_secrets: dict[Path, str] = field(default_factory=dict)
    secret_nodes: list[Scalar] = field(default_factory=list)
    sent_texts: dict[Path, str] = field(default_factory=dict)

    def add_problem(
        self,
        code: str,
        message: str,
        node: Node,
        path: Path,
        hint: str | None = None,
        is_warning: bool = False,
    ) -> object:
        # An excerpt is one line, so the mark under it can't follow a text over several.
        width = len(node.text) if isinstance(node, Scalar) and "\n" not in node.text else 1
        if hint is None and isinstance(node, Scalar) and "${" in node.text:
            hint = "what the references of this text stand for here is checked like typed text"
        severity = "warning" if is_warning else "error"
        problem = SyncProblem(
            code,
            message.removesuffix("."),
            position_of(node, self.file),
            path,
            hint,
            max(width, 1),
            severity,
        )
        self.problems.add(problem, node)
        return REFUSED

    def plain(self, kind: FieldKind, key: Node, node: Node, path: Path) -> object:
        """The value that a kind's `check` takes, or REFUSED after noting why. key: the owner, where
        a missing value is reported.
        """
        if isinstance(node, Unusable):
            return REFUSED
        if isinstance(node, Scalar) and node.is_null:
            return (
                None
                if isinstance(kind, NullableRecord)
                else self.add_problem(
                    "missing-value",
                    f"{path[-1]} has no value",
                    key,
                    path,
                    "write the value, or take the line out",
                )
            )
        # First what most values are, without a question for each kind.
        return self._text(node, path) if _is_text(kind) else self._shaped(kind, key, node, path)

    def _shaped(self, kind: FieldKind, key: Node, node: Node, path: Path) -> object:
        match kind:
            case Flag():
                return self._flag(node, path)
            case Number():
                return self._number(node, path)
            case ListOf():
                return self._list(kind, key, node, path)
            case Record() | NullableRecord() | SecretHeader():
                return self._record(_fields_of(kind), node, path)
            case Emails():
                return self._emails(kind, node, path)
            case Headers():
                return self._pairs("name", kind.high, node, path)
            case Labels():
                return self._pairs("key", kind.high, node, path)
            case Pattern() if isinstance(node, Mapping):
                return self._event(node, path)
            # A filter compares by value, so 1.50 is a number there and no text to be kept as typed.
            case Filter():
                if holds_unusable(node):
                    return REFUSED
                return self._filter(node, path)
            # Before the plain text below, which would let a secret in clear pass.
            case Text(is_secret=True) | SigningSecret():
                return self._secret(node, path)
        return self._text(node, path)

    def entries(
        self, names: tuple[str, ...], node: Node, path: Path, may_be_extended: bool = False
    ) -> dict[str, tuple[Scalar, Node]] | None:
        """A mapping's entries with known keys; the others are noted. may_be_extended: keys that
        begin with x- are passed over.
        """
        if isinstance(node, Unusable):
            return None
        if not isinstance(node, Mapping):
            self.add_problem(
                "type",
                f"{'.'.join(path) or 'the file'} must be a mapping, not {kind_of(node)}",
                node,
                path,
            )
            return None
        known = {}
        for text, entry in node.entries.items():
            if text in names:
                known[text] = entry
            # Looking for the nearest name takes 0.1 ms: 400,000 unknown keys took the server 99 s
            # (2026-11-28).
            elif not self._is_passed_over(entry[0], text, may_be_extended):
                hint = nearest(text, names) or f"known keys: {', '.join(names)}"
                self.add_problem(
                    "unknown-key",
                    f"unknown key {_shown_unknown(text, path, names)}",
                    entry[0],
                    path,
                    hint,
                )
        return known

    def _is_passed_over(self, key: Scalar, text: str, may_be_extended: bool) -> bool:
        is_extension = may_be_extended and text.startswith("x-")
        return self.problems.is_full or is_extension or isinstance(key, TaggedKey)

    def _flag(self, node: Node, path: Path) -> object:
        if not isinstance(node, Scalar):
            return self._wrong_type("true or false", node, path)
        if not node.is_quoted and node.text in ("true", "false"):
            return node.text == "true"
        word = _WORDS.get(node.text.lower())
        return self._wrong_type(
            "true or false", node, path, f"write {word} without quotes" if word else None
        )

    def _number(self, node: Node, path: Path) -> object:
        if not isinstance(node, Scalar) or node.is_quoted or not _WHOLE.fullmatch(node.text):
            return self._wrong_type("a whole number", node, path)
        # out of every range from 19 digits on; int() itself refuses more than 4,300
        return int(node.text[:19])

    def _text(self, node: Node, path: Path) -> object:
        if not isinstance(node, Scalar):
            return self._wrong_type("text", node, path)
        if "${" not in node.text:
            return self._ready(node.text, node, path)
        if self._ready(node.text, node, path) is REFUSED:
            return REFUSED
        try:
            value = self.references.text(node.text)
        except ReferenceRefused as refused:
            return self.add_problem(refused.code, refused.message, node, path, refused.hint)
        if not isinstance(value, str):
            return REFUSED
        self.sent_texts[path] = escaped(value)
        return self._ready(value, node, path)

    def _ready(self, text: str, node: Node, path: Path) -> object:
        # A template of a payload is one.
        rule = unready(text) if path[-1] != "payloadTemplate" else None
        return self.add_problem("no-value", f"{path[-1]} {rule}", node, path) if rule else text

    def _filter(self, node: Node, path: Path) -> object:
        """The filter with its texts resolved, or REFUSED after noting why."""
        if isinstance(node, Mapping):
            entries = {
                key: self._filter(value, (*path, key)) for key, (_, value) in node.entries.items()
            }
            return REFUSED if REFUSED in entries.values() else entries
        if isinstance(node, Sequence):
            items = [
                self._filter(item, (*path, str(index))) for index, item in enumerate(node.items)
            ]
            return REFUSED if REFUSED in items else items
        value = to_json(node, are_fractions_numbers=True)
        return self._text(node, path) if isinstance(value, str) else value

    def _secret(self, node: Node, path: Path) -> object:
        if not isinstance(node, Scalar):
            return self._wrong_type("text", node, path)
        # Before it is resolved: where a literal secret is refused, the excerpt must hide it too.
        self.secret_nodes.append(node)
        if rule := unready(node.text):
            return self.add_problem("no-value", f"{path[-1]} {rule}", node, path)
        try:
            value = self.references.secret(node.text, path)
        except ReferenceRefused as refused:
            return self.add_problem(refused.code, refused.message, node, path, refused.hint)
        # An unknown secret is not sent: the server plans with it as unknown.
        if isinstance(value, str):
            self.found_secrets[path] = value
        return value

    def _list(self, kind: ListOf, key: Node, node: Node, path: Path) -> object:
        if not isinstance(node, Sequence):
            return self._wrong_type(
                "a list",
                node,
                path,
                "write [a, b], or one '- a' per line" if isinstance(node, Scalar) else None,
            )
        return [
            self.plain(kind.item, item, item, (*path, str(index)))
            for index, item in enumerate(node.items[: kind.high + _ONE_TOO_MANY])
        ]

    def _emails(self, kind: Emails, node: Node, path: Path) -> object:
        if isinstance(node, Scalar):
            return [self._text(node, path)]
        if not isinstance(node, Sequence):
            return self._wrong_type("a list", node, path)
        return [
            self.plain(_PLAIN_VALUE, item, item, (*path, str(index)))
            for index, item in enumerate(node.items[: kind.high + _ONE_TOO_MANY])
        ]

    def _record(self, fields: tuple[RecordField, ...], node: Node, path: Path) -> object:
        entries = self.entries(tuple(one.name for one in fields), node, path)
        if entries is None:
            return REFUSED
        kinds = {one.name: one.kind for one in fields}
        return {
            name: self.plain(kinds[name], key, value, (*path, name))
            for name, (key, value) in entries.items()
        }

    def _event(self, node: Mapping, path: Path) -> object:
        parts = self._record(_EVENT_FIELDS, node, path)
        # What is wrong with a part was told there.
        if not isinstance(parts, dict) or REFUSED in parts.values():
            return REFUSED
        if lacking := [one.name for one in _EVENT_FIELDS if one.name not in parts]:
            return self.add_problem(
                "required", f"{' and '.join(lacking)} must be given, * for any", node, path
            )
        return ".".join(str(parts[one.name]) for one in _EVENT_FIELDS)

    def _pairs(self, name: str, high: int, node: Node, path: Path) -> object:
        if not isinstance(node, Mapping):
            return self._wrong_type("a mapping", node, path)
        return [
            {name: text, "value": self._pair_value(name, text, key, value, (*path, key_name(text)))}
            for text, (key, value) in islice(node.entries.items(), high + _ONE_TOO_MANY)
        ]

    def _pair_value(self, name: str, text: str, key: Scalar, value: Node, path: Path) -> object:
        # Not labels: a label called token is no secret, and shown to everybody.
        is_secret = name == "name" and is_sensitive_header(text)
        return self.plain(_SECRET_VALUE if is_secret else _PLAIN_VALUE, key, value, path)

    def _wrong_type(self, wanted: str, node: Node, path: Path, hint: str | None = None) -> object:
        found = (
            shown(node.text)
            if isinstance(node, Scalar) and "\n" not in node.text and not _may_be_secret(path)
            else kind_of(node)
        )
        return self.add_problem(
            "type", f"{path[-1]} must be {wanted}, not {found}", node, path, hint
        )


def _is_text(kind: FieldKind) -> bool:
    return type(kind) not in _SHAPED or (isinstance(kind, Text) and not kind.is_secret)


def _may_be_secret(path: Path) -> bool:
    """True where a value, or a key that was meant as one, may be a secret."""
    return not _WITH_SECRETS.isdisjoint(path)


def _shown_unknown(text: str, path: Path, names: tuple[str, ...]) -> str:
    # `basicAuth: {hunter2}` makes a key of a password; a slip of a key's name has a near one.
    if _may_be_secret(path) and nearest(text.partition(":")[0], names) is None:
        return "'…'"
    return shown_key(text)


def _fields_of(kind: Record | NullableRecord | SecretHeader) -> tuple[RecordField, ...]:
    match kind:
        case Record():
            return kind.fields
        case NullableRecord():
            return kind.record.fields
    return SECRET_HEADER_FIELDS


def place(at: Path, key: Node, node: Node) -> tuple[Node, Path]:
    """The node that a problem's path (without the field's name) leads to, and the same path as YAML
    spells it.

    Where something is missing the way ends at its owner's key.
    """
    path: list[str] = []
    for step in at:
        # a pair of headers or labels, by its position
        if isinstance(node, Mapping) and step.isdecimal():
            text = list(node.entries)[int(step)]
            key, node = node.entries[text]
            return (key if at[-1] in ("name", "key") else node), (*path, text)
        if isinstance(node, Mapping) and step in node.entries:
            key, node = node.entries[step]
        elif isinstance(node, Sequence) and step.isdecimal():
            key = node = node.items[int(step)]
        else:
            return (key if isinstance(node, Mapping) else node), (*path, step)
        path.append(step)
    return node, tuple(path)
