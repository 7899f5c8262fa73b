"""Scopes for reading objects: one table by type, enforced wherever an answer shows such an object,
as the payload of a mutation or the node of a subscription too. Called once per schema that is made.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    default_field_resolver,
    get_named_type,
)

from api.auth import Forbidden

_WEBHOOKS, _DELIVERIES = "webhooks:read", "deliveries:read"

READING: Final[Mapping[str, tuple[str, ...]]] = {
    "Webhook": (_WEBHOOKS,),
    "DryRunRequest": (_WEBHOOKS,),
    "EventType": (_WEBHOOKS,),
    "SyncRevision": (_WEBHOOKS,),
    "SyncSet": (_WEBHOOKS,),
    "SyncFile": (_WEBHOOKS,),
    "SyncSource": (_WEBHOOKS,),
    "SyncExport": (_WEBHOOKS,),
    "SyncChange": (_WEBHOOKS,),
    "Event": (_DELIVERIES,),
    "EventMatch": (_WEBHOOKS, _DELIVERIES),
    "EventPatternCounts": (_DELIVERIES,),
    "UnlistedEventTypes": (_DELIVERIES,),
    "Delivery": (_DELIVERIES,),
    "Attempt": (_DELIVERIES,),
    "Notification": (_DELIVERIES,),
    "StatsBucket": (_DELIVERIES,),
    "FailureCounts": (_DELIVERIES,),
    "Job": (_DELIVERIES,),
    "ListenerRequest": (_DELIVERIES,),
    "RetryCounts": (_DELIVERIES,),
    # It tells values of webhooks, and which of them were turned off by their attempts.
    "SyncPlan": (_WEBHOOKS, _DELIVERIES),
    "AuditEntry": ("webhooks:audit",),
    "Token": ("tokens:admin",),
}
"""Object types with the scopes that a token needs to see one. Types that are reached only through
these need no entry.
"""
OWN: Final = frozenset({("EventPublishPayload", "event"), ("EventPublishResult", "event")})
"""Fields that show what the caller has just sent itself: a publisher reads nothing else."""

Resolve = Callable[..., Any]


def scopes_of(type_name: str) -> tuple[str, ...]:
    """The scopes for reading a type, also one of a list of them."""
    return READING.get(type_name.removesuffix("Connection").removesuffix("Edge"), ())


def guard_reading(schema: GraphQLSchema) -> None:
    """Makes every field that shows an object of READING ask for its scopes before it is resolved,
    and says so in the types' descriptions.
    """
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        if kind.name in READING:
            scopes = " and ".join(READING[kind.name])
            plural = "s" if len(READING[kind.name]) > 1 else ""
            kind.description = (
                f"{kind.description} Requires the scope{plural} {scopes} wherever it is returned."
            )
        for name, field in kind.fields.items():
            scopes_needed = scopes_of(get_named_type(field.type).name)
            if scopes_needed and (kind.name, name) not in OWN:
                _guard(field, scopes_needed)


def _guard(field: GraphQLField, scopes: tuple[str, ...]) -> None:
    resolve: Resolve = field.resolve or default_field_resolver

    def guarded(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        for scope in scopes:
            if scope not in info.context.actor.scopes:
                raise Forbidden(scope)
        return resolve(source, info, **arguments)

    field.resolve = guarded
