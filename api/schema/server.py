"""This installation, as its settings have it: the fields that any token may read."""

import strawberry

from api.schema.node import Info
from hookline import __version__
from hookline.settings.fields import Settings


@strawberry.type(description="Periods after which rows are removed, in days.")
class Retention:
    event_days: int = strawberry.field(
        description="Days that the data of events is kept. It is null afterwards, and can't be "
        "sent any more."
    )
    attempt_days: int = strawberry.field(
        description="Days that attempts, deliveries and events without their data are kept, and "
        "the log of a deleted webhook."
    )
    notification_days: int = strawberry.field(
        description="Days that notifications and the receipts of their emails are kept."
    )


@strawberry.type(description="This installation of Hookline.")
class Server:
    version: str = strawberry.field(description="Version of the server, such as 1.2.0.")
    environments: list[str] = strawberry.field(
        description="Environments that events and webhooks may use."
    )
    largest_event_bytes: int = strawberry.field(
        description="Maximum size of the JSON data of one event, in bytes."
    )
    has_mail_server: bool = strawberry.field(
        description="True if emails are sent over a mail server. Otherwise each is written to a "
        "file in the outbox folder of the server."
    )
    retention: Retention = strawberry.field(
        description="Periods after which rows are removed, in days."
    )

    @classmethod
    def of(cls, settings: Settings) -> "Server":
        return cls(
            version=__version__,
            environments=list(settings.environments),
            largest_event_bytes=settings.max_event_bytes,
            has_mail_server=bool(settings.smtp_url.get_secret_value()),
            retention=Retention(
                event_days=settings.event_days,
                attempt_days=settings.attempt_days,
                notification_days=settings.notification_days,
            ),
        )


@strawberry.type
class ServerQuery:
    @strawberry.field(
        description="Returns the settings of this installation that clients need. Requires no "
        "scope."
    )
    def server(self, info: Info) -> Server:
        return Server.of(info.context.runtime.settings)

    @strawberry.field(
        description="Returns the environments that events and webhooks may use. Requires no scope."
    )
    def environments(self, info: Info) -> list[str]:
        return list(info.context.runtime.settings.environments)
