"""Webhooks as a webhooks file, a page at a time. hookline.sync.export writes the entries; no secret
is opened.
"""

from functools import cached_property
from typing import Annotated, Final

import strawberry

from api.auth import require
from api.schema.connections import Connection
from api.schema.cursors import Column, Order
from api.schema.listing import Listed, paged
from api.schema.node import Info, first_of, is_storable
from hookline.form.check import check_slug
from hookline.models import SyncSet as SetRow
from hookline.models import Webhook as WebhookRow
from hookline.sync.export import entries
from hookline.sync.export.entries import Omission, WebhookEntry
from hookline.sync.export.variables import Variable

_BY_SLUG: Final = Order("slug", (Column("slug", str),))


@strawberry.type(
    description="An environment variable that a webhooks file refers to, in place of a secret."
)
class SyncExportVariable:
    name: str = strawberry.field(description="Name of the variable.")
    path: str = strawberry.field(
        description="Path of the secret in the webhook, such as headers.X-Api-Key."
    )

    @classmethod
    def of(cls, variable: Variable) -> "SyncExportVariable":
        return cls(name=variable.name, path=variable.path)


@strawberry.type(description="A field that an exported webhook leaves out.")
class SyncExportOmission:
    field: str = strawberry.field(description="Name of the field, as in `WebhookCreateInput`.")
    reason: str = strawberry.field(description="Reason for leaving the field out.")

    @classmethod
    def of(cls, omission: Omission) -> "SyncExportOmission":
        return cls(field=omission.field, reason=omission.reason)


@strawberry.type(description="A webhook as it stands in a webhooks file.")
class SyncExportWebhook:
    slug: str = strawberry.field(description="Slug of the webhook.")
    row: strawberry.Private[WebhookRow]
    is_protected: strawberry.Private[bool]

    @cached_property
    def entry(self) -> WebhookEntry:
        """The entry, written once for all fields."""
        return entries.entry(self.row, self.is_protected)

    @strawberry.field(
        description="YAML of the webhook, indented by two spaces, to stand below `webhooks:`. "
        "It has the fields that the set owns and those that differ from their defaults."
    )
    def yaml(self) -> str:
        return self.entry.yaml

    @strawberry.field(description="Variables that the YAML refers to, one for each secret.")
    def variables(self) -> list[SyncExportVariable]:
        return [SyncExportVariable.of(one) for one in self.entry.variables]

    @strawberry.field(description="Fields that the YAML leaves out, since no file can hold them.")
    def omitted(self) -> list[SyncExportOmission]:
        return [SyncExportOmission.of(one) for one in self.entry.omitted]


@strawberry.type(
    description="A webhooks file made of the present webhooks: `head`, a line `webhooks:`, and the "
    "YAML of each webhook. A plan of it has no changes, once its variables hold the secrets."
)
class SyncExport:
    head: str = strawberry.field(
        description="First lines of the file: version, set, and the policy applied last."
    )
    set_name: strawberry.Private[str]
    is_unmanaged: strawberry.Private[bool]
    row: strawberry.Private[SetRow | None]

    @paged(Connection[SyncExportWebhook], description="Returns the webhooks of the file, by slug.")
    async def webhooks(self, info: Info) -> Listed[WebhookRow]:
        rows = WebhookRow.filter(
            workspace_id=info.context.actor.workspace_id,
            sync_set=None if self.is_unmanaged else self.set_name,
            # What left its file is turned off and out of the plan.
            sync_removed_at=None,
            deleted_at=None,
            # They go with their commands.
            listener_expires_at=None,
        )
        protected = frozenset() if self.is_unmanaged else entries.protected_slugs(self.row)

        def to_node(row: WebhookRow) -> SyncExportWebhook:
            return SyncExportWebhook(slug=row.slug, row=row, is_protected=row.slug in protected)

        return Listed(rows, to_node, _BY_SLUG)


@strawberry.type
class SyncExportQuery:
    @strawberry.field(
        description="Returns the present webhooks as a webhooks file: those of a set, or with "
        "`unmanaged` those that no file manages, for this set to adopt. Null if the set was never "
        "applied, unless `unmanaged` is true. Secrets are not in it: each is a reference to an "
        "environment variable. Requires the scope webhooks:read."
    )
    async def sync_export(
        self,
        info: Info,
        set: Annotated[str, strawberry.argument(description="Name of the set.")],
        unmanaged: Annotated[
            bool,
            strawberry.argument(description="True for the webhooks that no file manages."),
        ] = False,
    ) -> SyncExport | None:
        actor = require(info, "webhooks:read")
        if not is_storable(set) or check_slug(set):
            return None
        row = await first_of(info, SetRow.filter(workspace_id=actor.workspace_id, name=set))
        if row is None and not unmanaged:
            return None
        return SyncExport(
            head=entries.head(set, row), set_name=set, is_unmanaged=unmanaged, row=row
        )
