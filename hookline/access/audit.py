"""The audit log: who changed what and when. Each verb records its change in its own transaction;
secrets are masked before they get here.

Read by the API's auditEntries; nothing else depends on it.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

from hookline import clock, ids
from hookline.models import AuditEntry

# A context variable: verbs know nothing of requests, and each request is a task with a context of
# its own.
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""Id of the API request that is being answered; the API sets it."""
CONSOLE: Final = "console"
CLIENT: Final[ContextVar[str | None]] = ContextVar("client", default=None)
"""CONSOLE where the request says that it is the console's, which nothing here could check."""
MASK: Final = "(secret)"

# JSON values by the API's field names.
Values = Mapping[str, Any]


async def record(
    workspace_id: UUID,
    actor: Values,
    action: str,
    subject: tuple[str, UUID] | None,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Writes an entry; part of the transaction around it.

    actor: as `Actor.stored`. subject: prefix and key. before, after: what changed, secrets as
    fingerprints.
    """
    # In the change's own transaction: no change without its entry, no entry without its change.
    await AuditEntry(**entry(workspace_id, actor, action, subject, before, after)).save(
        force_create=True
    )


def entry(
    workspace_id: UUID,
    actor: Values,
    action: str,
    subject: tuple[str, UUID] | None,
    before: Values | None = None,
    after: Values | None = None,
) -> dict[str, Any]:
    """The row of an entry."""
    return entry_of_masked(
        workspace_id, with_client(actor), action, subject, masked(before), masked(after)
    )


def with_client(actor: Values) -> Values:
    """The actor as entries keep it, with the client that the request names."""
    client = CLIENT.get()
    return actor if client is None else {**actor, "client": client}


def entry_of_masked(
    workspace_id: UUID,
    actor: Values,
    action: str,
    subject: tuple[str, UUID] | None,
    before: Values | None,
    after: Values | None,
) -> dict[str, Any]:
    """The row of an entry, for callers that write many at once. actor: as `with_client` gives it;
    before, after: with masks for secrets already, as in a plan's changes.
    """
    prefix, key = subject or (None, None)
    return {
        "id": ids.uuid7(),
        "workspace_id": workspace_id,
        "action": action,
        "actor": actor,
        # A column beside the JSON, by which lists are filtered.
        "actor_name": actor["name"],
        "at": clock.now(),
        "subject_prefix": prefix,
        "subject_id": key,
        "before": before,
        "after": after,
        "request_id": REQUEST_ID.get(),
    }


def masked(value: Any) -> Any:
    """The value with each `{"fingerprint": …}` as a mask."""
    # The usual case of 10,000 webhooks: to ask for a Mapping, or a union, takes four times as long.
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return (
            MASK
            if value.keys() == {"fingerprint"}
            else {key: masked(item) for key, item in value.items()}
        )
    return [masked(item) for item in value] if isinstance(value, list | tuple) else value
