"""Sizes and prices of the schema's fields: `api.execution.limits` counts by them what an operation
may return, before it reads anything. Lists with `first` and `last` need no entry. A test asks for
every list of the schema and compares.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from api.execution.sizes import Sizes
from api.schema.event_counts import MOST_PATTERNS, MOST_TYPES
from api.schema.event_matches import MOST_REASONS
from api.schema.webhook_many import LARGEST_SELECTION
from hookline.access.tokens import SCOPES_LIMIT
from hookline.deliveries import statistics
from hookline.deliveries.looks import EVENTS_SHOWN, ROWS_AT_ONCE
from hookline.errors import HooklineError
from hookline.events.checking import BATCH_LIMIT
from hookline.form.kinds import ListOf
from hookline.form.mail_kind import Emails
from hookline.form.webhook_fields import FIELDS
from hookline.form.webhook_kinds import Headers, Labels
from hookline.sync.plan.policy_changes import MOST_CHANGES
from hookline.sync.read.problems import MAX_PROBLEMS

# Twenty of the webhook's own, secret and authorisation, and those that every request has.
_REQUEST_HEADERS: Final = 40
_ITEMS: Final = {
    "Attempt.requestHeaders": _REQUEST_HEADERS,
    # workers/answers.py keeps no more of an answer.
    "Attempt.responseHeaders": 100,
    "AuditEntryBatch.items": ROWS_AT_ONCE,
    "DeliveryBatch.items": ROWS_AT_ONCE,
    "EventBatch.items": EVENTS_SHOWN,
    "JobBatch.items": ROWS_AT_ONCE,
    "DryRunRequest.headers": _REQUEST_HEADERS,
    "EventMatch.reasons": MOST_REASONS,
    # Codes by classes.
    "FailureCounts.counts": 100,
    "Notification.emails": 20,
    "Query.environments": 1_000,
    "Server.environments": 1_000,
    "RetryPolicy.schedule": 20,
    # hookline/webhooks/change.py lets so many secrets be valid at a time.
    "Signing.secrets": 10,
    "SyncChange.fields": len(FIELDS) + 1,
    # Of one field: a webhook has at most 20 headers.
    "SyncExportWebhook.omitted": len(FIELDS),
    # Twenty headers, secret header, password, signing secret.
    "SyncExportWebhook.variables": 23,
    "SyncFieldChange.changedSecrets": 20,
    "SyncRevision.policyChanges": MOST_CHANGES,
    "SyncRevisionChange.fields": len(FIELDS) + 1,
    "SyncRevisionFieldChange.changedSecrets": 20,
    "SyncOrigin.lockedFields": len(FIELDS),
    "SyncOrigin.ignoredFields": len(FIELDS),
    "SyncPlan.policyChanges": MOST_CHANGES,
    "SyncPolicy.stricter": 3,
    "SyncFile.problems": MAX_PROBLEMS,
    "SyncProblem.path": 20,
    "Token.scopes": SCOPES_LIMIT,
    "UnlistedEventTypes.types": MOST_TYPES,
    "UserError.field": 20,
    # A listener has no headers of its own.
    "ListenerRequest.headers": 10,
    "Viewer.scopes": SCOPES_LIMIT,
    "Webhook.eventPatterns": 100,
    "WebhookDryRunPayload.reasons": 20,
    "WebhookResult.userErrors": 20,
    **{
        f"Webhook.{name}": row.kind.high
        for name, row in FIELDS.items()
        if isinstance(row.kind, ListOf | Headers | Labels | Emails)
    },
}
# What a mutation says about its own input: as long as that makes it, and the body is bounded. The
# list counts as one item, and each time that it is selected has this price.
OF_WHAT_WAS_SENT: Final = {
    **{
        f"{noun}Payload.userErrors": 500
        for noun in (
            "Delivery",
            "EventPublish",
            "EventPublishBatch",
            "EventType",
            "Job",
            "Listener",
            "ListenerAnswer",
            "SyncApply",
            "SyncPlan",
            "Token",
            "TokenCreate",
            "Webhook",
            "Webhooks",
            "WebhookDryRun",
            "WebhookSecret",
            "WebhookTest",
            "WebhookTestMail",
            "Workspace",
        )
    },
    "SyncApplyPayload.problems": 2_500,
    "SyncPlanPayload.problems": 2_500,
    "SyncPlan.changes": 2_500,
    "SyncPlan.blocked": 2_500,
    "SyncPlan.unknownSecrets": 2_500,
    "SyncPlan.warnings": 2_500,
}
# 256 KiB are as much as a hundred objects are, and more to send.
_DATA: Final = 100
# Mutations that compute or send much, whatever is selected of them: fifty under aliases ran in one
# request. A dry run looks at as much of an event as a filter may (20 ms), a test holds a connection
# for a webhook's timeout, and a plan compares all webhooks of a workspace.
_MUTATIONS: Final = {
    "Mutation.webhookDryRun": 1_000,
    # Counts up to 10,000 deliveries and looks at as many events.
    "Mutation.deliveriesRetry": 1_000,
    "Mutation.webhookTest": 2_500,
    "Mutation.webhookTestMail": 500,
    # A transaction for each of a hundred.
    "Mutation.webhooksSetActive": 2_000,
    "Mutation.webhooksDelete": 2_000,
    "Mutation.syncPlan": 10_000,
    "Mutation.syncApply": 10_000,
    "Mutation.syncRollbackPlan": 10_000,
    "Mutation.syncRollback": 10_000,
}
_PRICES: Final = {
    **OF_WHAT_WAS_SENT,
    **_MUTATIONS,
    # 10,000 rows by an index: 2 to 230 ms (November 2026).
    **{
        f"{noun}Connection.{name}": 1_000
        for noun in (
            "Attempt",
            "AuditEntry",
            "Delivery",
            "Event",
            "EventMatch",
            "EventType",
            "Job",
            "Notification",
            "SyncExportWebhook",
            "SyncRevision",
            "SyncSet",
            "SyncSource",
            "Token",
            "Webhook",
        )
        for name in ("totalCount", "totalCountExact")
    },
    # A statement each, where the page itself does not show it.
    "PageInfo.hasNextPage": 20,
    "PageInfo.hasPreviousPage": 20,
    # Also 10,000 rows, but many webhooks' in one statement.
    "WebhookHealth.backlog": 50,
    "WebhookHealth.failedEvents": 10,
    "Webhook.stats": 10,
    # Counters of all webhooks, a million rows for a day of 10,000 busy ones: in turn with whatever
    # else is large (1.4 s of a core, 2026-11).
    "Query.stats": 2_500,
    # 10,000 rows by an index.
    "Query.failureCounts": 1_000,
    # Of a filter that looks at as much as it may 100 ms, of most some microseconds.
    "EventMatch.matches": 50,
    "EventMatch.reasons": 50,
    "EventMatch.delivery": 10,
    # 100,000 events by an index, and from type to type.
    "Query.eventPatternCounts": 2_000,
    "Query.unlistedEventTypes": 2_000,
    # 10,000 events by an index take 0.4 s if all were missed (2026-11-28), 16 MiB of data and
    # filters as much again; the counts the same.
    "Webhook.missed": 2_500,
    "Event.missed": 1_000,
    "MissedConnection.totalCount": 2_500,
    "MissedConnection.totalCountExact": 2_500,
    "MissedConnection.deliveredCount": 2_500,
    "MissedConnection.deliverableCount": 2_500,
    # 10,000 webhooks take 1.3 to 1.9 s of a core (2026-11-29), once for all sets of a page.
    "Query.syncDrift": 2_500,
    # Up to 1.2 s of a core for 1 MiB.
    "Query.syncFile": 2_500,
    "SyncPlan.changesJson": 2_500,
    # As a webhook's template, 64 KiB.
    "SyncExportWebhook.yaml": 25,
    "SyncSet.driftCount": 250,
    "SyncSet.webhookCount": 20,
    # What is counted is the length of what was read.
    "SyncChangeConnection.totalCount": 1,
    "SyncChangeConnection.totalCountExact": 1,
    "SyncRevision.changes": 50,
    "SyncRevisionChangeConnection.totalCount": 1,
    "SyncRevisionChangeConnection.totalCountExact": 1,
    "Webhook.lastAttempt": 2,
    "Delivery.manual": 2,
    "Delivery.test": 2,
    "Webhook.oldestOpenDelivery": 50,
    "Event.data": _DATA,
    "Attempt.requestBody": _DATA,
    "ListenerRequest.body": _DATA,
    # 16 KiB, in one or the other.
    "Attempt.responseBody": 10,
    "Attempt.responseBodyBase64": 10,
    # 64 KiB of text or JSON.
    "Webhook.payloadTemplate": 25,
    "Webhook.filter": 10,
    "EventType.schema": 25,
    "EventType.sample": 25,
    "AuditEntry.before": 25,
    "AuditEntry.after": 25,
    # 4 KiB.
    "Header.value": 1,
}


def stats_size(arguments: Mapping[str, Any], now: datetime) -> int:
    """Buckets of statistics; 0 for arguments that are refused."""
    try:
        span = statistics.span_of(
            arguments["since"], arguments.get("until"), arguments["step"], now
        )
    except HooklineError:
        return 0
    return len(span.starts)


def patterns_size(arguments: Mapping[str, Any], now: datetime) -> int:
    """Counts of patterns: as many as patterns; 0 for more than are taken."""
    count = len(arguments["patterns"])
    return count if count <= MOST_PATTERNS else 0


def batch_size(arguments: Mapping[str, Any], now: datetime) -> int:
    """Results of a batch: as many as events, or none."""
    count = len(arguments["input"]["events"])
    return count if count <= BATCH_LIMIT else 0


def selection_size(arguments: Mapping[str, Any], now: datetime) -> int:
    """Results of a mutation of several webhooks: as many as are selected, or none."""
    count = len(arguments["input"]["webhooks"])
    return count if count <= LARGEST_SELECTION else 0


SIZES: Final = Sizes(
    items={**_ITEMS, **dict.fromkeys(OF_WHAT_WAS_SENT, 1)},
    sized={
        "Webhook.stats": stats_size,
        "Query.stats": stats_size,
        "Query.eventPatternCounts": patterns_size,
        "Mutation.eventPublishBatch": batch_size,
        "Mutation.webhooksSetActive": selection_size,
        "Mutation.webhooksDelete": selection_size,
    },
    prices=_PRICES,
    # Two secrets of each of 10,000 webhooks, with their paths.
    sent={"SyncPlanInput.secrets": 100_000, "SyncApplyInput.secrets": 100_000},
    looked_at={"EventPublishInput": BATCH_LIMIT},
)
