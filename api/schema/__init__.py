"""The GraphQL schema, put together from its nouns. `api.app` makes it once per process; `make
schema` exports it.
"""

from functools import cache
from typing import Annotated

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api.execution.input_conversion import prepare_inputs
from api.execution.malformed import guard_arguments
from api.schema.attempt import AttemptQuery, find_attempt
from api.schema.audit import AuditQuery, find_audit_entry
from api.schema.delivery import DeliveryMutation, DeliveryQuery, find_delivery
from api.schema.event import EventMutation, EventQuery, find_event
from api.schema.event_counts import EventCountQuery
from api.schema.event_type import EventTypeMutation, EventTypeQuery, find_event_type
from api.schema.failure_counts import FailureQuery
from api.schema.job import JobMutation, JobQuery, find_job
from api.schema.job_list import JobCancelMutation, JobListQuery
from api.schema.listener import ListenerMutation, ListenerSubscription
from api.schema.live import LiveSubscription
from api.schema.node import Info, Node
from api.schema.notification import NotificationQuery, find_notification
from api.schema.reading import guard_reading
from api.schema.scalars import SCALARS
from api.schema.server import ServerQuery
from api.schema.sync import SyncMutation
from api.schema.sync_events import SyncSubscription
from api.schema.sync_export import SyncExportQuery
from api.schema.sync_file import SyncFileQuery
from api.schema.sync_revision import find_revision
from api.schema.sync_rollback import SyncRollbackMutation
from api.schema.sync_set import SyncQuery
from api.schema.sync_source import SyncSourceQuery
from api.schema.token import TokenMutation, TokenQuery, find_token
from api.schema.types import find_webhook
from api.schema.viewer import ViewerQuery, find_workspace
from api.schema.watching import WatchSubscription
from api.schema.webhook_change import WebhookMutation
from api.schema.webhook_dry_run import WebhookDryRunMutation
from api.schema.webhook_list import WebhookQuery
from api.schema.webhook_many import ManyWebhooksMutation
from api.schema.webhook_stats import StatsQuery
from api.schema.webhook_test_mail import WebhookTestMailMutation
from hookline import ids

FINDERS = {
    "ws": find_workspace,
    "wh": find_webhook,
    "evt": find_event,
    "dlv": find_delivery,
    "att": find_attempt,
    "aud": find_audit_entry,
    "ety": find_event_type,
    "job": find_job,
    "ntf": find_notification,
    "tok": find_token,
    "rev": find_revision,
}
"""Finders of `node` for each kind, by the prefix of its id; each asks for its own scope."""

QUERIES = (
    ViewerQuery,
    ServerQuery,
    WebhookQuery,
    StatsQuery,
    FailureQuery,
    EventQuery,
    EventCountQuery,
    DeliveryQuery,
    AttemptQuery,
    NotificationQuery,
    JobQuery,
    JobListQuery,
    EventTypeQuery,
    AuditQuery,
    TokenQuery,
    SyncQuery,
    SyncSourceQuery,
    SyncFileQuery,
    SyncExportQuery,
)
MUTATIONS = (
    WebhookMutation,
    ManyWebhooksMutation,
    WebhookDryRunMutation,
    WebhookTestMailMutation,
    ListenerMutation,
    EventMutation,
    DeliveryMutation,
    JobMutation,
    JobCancelMutation,
    EventTypeMutation,
    TokenMutation,
    SyncMutation,
    SyncRollbackMutation,
)


@strawberry.type
class NodeQuery:
    @strawberry.field(
        description="Returns an object of any type by its ID, or null if there is none. "
        "Requires the scope for reading objects of that type."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="ID of an object of any type.")
        ],
    ) -> Node | None:
        # Not Strawberry's own relay node (0.341): a malformed id is an internal error there
        prefix, key = ids.decode(id)
        find = FINDERS.get(prefix)
        return await find(info, key) if find else None


@cache
def make_schema() -> strawberry.Schema:
    """Makes the schema with everything that this release has, once a process: nothing changes it
    afterwards.
    """
    schema = strawberry.Schema(
        # Fields that ask for a scope may be null: without it each is null with its error, and the
        # others of the query are answered.
        query=_root("Query", "Operations that read.", (NodeQuery, *QUERIES)),
        # fields of a mutation may be null: an error in a non-null one takes the answers of all the
        # others with it
        mutation=_root(
            "Mutation",
            "Operations that write. Errors in the input are returned as userErrors; a payload is "
            "null only if there is a top-level error.",
            MUTATIONS,
        ),
        subscription=_root(
            "Subscription",
            "Live events. A gap is reported if some may be missing.",
            (LiveSubscription, SyncSubscription, WatchSubscription, ListenerSubscription),
        ),
        # own scalars: Strawberry's DateTime (0.341) takes times without an offset
        config=StrawberryConfig(scalar_map=dict(SCALARS)),
    )
    guard_arguments(schema._schema)
    # Around the other: who may not read is told no more than that.
    guard_reading(schema._schema)
    prepare_inputs(schema._schema)
    return schema


def export() -> str:
    """Prints the schema in GraphQL's own language, as `schema.graphql` holds it."""
    return make_schema().as_str().strip() + "\n"


def _root(name: str, description: str, parts: tuple[type, ...]) -> type:
    root = merge_types(name, parts)
    # merge_types takes no description
    root.__strawberry_definition__.description = description  # type: ignore[attr-defined]
    return root
