"""A webhook's row as its entry in a webhooks file: what its set owns, and what differs from the
defaults. Called by api/schema. Pure; it opens no secret, each becomes a reference to a variable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hookline.form.placeholders import unready
from hookline.form.webhook_fields import DEFAULTS, FIELDS
from hookline.form.webhook_kinds import is_sensitive_header
from hookline.models import SyncSet, Webhook
from hookline.sync.export import yaml_text
from hookline.sync.export.variables import Variable, VariableNames
from hookline.sync.plan.comparing import same
from hookline.sync.policy import remembered
from hookline.webhooks.columns import without_secrets

_INDENT: Final = 4
"""Of a field, below `webhooks:` and the slug."""


@dataclass(frozen=True, slots=True)
class Omission:
    """A field that the entry leaves out, and the reason in a sentence."""

    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookEntry:
    """yaml: the lines below `webhooks:`, indented by two."""

    slug: str
    yaml: str
    variables: tuple[Variable, ...]
    omitted: tuple[Omission, ...]


def head(set_name: str, row: SyncSet | None) -> str:
    """The beginning of the file, up to its webhooks. row: the set, whose policy goes along; None
    for one that was never applied.
    """
    policy, _ = remembered(row.policy if row else None)
    content: dict[str, Any] = {"version": 1, "set": set_name}
    if policy.content:
        content["policy"] = policy.content
    return "\n".join(
        ["# yaml-language-server: $schema=./webhooks.v1.schema.json", *yaml_text.lines(content), ""]
    )


def protected_slugs(row: SyncSet | None) -> frozenset[str]:
    """Slugs of the webhooks that the file applied last protects from removal."""
    return remembered(row.policy if row else None)[1]


def entry(row: Webhook, is_protected: bool) -> WebhookEntry:
    """The webhook as it is now. A file with the entry, the secrets and nothing else of it changed,
    plans nothing.
    """
    writer = _EntryWriter(row)
    lines = writer.lines()
    lifecycle: dict[str, Any] = {"preventDestroy": True} if is_protected else {}
    if row.sync_ignored:
        lifecycle["ignoreChanges"] = list(row.sync_ignored)
    if lifecycle:
        lines += yaml_text.lines({"lifecycle": lifecycle}, _INDENT)
    slug = f"  {yaml_text.text(row.slug)}:"
    text = "\n".join([slug if lines else f"{slug} {{}}", *lines, ""])
    return WebhookEntry(row.slug, text, writer.variables, tuple(writer.omitted))


class _EntryWriter:
    def __init__(self, row: Webhook) -> None:
        self._slug, self._names = row.slug, VariableNames(row.slug)
        self._owned = row.sync_applied or {}
        self._form = without_secrets(row)
        self.omitted: list[Omission] = []

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Those that the fields refer to."""
        return tuple(self._names.variables)

    def lines(self) -> list[str]:
        """Lines of the fields, below the slug."""
        lines = list[str]()
        for name in FIELDS:
            value = self._form[name]
            if not self._is_wanted(name, value):
                continue
            if value is None and name != "signingSecret" and not FIELDS[name].may_be_null:
                self._omit(name, "was taken away by hand, which no file can say")
                continue
            try:
                found = [*yaml_text.lines({name: self._value(name, value)}, _INDENT)]
            # Of one field, so that it is left out and not the webhook.
            except yaml_text.NotWritable as refused:
                self._omit(name, str(refused))
            else:
                lines += found
        return lines

    def _is_wanted(self, name: str, value: Any) -> bool:
        if name in self._owned or (FIELDS[name].is_required and name != "name"):
            return True
        # One that no file gave was made by Hookline; another database makes its own.
        if name == "signingSecret":
            return False
        return not same(name, value, self._slug if name == "name" else DEFAULTS.get(name))

    def _value(self, name: str, value: Any) -> Any:
        """The value as the file has it. Raises NotWritable."""
        match name:
            case "signingSecret":
                return self._names.reference("SIGNING_SECRET", name)
            case "secretHeader":
                path = "secretHeader.value"
                return {
                    **_plain(value, "name"),
                    "value": self._names.reference("SECRET_HEADER", path),
                }
            case "basicAuth":
                path = "basicAuth.password"
                return {
                    **_plain(value, "username"),
                    "password": self._names.reference("PASSWORD", path),
                }
            case "headers":
                return {pair["name"]: self._header(pair) for pair in value}
            case "labels":
                value = {pair["key"]: pair["value"] for pair in value}
        if name != "payloadTemplate":
            _check_ready(value)
        return yaml_text.literal(value)

    def _header(self, pair: Mapping[str, Any]) -> str:
        name, value = pair["name"], pair["value"]
        # By its name too: it may have been saved before such names were secret.
        if value is None or is_sensitive_header(name):
            return self._names.header(name)
        _check_ready(value)
        return str(yaml_text.literal(value))

    def _omit(self, name: str, reason: str) -> None:
        self.omitted.append(Omission(name, f"{name} {reason}"))


def _plain(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    _check_ready(value[key])
    return {key: yaml_text.literal(value[key])}


def _check_ready(value: Any) -> None:
    """Raises NotWritable for a text that a reader of the file would take for a template."""
    if isinstance(value, str):
        if reason := unready(value):
            raise yaml_text.NotWritable(f"{reason.partition(':')[0]}, which no file may")
        return
    inner = value.values() if isinstance(value, Mapping) else value
    for item in inner if isinstance(value, Mapping | list | tuple) else ():
        _check_ready(item)
