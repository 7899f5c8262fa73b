"""The page of limits that a client may meet, with the numbers that the code has."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Final

from api.execution.limits import Limits
from api.execution.sizes import DEFAULT_PAGE, LARGEST_PAGE
from hookline.access.tokens import SCOPES_LIMIT
from hookline.deliveries.retries import RETRY_AFTER_LIMIT
from hookline.events import checking, schemas, types
from hookline.form import filter_work, filters, rates
from hookline.notifications.mail_limits import MAILS_A_DAY
from hookline.outbound import addresses, payloads, template_child
from hookline.sync.read import collecting, file_text, nodes
from hookline.webhooks.secrets import OVERLAP_LIMIT
from tools.docs_site.reference.markdown import cell, table

Row = tuple[str, object]

OF_A_DOCUMENT: Final = {
    "characters": "characters",
    "tokens": "tokens",
    "comments": "comments",
    "operations": "operations",
    "depth": "levels",
    "fields": "fields, fragments opened",
    "aliases": "uses of one field at one place",
    "repeats": "pairs of fields that a response merges",
    "cost": "objects that it could return, with the prices of lists",
    "answer_bytes": "bytes of the answer",
    "list_items": "items of all lists in the variables",
    "unknown_fields": "unknown fields of inputs in the variables",
}
"""Each limit of a GraphQL document."""

_HEAD: Final = """# Limits

Made from the code: what a client may meet. Bounds of a webhook's fields stand with [the fields](../webhooks.md), those
of connections, of time, and of what strangers may do in [Security](../security.md), each with its
[setting](settings.md) where it has one.
"""


def page() -> str:
    document = Limits()
    parts = [
        (
            "A GraphQL document",
            ((OF_A_DOCUMENT[f.name], getattr(document, f.name)) for f in fields(document)),
        ),
        (
            "Lists",
            [
                ("items of a page, when none are asked for", DEFAULT_PAGE),
                ("items of a page", LARGEST_PAGE),
            ],
        ),
        ("Publishing", _publishing()),
        ("Webhooks", _webhooks()),
        ("Webhooks files", _files()),
        ("Others", _others()),
    ]
    return "\n".join([_HEAD, *(_part(title, rows) for title, rows in parts)])


def _publishing() -> list[Row]:
    return [
        ("bytes of an event's JSON data", "`HOOKLINE_MAX_EVENT_BYTES`"),
        ("levels of an event's data", payloads.DEPTH_LIMIT),
        ("events of one batch", checking.BATCH_LIMIT),
        ("bytes of data of one batch", checking.BATCH_BYTES_LIMIT),
        ("characters of an idempotency key", checking.KEY_LENGTH_LIMIT),
        ("hours in which a key is known again", 24),
        ("types in the catalogue of a workspace", types.TYPES_LIMIT),
        ("bytes of an event type's JSON Schema", schemas.SIZE_LIMIT),
        ("violations of a schema that are told", schemas.PROBLEMS_LIMIT),
    ]


def _webhooks() -> list[Row]:
    return [
        ("characters of a URL", addresses.URL_LENGTH_LIMIT),
        ("headers", addresses.HEADER_COUNT_LIMIT),
        ("bytes of a header's value", addresses.HEADER_VALUE_BYTES_LIMIT),
        ("conditions of a filter", filters.CONDITIONS_LIMIT),
        ("levels of groups of a filter", filters.DEPTH_LIMIT),
        ("items of an `in` list", filters.ITEMS_LIMIT),
        ("characters of a filter as JSON", filters.SIZE_LIMIT),
        ("elements that a filter's `contains` look at in one event", filter_work.WORK_LIMIT),
        ("bytes of a payload that a template makes", template_child.OUTPUT_LIMIT),
        ("requests a minute of a `rateLimit`", rates.PER_MINUTE_LIMIT),
        ("hours of a `Retry-After` that is heard", int(RETRY_AFTER_LIMIT.total_seconds() // 3600)),
        ("days in which an old signing secret goes on", OVERLAP_LIMIT.days),
        ("bytes of a response body that are kept", 16 * 1024),
    ]


def _files() -> list[Row]:
    return [
        ("bytes of all files of a run", file_text.MAX_FILE_BYTES),
        ("files of a folder", collecting.MOST_FILES),
        ("values", nodes.MAX_NODES),
        ("levels", nodes.MAX_DEPTH),
    ]


def _others() -> list[Row]:
    return [
        ("scopes of a token", SCOPES_LIMIT),
        ("mails to one mailbox within 24 hours", MAILS_A_DAY),
        ("mails an hour about one webhook and kind to one mailbox", 1),
    ]


def _part(title: str, rows: Iterable[Row]) -> str:
    cells = (
        [cell(text), f"{value:,}" if isinstance(value, int) else str(value)] for text, value in rows
    )
    return f"## {title}\n\n" + table(["at most", "limit"], cells)
