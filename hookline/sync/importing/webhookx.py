"""WebhookX: what `webhookx admin dump` writes and `webhookx admin sync` reads (1.x, and the lists
of headers of 0.1). Called by reading. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from hookline.sync.importing.foreign import ForeignValue
from hookline.sync.importing.imported_webhook import (
    ImportedWebhook,
    Slugs,
    host_of,
    referring,
    seconds,
)

_ENDPOINT: Final = (
    *("name", "description", "enabled", "request", "retry", "events", "metadata"),
    *("rate_limit", "plugins"),
)
_RECORDS: Final = ("id", "created_at", "updated_at")
_SECRET: Final = re.compile(r"\{secret://([^{}]+)\}")
# Those of WebhookX, where the file says nothing.
_TIMEOUT_MS, _PAUSES = 10_000, (60, 3600)
_LONGEST_MS, _LONGEST_PAUSE, _MOST_RETRIES = 60_000, 172_800, 20
_PLUGINS: Final = {
    "webhookx-signature": "has no counterpart: receivers verify the headers of Standard Webhooks "
    "from now on, with a secret that Hookline makes",
    "wasm": "has no counterpart: write a payloadTemplate",
}
_NOT_KEPT: Final = "has no counterpart"


def entries(root: ForeignValue, slugs: Slugs) -> Iterator[ImportedWebhook] | None:
    """The webhooks of a file; None when it is no declarative configuration."""
    if not root.has("endpoints", "sources"):
        return None
    found = root.fields(("endpoints", "sources"))
    for source in found["sources"].items() if "sources" in found else ():
        source.leave_out("has no counterpart: events are published by the API, with a token")
        plugins = source.entries().get("plugins") if source.is_mapping() else None
        for plugin in plugins.items() if plugins else ():
            _tell_source_plugin(plugin)
    endpoints = found["endpoints"].items() if "endpoints" in found else []
    return (_entry(endpoint, slugs) for endpoint in endpoints)


def _tell_source_plugin(plugin: ForeignValue) -> None:
    name = plugin.entries().get("name") if plugin.is_mapping() else None
    if name and name.text() == "jsonschema-validator":
        plugin.leave_out(f"{_NOT_KEPT} here: save schemas with `hookline types save`")
    else:
        plugin.leave_out(_NOT_KEPT)


def _entry(endpoint: ForeignValue, slugs: Slugs) -> ImportedWebhook:
    fields = endpoint.fields(_ENDPOINT, _RECORDS)
    request = (
        fields["request"].fields(("url", "method", "headers", "timeout"))
        if "request" in fields
        else {}
    )
    name = fields["name"].text() if "name" in fields else None
    url = request["url"].text() if "url" in request else None
    entry = ImportedWebhook(slugs.take(name or host_of(url or "")), endpoint)
    for field in ("name", "description"):
        if field in fields and (text := fields[field].text()):
            entry.put(field, text, fields[field])
    if "enabled" in fields and not fields["enabled"].flag(True):
        entry.put("active", False, fields["enabled"])
    _add_request(entry, request, endpoint)
    _add_retry(entry, fields.get("retry"), endpoint)
    for item in fields["events"].items() if "events" in fields else ():
        if text := item.text():
            entry.add_event(text, item)
    for key, part in fields["metadata"].entries().items() if "metadata" in fields else ():
        entry.add_label(key, part)
    if "rate_limit" in fields:
        _add_rate(entry, fields["rate_limit"])
    for plugin in fields["plugins"].items() if "plugins" in fields else ():
        _tell_plugin(plugin)
    return entry


def _add_request(
    entry: ImportedWebhook, request: dict[str, ForeignValue], endpoint: ForeignValue
) -> None:
    if "url" in request:
        url = request["url"]
        entry.put_url(
            url,
            lambda text: referring(text, _SECRET, lambda name: entry.variable(name, "url", url)),
        )
    if "method" in request and (request["method"].text() or "POST").upper() != "POST":
        request["method"].leave_out("has no counterpart: requests are POST")
    for name, part in _headers(request.get("headers")):
        _add_header(entry, name, part)
    at = request.get("timeout", endpoint)
    timeout = at.whole() if "timeout" in request else _TIMEOUT_MS
    if timeout == 0:
        at.leave_out("is 0, which is their server's setting; the default is 15s here")
    elif timeout is not None:
        bounded = min(max(timeout, 1_000), _LONGEST_MS)
        if bounded != timeout:
            at.change(f"is {bounded // 1000}s now: 1s to 1m may be")
        entry.put("timeout", f"{bounded}ms", at)


def _add_header(entry: ImportedWebhook, name: str, part: ForeignValue) -> None:
    if (value := part.text()) is not None:
        path = f"headers.{name}"
        reference = referring(value, _SECRET, lambda found: entry.variable(found, path, part))
        entry.add_header(name, value, part, reference)


def _headers(headers: ForeignValue | None) -> Iterator[tuple[str, ForeignValue]]:
    if headers is None:
        return
    if headers.is_list():
        for item in headers.items():
            pair = item.fields(("name", "value"))
            if "name" in pair and "value" in pair and (name := pair["name"].text()):
                yield name, pair["value"]
    else:
        yield from headers.entries().items()


def _add_retry(entry: ImportedWebhook, retry: ForeignValue | None, endpoint: ForeignValue) -> None:
    fields = retry.fields(("strategy", "config")) if retry else {}
    config = fields["config"].fields(("attempts",)) if "config" in fields else {}
    if "strategy" in fields and fields["strategy"].text() != "fixed":
        fields["strategy"].leave_out("has no counterpart: pauses are listed one by one")
    at = config.get("attempts", endpoint)
    # The first one is the pause before the first attempt.
    first, *pauses = [0, *_PAUSES]
    if "attempts" in config:
        first, *pauses = [item.whole() or 0 for item in at.items()] or [0]
    if first:
        at.change("begins with an attempt at once")
    if len(pauses) > _MOST_RETRIES:
        at.change(f"has {_MOST_RETRIES} retries now, the most that may be")
    bounded = [min(max(pause, 1), _LONGEST_PAUSE) for pause in pauses]
    if bounded != pauses:
        at.change("has pauses of 1s to 2d now, as no others may be")
    schedule = [seconds(pause) for pause in bounded[:_MOST_RETRIES]]
    entry.put("retry", {"schedule": schedule}, at)


def _add_rate(entry: ImportedWebhook, rate: ForeignValue) -> None:
    fields = rate.fields(("quota", "period"))
    quota, period = (
        fields[name].whole() if name in fields else None for name in ("quota", "period")
    )
    if not quota or not period:
        rate.leave_out("has no counterpart without a quota and a period")
        return
    per_minute, rest = divmod(quota * 60, period)
    if not per_minute:
        rate.leave_out("is slower than 1/m, the least that may be")
        return
    if rest:
        rate.change(f"is {per_minute}/m now, the next whole number below")
    entry.put("rateLimit", f"{per_minute}/m", rate)


def _tell_plugin(plugin: ForeignValue) -> None:
    found = plugin.entries() if plugin.is_mapping() else {}
    name = found["name"].text() if "name" in found else None
    is_off = "enabled" in found and not found["enabled"].flag(True)
    reason = _PLUGINS.get(name or "", _NOT_KEPT)
    plugin.leave_out("is off" if is_off else reason)
