"""Authors of the fields that a plan disputes, put beside them once they were looked up. Called by
applying. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from hookline.sync.plan.changes import Change, ChangeKind, FieldAuthor
from hookline.sync.plan.webhooks import Planned, StoredWebhook

DISPUTED: Final = (ChangeKind.DRIFT, ChangeKind.CONFLICT)
Authors = Mapping[tuple[UUID, str], FieldAuthor]
"""Authors by webhook and field."""


def disputed(plan: Planned) -> list[tuple[UUID, str]]:
    """Webhooks and fields whose authors the plan tells."""
    return [
        (change.webhook_id, item.field)
        for change in plan.changes
        if change.kind in DISPUTED and change.webhook_id
        for item in change.fields
    ]


def with_authors(plan: Planned, authors: Authors, stored: Iterable[StoredWebhook]) -> Planned:
    """The plan with what is known of its disputed fields; its digest stays. stored: whose last
    change is told where a field's is not recorded.
    """
    last = {live.id: live.changed_by for live in stored}
    changes = (
        authored(change, authors, last[change.webhook_id])
        if change.kind in DISPUTED and change.webhook_id
        else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def authored(change: Change, authors: Authors, last: str) -> Change:
    """The disputed change of a webhook with its authors. last: told where a field's is not
    recorded.
    """
    key = change.webhook_id
    fields = tuple(
        item._replace(author=authors.get((key, item.field)) if key else None)
        for item in change.fields
    )
    is_known = all(item.author for item in fields)
    known = None if is_known else f"the webhook was last changed by {last}"
    return replace(
        change, fields=fields, hint="; ".join(filter(None, (known, change.hint))) or None
    )
