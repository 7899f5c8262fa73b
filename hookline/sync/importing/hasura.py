"""Hasura: event triggers of a metadata folder's files, or of an exported metadata (versions 2 and
3). Called by reading. Pure.
"""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from hookline.sync.importing.foreign import ForeignValue
from hookline.sync.importing.imported_webhook import (
    ImportedWebhook,
    Slugs,
    host_of,
    referring,
    seconds,
)

_TRIGGER: Final = (
    *("name", "definition", "webhook", "webhook_from_env", "headers", "retry_conf"),
    *("request_transform", "response_transform", "cleanup_config", "trigger_on_replication"),
)
_OPERATIONS: Final = ("insert", "update", "delete")
_VARIABLE: Final = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
# Those of Hasura, where the metadata says nothing.
_RETRIES, _PAUSE, _TIMEOUT = 0, 10, 60
_LONGEST_TIMEOUT, _LONGEST_PAUSE, _MOST_RETRIES = 60, 172_800, 20
_REASONS: Final = {
    "request_transform": "has no counterpart: write a payloadTemplate",
    "response_transform": "has no counterpart: what a receiver answers is logged as it is",
    "cleanup_config": "has no counterpart: settings say how long the log is kept",
    "trigger_on_replication": "has no counterpart: events are published by the API",
}


def entries(root: ForeignValue, slugs: Slugs) -> Iterator[ImportedWebhook] | None:
    """The webhooks of a file; None when it holds nothing that metadata may hold."""
    tables = _tables(root)
    if tables is None:
        return None
    return (
        _entry(trigger, source, table, slugs)
        for source, table in tables
        for trigger in _triggers(table)
    )


def _tables(root: ForeignValue) -> list[tuple[str, ForeignValue]] | None:
    """The tables with the names of their databases."""
    if root.has("metadata"):
        return _tables(root.entries()["metadata"])
    if root.has("table"):
        return [(_database(root.file), root)]
    if root.has("sources", "tables"):
        _tell_others(root)
        found = root.entries()
        sources = found["sources"].items() if "sources" in found else [root]
        return [pair for source in sources for pair in _of_source(source)]
    if root.has("actions"):
        _tell_others(root)
        return []
    if root.is_list():
        items = root.items()
        for item in items:
            if item.has("schedule", "include_in_metadata"):
                item.leave_out("has no counterpart: a cron job may publish an event")
        of_sources = [pair for item in items if item.has("tables") for pair in _of_source(item)]
        return [(_database(root.file), item) for item in items if item.has("table")] + of_sources
    return None


def _of_source(source: ForeignValue) -> list[tuple[str, ForeignValue]]:
    found = source.entries()
    name = (found["name"].text() if "name" in found else None) or "default"
    tables = found.get("tables")
    # "!include …": the file stands in the folder, and is read by itself.
    if tables is None or not tables.is_list():
        return []
    return [(name, table) for table in tables.items() if table.has("table")]


def _database(file: str) -> str:
    """The database that a file of a folder belongs to: databases/NAME/tables/…"""
    parts = PurePath(file).parts
    below = parts[parts.index("databases") + 1 :] if "databases" in parts else ()
    return below[0] if len(below) > 1 else "default"


def _tell_others(root: ForeignValue) -> None:
    """Notes what calls URLs besides event triggers."""
    found = root.entries()
    for name, reason in (
        ("actions", "has no counterpart: it answers a request, which no webhook does"),
        ("cron_triggers", "has no counterpart: a cron job may publish an event"),
    ):
        for item in found[name].items() if name in found and found[name].is_list() else ():
            item.leave_out(reason)


def _triggers(table: ForeignValue) -> list[ForeignValue]:
    found = table.entries().get("event_triggers")
    return found.items() if found else []


def _entry(
    trigger: ForeignValue, source: str, table: ForeignValue, slugs: Slugs
) -> ImportedWebhook:
    fields = trigger.fields(_TRIGGER)
    name = fields["name"].text() if "name" in fields else None
    url = fields["webhook"].text() if "webhook" in fields else None
    entry = ImportedWebhook(slugs.take(name or host_of(url or "")), trigger)
    if name:
        entry.put("name", name, fields["name"])
    if "webhook_from_env" in fields:
        part = fields["webhook_from_env"]
        variable = part.text()
        if variable is not None:
            reference = entry.variable(variable, "url", part)
            entry.put_url(part, lambda text: reference)
    elif "webhook" in fields:
        part = fields["webhook"]
        entry.put_url(
            part,
            lambda text: referring(text, _VARIABLE, lambda name: entry.variable(name, "url", part)),
        )
    if "definition" in fields:
        _add_events(entry, fields["definition"], _type_of(source, table))
    for header in fields["headers"].items() if "headers" in fields else ():
        _add_header(entry, header)
    _add_retry(entry, fields.get("retry_conf"), trigger)
    for field, reason in _REASONS.items():
        if field in fields:
            fields[field].leave_out(reason)
    return entry


def _type_of(source: str, table: ForeignValue) -> str:
    """The event type of a table without its action."""
    part = table.entries().get("table")
    names = part.entries() if part and part.is_mapping() else {}
    schema = (names["schema"].text() if "schema" in names else None) or "public"
    name = names["name"].text() if "name" in names else part.text() if part and not names else None
    # Tables of one name may stand in several databases.
    prefix = "" if source == "default" else f"{source}_"
    return f"{prefix}{schema}.{name or 'table'}"


def _add_events(entry: ImportedWebhook, definition: ForeignValue, prefix: str) -> None:
    fields = definition.fields((*_OPERATIONS, "enable_manual"))
    if "enable_manual" in fields and fields["enable_manual"].flag(False):
        _add_event(entry, f"{prefix}.manual", fields["enable_manual"])
    for operation in _OPERATIONS:
        if operation not in fields:
            continue
        part = fields[operation]
        _add_event(entry, f"{prefix}.{operation}", part)
        for name, columns in part.fields(("columns", "payload")).items():
            # An insert and a delete have all columns: theirs is the old name of the payload.
            if columns.is_list():
                columns.leave_out(
                    "has no counterpart: publish the event when these columns change"
                    if name == "columns" and operation == "update"
                    else "has no counterpart: publish these columns alone"
                )


def _add_event(entry: ImportedWebhook, name: str, part: ForeignValue) -> None:
    pattern = entry.add_event(name, part)
    # Any other pattern is told of already.
    if pattern == name:
        part.change(f"is the event type {pattern} now, which a program publishes")


def _add_header(entry: ImportedWebhook, header: ForeignValue) -> None:
    fields = header.fields(("name", "value", "value_from_env"))
    name = fields["name"].text() if "name" in fields else None
    value = fields.get("value_from_env") or fields.get("value")
    text = value.text() if value else None
    if not name or value is None or text is None:
        header.leave_out("must have a name and a value")
        return
    path = f"headers.{name}"
    if "value_from_env" in fields:
        entry.add_header(name, "", value, entry.variable(text, path, value))
    else:
        reference = referring(text, _VARIABLE, lambda found: entry.variable(found, path, value))
        entry.add_header(name, text, value, reference)


def _add_retry(entry: ImportedWebhook, retry: ForeignValue | None, trigger: ForeignValue) -> None:
    fields = retry.fields(("num_retries", "interval_sec", "timeout_sec")) if retry else {}

    def number(name: str, default: int) -> int:
        found = fields[name].whole() if name in fields else None
        return default if found is None else found

    at = fields.get("num_retries", trigger)
    retries, pause = number("num_retries", _RETRIES), number("interval_sec", _PAUSE)
    if retries > _MOST_RETRIES:
        at.change(f"is {_MOST_RETRIES} now, the most retries that may be")
    bounded = min(max(pause, 1), _LONGEST_PAUSE)
    if bounded != pause:
        fields["interval_sec"].change(f"is {bounded}s now: 1s to 2d may be")
    schedule = [seconds(bounded)] * min(retries, _MOST_RETRIES)
    entry.put("retry", {"schedule": schedule}, at)
    timeout = number("timeout_sec", _TIMEOUT)
    limited = min(max(timeout, 1), _LONGEST_TIMEOUT)
    if limited != timeout:
        fields["timeout_sec"].change(f"is {limited}s now: 1s to 1m may be")
    entry.put("timeout", seconds(limited), fields.get("timeout_sec", trigger))
