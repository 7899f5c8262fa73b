"""Finding webhooks: by id, by slug, and lists with their filter and order."""

import re
from typing import Annotated

import strawberry
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.auth import require
from api.execution.errors import BadInput
from api.schema.connections import Connection
from api.schema.filters import check_event
from api.schema.header import LabelInput
from api.schema.listing import LONGEST_SEARCH, Listed, paged
from api.schema.node import NOTHING, Info, first_of, is_storable, key_of
from api.schema.types import Webhook, find_webhook
from api.schema.webhook_order import WebhookOrder, order_of
from api.schema.webhook_types import WebhookStatus
from hookline.form.check import SLUG
from hookline.form.event_names import patterns_of
from hookline.models import Webhook as WebhookRow

_STATUS = {
    WebhookStatus.ACTIVE: Q(is_active=True, auto_disabled_at__isnull=True),
    WebhookStatus.INACTIVE: Q(is_active=False),
    WebhookStatus.AUTO_DISABLED: Q(is_active=True, auto_disabled_at__isnull=False),
}


@strawberry.input(
    description="Conditions on webhooks. A webhook must meet all that are given; null and "
    "an empty list set no condition."
)
class WebhookFilter:
    search: str | None = strawberry.field(
        default=None,
        description="Text that the name, slug, URL, description or a label (as key=value) "
        f"contains, ignoring case. At most {LONGEST_SEARCH} characters.",
    )
    status: list[WebhookStatus] | None = strawberry.field(
        default=None, description="Statuses, any of which matches."
    )
    environment: str | None = strawberry.field(
        default=None, description="Environment whose events the webhook receives."
    )
    event: str | None = strawberry.field(
        default=None,
        description="Event type that the webhook's patterns match, such as order.order.created.",
    )
    url: str | None = strawberry.field(
        default=None, description="Text that the URL contains, ignoring case."
    )
    managed: bool | None = strawberry.field(
        default=None,
        description="True for webhooks that a webhooks file owns, false for all others.",
    )
    set: str | None = strawberry.field(
        default=None,
        description="Exact name of the set of the webhooks file that owns the webhook.",
    )
    failing: bool | None = strawberry.field(
        default=None,
        description="True for webhooks whose latest attempts failed (`health.failingSince`), false "
        "for all others.",
    )
    label: LabelInput | None = strawberry.field(
        default=None, description="Label that the webhook has."
    )
    deleted: bool | None = strawberry.field(
        default=None, description="True for deleted webhooks. By default only others are returned."
    )


@strawberry.type
class WebhookQuery:
    @strawberry.field(
        description="Returns a webhook by its ID, even if it was deleted, or null if there is "
        "none. Requires the scope webhooks:read."
    )
    async def webhook(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the webhook (wh_…).")],
    ) -> Webhook | None:
        return await find_webhook(info, key_of("wh", id))

    @strawberry.field(
        description="Returns the webhook with this slug, or null if there is none. Deleted "
        "webhooks are not found. Requires the scope webhooks:read."
    )
    async def webhook_by_slug(
        self,
        info: Info,
        slug: Annotated[str, strawberry.argument(description="Slug of the webhook.")],
    ) -> Webhook | None:
        actor = require(info, "webhooks:read")
        # no row has it, and the database would raise for some texts
        if not re.fullmatch(SLUG, slug):
            return None
        rows = WebhookRow.filter(
            workspace_id=actor.workspace_id, slug=slug, deleted_at__isnull=True
        )
        row = await first_of(info, rows)
        return Webhook.of(row) if row else None

    @paged(
        Connection[Webhook] | None,
        description="Returns webhooks, by name unless `orderBy` is given. Requires the scope "
        "webhooks:read.",
    )
    async def webhooks(
        self,
        info: Info,
        filter: Annotated[
            WebhookFilter | None,
            strawberry.argument(
                description="Conditions that the webhooks must meet. All webhooks that "
                "are not deleted by default."
            ),
        ] = None,
        order_by: Annotated[
            WebhookOrder | None,
            strawberry.argument(description="Sort order. By name, ascending, by default."),
        ] = None,
    ) -> Listed[WebhookRow]:
        actor = require(info, "webhooks:read")
        wanted = filter or WebhookFilter()
        check_event(info, wanted.environment, wanted.event, "event")
        rows = _filtered(WebhookRow.filter(workspace_id=actor.workspace_id), wanted)
        dialect = info.context.runtime.database.dialect
        return Listed(rows, Webhook.of, order_of(order_by, dialect, info.context.now))


def _filtered(rows: QuerySet[WebhookRow], wanted: WebhookFilter) -> QuerySet[WebhookRow]:
    rows = rows.filter(deleted_at__isnull=not wanted.deleted)
    if wanted.search and len(wanted.search) > LONGEST_SEARCH:
        raise BadInput(f"search must be at most {LONGEST_SEARCH} characters long.")
    if not all(is_storable(text) for text in _texts(wanted)):
        return rows.filter(id=NOTHING)
    if wanted.search:
        columns = ("name", "slug", "url", "description", "labels")
        rows = rows.filter(
            Q(*(Q(**{f"{column}__icontains": wanted.search}) for column in columns), join_type="OR")
        )
    if wanted.url:
        rows = rows.filter(url__icontains=wanted.url)
    if wanted.status:
        rows = _in_status(rows, set(wanted.status), bool(wanted.deleted))
    if wanted.environment is not None:
        # the columns are text with an item a line: the same search on both engines
        rows = rows.filter(environments__contains=_line(wanted.environment))
    if wanted.event is not None:
        # at most eight patterns match a type: each segment or *
        patterns = patterns_of(wanted.event)
        rows = rows.filter(Q(*(Q(events__contains=_line(p)) for p in patterns), join_type="OR"))
    if wanted.managed is not None:
        rows = rows.filter(sync_set__isnull=not wanted.managed)
    if wanted.set is not None:
        rows = rows.filter(sync_set=wanted.set)
    if wanted.failing is not None:
        rows = rows.filter(failing_since__isnull=not wanted.failing)
    if wanted.label is not None:
        rows = rows.filter(labels__contains=_line(f"{wanted.label.key}={wanted.label.value}"))
    return rows


def _in_status(
    rows: QuerySet[WebhookRow], wanted: set[WebhookStatus], are_deleted: bool
) -> QuerySet[WebhookRow]:
    if are_deleted:  # all of them are off
        return rows if WebhookStatus.INACTIVE in wanted else rows.filter(id=NOTHING)
    return rows.filter(Q(*(_STATUS[status] for status in wanted), join_type="OR"))


def _texts(wanted: WebhookFilter) -> list[str]:
    label = wanted.label
    given = (
        wanted.search,
        wanted.url,
        wanted.environment,
        wanted.set,
        label and label.key,
        label and label.value,
    )
    return [text for text in given if text]


def _line(item: str) -> str:
    """Returns an item as it stands in a column of lines."""
    return f"\n{item}\n"
