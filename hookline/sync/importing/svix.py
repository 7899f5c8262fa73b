"""Svix: answers of `GET /api/v1/app/{app_id}/endpoint`, one or several pages, or a list of their
endpoints (EndpointOut of svix 1 and 2). Called by reading. Pure.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from hookline.sync.importing.foreign import ForeignValue
from hookline.sync.importing.imported_webhook import ImportedWebhook, Slugs, host_of

# eventTypes and throttleRate are the names of version 2.
_KNOWN: Final = (
    *("url", "description", "uid", "disabled", "filterTypes", "eventTypes", "channels"),
    *("rateLimit", "throttleRate", "metadata", "headers"),
)
_RECORDS: Final = ("id", "version", "createdAt", "updatedAt")
_PAGE: Final = ("data", "iterator", "prevIterator", "done")


def entries(root: ForeignValue, slugs: Slugs) -> Iterator[ImportedWebhook] | None:
    """The webhooks of a file; None when it is no list of endpoints."""
    pages = _pages(root)
    if all(page.has("data") for page in pages) and pages:
        endpoints = [one for page in pages for one in _endpoints(page)]
    elif all(page.has("url") for page in pages):
        endpoints = pages
    else:
        return None
    return (_entry(endpoint, slugs) for endpoint in endpoints)


def _endpoints(page: ForeignValue) -> list[ForeignValue]:
    fields = page.fields(_PAGE)
    return fields["data"].items() if "data" in fields else []


def check_pages(roots: Sequence[ForeignValue]) -> None:
    """Notes that the last page is not among those of all files, in whatever order they are named.
    The last one alone says that it is `done`.
    """
    pages = [page for root in roots for page in _pages(root) if page.is_mapping()]
    said = [done for page in pages if (done := page.entries().get("done"))]
    if said and not any(done.flag(True) for done in said):
        said[-1].refuse("is false on every page: further endpoints follow, on a page to be named")


def _pages(root: ForeignValue) -> list[ForeignValue]:
    return root.items() if root.is_list() else [root]


def _entry(endpoint: ForeignValue, slugs: Slugs) -> ImportedWebhook:
    fields = endpoint.fields(_KNOWN, _RECORDS)
    texts = [fields[name].text() for name in ("uid", "description") if name in fields]
    url = fields["url"].text() if "url" in fields else None
    name = next((text for text in texts if text), None) or host_of(url or "")
    entry = ImportedWebhook(slugs.take(name), endpoint)
    if "url" in fields:
        entry.put_url(fields["url"], lambda text: None)
    if "description" in fields and (text := fields["description"].text()):
        entry.put("description", text, fields["description"])
    if "disabled" in fields and fields["disabled"].flag(False):
        entry.put("active", False, fields["disabled"])
    _add_events(entry, fields)
    for rate in ("rateLimit", "throttleRate"):
        if rate in fields and (number := fields[rate].whole()) is not None:
            entry.put("rateLimit", f"{number}/s", fields[rate])
    if "channels" in fields:
        fields["channels"].leave_out(
            "has no counterpart: send other event types, or set a filter on the event's data"
        )
    for key, part in fields["metadata"].entries().items() if "metadata" in fields else ():
        entry.add_label(key, part)
    for key, part in fields["headers"].entries().items() if "headers" in fields else ():
        if (value := part.text()) is not None:
            entry.add_header(key, value, part)
    # The same signatures: with the same secret receivers notice nothing.
    entry.add_signing_secret()
    return entry


def _add_events(entry: ImportedWebhook, fields: dict[str, ForeignValue]) -> None:
    parts = [fields[name] for name in ("filterTypes", "eventTypes") if name in fields]
    if not parts:
        entry.add_every_event()
    for item in [item for part in parts for item in part.items()]:
        if text := item.text():
            entry.add_event(text, item)
