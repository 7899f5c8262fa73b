"""Kinds of objects that the commands show: the fields that are asked for and the columns that are
shown, once for all commands. docs/cli.md has the columns; a test compares them.
"""

import json
from datetime import UTC, datetime
from typing import Any, Final

from hookline.cli.output import (
    Node,
    Noun,
    TableColumn,
    at,
    milliseconds,
    word,
    words,
    yes_or_no,
)
from hookline.cli.tables import ago

PAGE_INFO: Final = "pageInfo { hasNextPage endCursor }"


def _plain(path: str) -> TableColumn:
    return TableColumn(at(path))


def _state(path: str) -> TableColumn:
    return TableColumn(at(path), word, is_colored=True)


def _time(path: str) -> TableColumn:
    return TableColumn(at(path), ago)


def _json(path: str) -> TableColumn:
    return TableColumn(at(path), lambda value: json.dumps(value, indent=2, ensure_ascii=False))


def _managed_by(node: Node) -> str | None:
    origin = node["managedBy"]
    if origin is None:
        return None
    place = f"{origin['file'] or ''}:{origin['line'] or ''}".strip(":")
    return " ".join(filter(None, (origin["set"], place)))


def _labels(labels: list[dict[str, str]]) -> str:
    return ", ".join(f"{label['key']}={label['value']}" for label in labels)


def _result(node: Node) -> int | str | None:
    """The status code, or the error where there was no response."""
    code: int | None = node["statusCode"]
    return code if code is not None else node["errorCode"] and word(node["errorCode"])


def _recipients(receipts: list[dict[str, Any]]) -> str:
    return ", ".join(f"{one['address']} ({word(one['status'])})" for one in receipts)


def token_status(token: Node) -> str:
    """`valid`, `expired` or `revoked`, by the clock of this machine."""
    if token["revokedAt"]:
        return "revoked"
    expires_at = token["expiresAt"]
    is_over = expires_at and datetime.fromisoformat(expires_at) <= datetime.now(UTC)
    return "expired" if is_over else "valid"


def rights_of(token: Node) -> str:
    """The role that has exactly a token's scopes, else the scopes."""
    from hookline.access.scopes import role_of

    return role_of(token["scopes"]) or words(token["scopes"])


WEBHOOK: Final = Noun(
    "webhooks",
    """id slug name description url status active environments events timeout concurrency rateLimit
    labels { key value } version createdAt createdBy { name } modifiedAt modifiedBy { name }
    managedBy { set file line commit } listener { expiresAt }
    health { backlog consecutiveFailures failingSince lastAttemptAt lastSuccessAt lastStatusCode
    autoDisabledAt autoDisabledReason secretsError }""",
    {
        "slug": _plain("slug"),
        "id": _plain("id"),
        "name": _plain("name"),
        "description": _plain("description"),
        "url": _plain("url"),
        "status": _state("status"),
        "off-reason": _plain("health.autoDisabledReason"),
        "environments": TableColumn(at("environments"), words),
        "events": TableColumn(at("events"), words),
        "labels": TableColumn(at("labels"), _labels),
        "timeout": _plain("timeout"),
        "concurrency": _plain("concurrency"),
        "rate-limit": _plain("rateLimit"),
        "backlog": _plain("health.backlog"),
        "failing": _time("health.failingSince"),
        "last-attempt": _time("health.lastAttemptAt"),
        "last-success": _time("health.lastSuccessAt"),
        "secrets-error": _plain("health.secretsError"),
        "created": _time("createdAt"),
        "modified": _time("modifiedAt"),
        "by": _plain("modifiedBy.name"),
        "managed-by": TableColumn(_managed_by),
        "listener": _time("listener.expiresAt"),
    },
    ("slug", "status", "url", "environments", "events", "backlog", "failing", "modified"),
)
EVENT: Final = Noun(
    "events",
    "id type environment occurredAt receivedAt idempotencyKey",
    {
        "id": _plain("id"),
        "type": _plain("type"),
        "environment": _plain("environment"),
        "received": _time("receivedAt"),
        "occurred": _time("occurredAt"),
        "key": _plain("idempotencyKey"),
    },
    ("id", "type", "environment", "received", "key"),
)
DELIVERY: Final = Noun(
    "deliveries",
    """id status attemptCount createdAt finishedAt nextAttemptAt manual test
    webhook { id slug } event { id type environment }""",
    {
        "id": _plain("id"),
        "status": _state("status"),
        "webhook": _plain("webhook.slug"),
        "event": _plain("event.id"),
        "type": _plain("event.type"),
        "environment": _plain("event.environment"),
        "attempts": _plain("attemptCount"),
        "created": _time("createdAt"),
        "next-attempt": _time("nextAttemptAt"),
        "finished": _time("finishedAt"),
        "manual": TableColumn(at("manual"), yes_or_no),
        "test": TableColumn(at("test"), yes_or_no),
    },
    ("id", "status", "webhook", "type", "attempts", "created", "next-attempt"),
)
ATTEMPT: Final = Noun(
    "attempts",
    """id number outcome cause statusCode errorCode errorMessage startedAt durationMs nextAttemptAt
    delivery { id } webhook { id slug } event { id type environment }""",
    {
        "id": _plain("id"),
        "time": _time("startedAt"),
        "outcome": _state("outcome"),
        "result": TableColumn(_result),
        "webhook": _plain("webhook.slug"),
        "type": _plain("event.type"),
        "event": _plain("event.id"),
        "environment": _plain("event.environment"),
        "delivery": _plain("delivery.id"),
        "number": _plain("number"),
        "cause": TableColumn(at("cause"), word),
        "duration": TableColumn(at("durationMs"), milliseconds),
        "next-attempt": _time("nextAttemptAt"),
        "error": _plain("errorMessage"),
    },
    ("time", "outcome", "result", "webhook", "type", "number", "duration", "id"),
)
NOTIFICATION: Final = Noun(
    "notifications",
    """id kind message failures failingSince lastStatusCode backlog set revision createdAt
    emails { address status sentAt error } webhook { id slug }""",
    {
        "id": _plain("id"),
        "created": _time("createdAt"),
        "kind": TableColumn(at("kind"), word),
        "webhook": _plain("webhook.slug"),
        "set": _plain("set"),
        "message": _plain("message"),
        "emails": TableColumn(at("emails"), _recipients),
    },
    ("created", "kind", "webhook", "message", "emails"),
)
EVENT_TYPE: Final = Noun(
    "event types",
    "id name description strict schema sample",
    {
        "name": _plain("name"),
        "id": _plain("id"),
        "description": _plain("description"),
        "strict": TableColumn(at("strict"), yes_or_no),
        "schema": _json("schema"),
        "sample": _json("sample"),
    },
    ("name", "strict", "description"),
)
AUDIT_ENTRY: Final = Noun(
    "audit entries",
    "id action at source reason subjectId requestId before after actor { kind name tokenId }",
    {
        "id": _plain("id"),
        "time": _time("at"),
        "action": _plain("action"),
        "actor": _plain("actor.name"),
        "source": TableColumn(at("source"), word),
        "subject": _plain("subjectId"),
        "reason": _plain("reason"),
        "request": _plain("requestId"),
        "before": _json("before"),
        "after": _json("after"),
    },
    ("time", "action", "actor", "source", "subject", "reason"),
)
JOB: Final = Noun(
    "jobs",
    """id kind status total done error createdAt finishedAt createdBy { name }
    webhook { id slug }""",
    {
        "id": _plain("id"),
        "kind": _plain("kind"),
        "status": _state("status"),
        "done": _plain("done"),
        "total": _plain("total"),
        "webhook": _plain("webhook.slug"),
        "by": _plain("createdBy.name"),
        "created": _time("createdAt"),
        "finished": _time("finishedAt"),
        "error": _plain("error"),
    },
    ("id", "kind", "status", "done", "total", "webhook", "by", "created"),
)
TOKEN: Final = Noun(
    "tokens",
    "id name lastFour scopes createdAt expiresAt lastUsedAt revokedAt",
    {
        "name": _plain("name"),
        "id": _plain("id"),
        "status": TableColumn(token_status, is_colored=True),
        "rights": TableColumn(rights_of),
        "scopes": TableColumn(at("scopes"), words),
        "ends-in": _plain("lastFour"),
        "created": _time("createdAt"),
        "last-used": _time("lastUsedAt"),
        "expires": _time("expiresAt"),
        "revoked": _time("revokedAt"),
    },
    ("name", "status", "rights", "ends-in", "created", "last-used", "expires", "id"),
)
NOUNS: Final = (
    WEBHOOK,
    EVENT,
    DELIVERY,
    ATTEMPT,
    NOTIFICATION,
    EVENT_TYPE,
    AUDIT_ENTRY,
    JOB,
    TOKEN,
)
