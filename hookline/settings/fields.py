"""Settings: `HOOKLINE_…` environment variables, read once by the command that starts. Nothing else
in the code reads it, but hookline.settings.environment for a command that can't wait for these.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from hookline.errors import Misconfigured
from hookline.settings.checks import (
    check_address,
    check_authorities,
    check_bearer_token,
    check_domains,
    check_networks,
    check_networks_and_names,
)
from hookline.settings.environment import (
    DEFAULT_ENVIRONMENTS,
    DEFAULT_HOME,
    PREFIX,
    check_environments,
    check_server,
    split_at_commas,
)
from hookline.settings.smtp_url import read_smtp_url
from hookline.settings.sync_fields import SyncSettings
from hookline.settings.urls import (
    check_base_path,
    check_base_url,
    check_origin,
    check_postgres,
    names_a_server,
    network_of,
)


def _split(value: object) -> object:
    return split_at_commas(value) if isinstance(value, str) else value


# NoDecode: pydantic-settings would read a list as JSON before it is split.
CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(SyncSettings):
    """Every setting with its default. The docstring below a field is what `hookline settings` and
    the README show.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        # A misspelt name is a warning of `hookline settings` and `hookline doctor`, not the end of
        # a server.
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
        # pydantic repeats the input in its errors otherwise: keys and passwords.
        hide_input_in_errors=True,
    )

    home: Path = DEFAULT_HOME
    """Folder for what Hookline makes itself: hookline.db, key, token."""
    host: str = "127.0.0.1"
    """Address that the API listens on."""
    port: int = Field(8000, ge=0, le=65535)
    """Port that the API listens on; 0 takes a free one."""
    database_url: str = Field("", repr=False)
    """sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME. Empty: hookline.db in the home
    folder.
    """
    broker_url: str = Field("memory://", repr=False)
    """Broker of the messages to the workers' actors: memory:// (each worker to itself),
    redis://USER:PASSWORD@HOST:PORT/NUMBER or amqp://USER:PASSWORD@HOST:PORT/VHOST.
    """
    pubsub_url: str = Field("", repr=False)
    """Carrier of wake-ups and live events: memory://, postgres://… or redis://… . Empty: the
    database itself on PostgreSQL, else memory.
    """
    environments: CommaSeparated = DEFAULT_ENVIRONMENTS
    """The environments that events and webhooks may name, comma-separated."""
    secret_keys: SecretStr = SecretStr("")
    """Keys that seal secrets: base64 of 32 bytes each, comma-separated, newest first. Empty: the
    key file in the home folder.
    """
    egress_allow: CommaSeparated = ()
    """Private targets that may be sent to: networks (10.1.0.0/16) and host names,
    comma-separated.
    """
    host_concurrency: int = Field(0, ge=0, le=500)
    """Requests that each process has on the wire to one host at a time; 0: no limit."""
    ca_file: str = ""
    """PEM file of certificate authorities of your own, trusted besides the system's: for receivers,
    the mail server and the commands' --server.
    """
    smtp_url: SecretStr = SecretStr("")
    """smtp(s)://user:password@host:port?from=… for notification mails. Empty: each is written as a
    file into the outbox folder in the home folder.
    """
    mail_domains: Annotated[CommaSeparated, AfterValidator(check_domains)] = ()
    """Domains whose addresses get notification mails without being asked, comma-separated."""
    mail_other_domains: Literal["confirm", "refuse", "allow"] = "confirm"
    """Rule for addresses at other domains: confirm (a link, once for each workspace, before any
    other mail), refuse (none may be saved) or allow (mails at once).
    """
    public_url: str = ""
    """The address under which people reach this server, for links in mails:
    https://hooks.example.com
    """
    event_days: int = Field(30, ge=1, le=3_650)
    """Days that the data of events is kept; a delivery that is still held then has failed."""
    attempt_days: int = Field(90, ge=1, le=3_650)
    """Days that attempts, deliveries and events without their data are kept, and the log of a
    deleted webhook.
    """
    notification_days: int = Field(180, ge=1, le=3_650)
    """Days that notifications and the receipts of their mails are kept."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that Hookline logs to standard error: debug, info, warning or error.
    Libraries log warnings and errors only."""
    log_format: Literal["text", "json"] = "text"
    """Form of the log: text for people, json for machines."""
    allowed_hosts: CommaSeparated = ()
    """Host names that the API answers for, comma-separated. Empty: any."""
    allowed_origins: CommaSeparated = ()
    """Origins besides the API's own whose pages may speak to it in a browser, comma-separated:
    https://console.example.com
    """
    console: bool = True
    """True serves the console at /; false serves nothing there."""
    console_frame_ancestors: CommaSeparated = ()
    """Origins whose pages may show the console in a frame, comma-separated. Empty: none."""
    base_path: Annotated[str, AfterValidator(check_base_path)] = ""
    """Path at which a proxy shows this server, which the proxy takes off: /hooks. For the console
    and GraphiQL. Empty: the root.
    """
    proxies: CommaSeparated = ("127.0.0.0/8", "::1")
    """Networks and addresses of proxies in front, comma-separated: their connections are not
    counted by address.
    """
    max_connections: int = Field(3_000, ge=1, le=1_000_000)
    """Connections that each API process takes; fewer where the limit of descriptors is low."""
    max_connections_per_address: int = Field(1_000, ge=1, le=1_000_000)
    """Connections that each API process takes from one address (IPv6: one /64)."""
    max_head_bytes: int = Field(32_768, ge=1_024, le=1_048_576)
    """Largest head of a request, its line and headers, in bytes."""
    max_headers: int = Field(100, ge=10, le=1_000)
    """Most headers of a request."""
    head_seconds: float = Field(10.0, ge=0.1, le=3_600)
    """Seconds within which the head of a request must be complete."""
    body_seconds: float = Field(10.0, ge=0.1, le=3_600)
    """Seconds that the body of a request may be late: its first byte, and what its least pace makes
    of it.
    """
    body_bytes_per_second: int = Field(1_024, ge=1, le=1_048_576)
    """Least pace of the body of a request, in bytes a second."""
    max_held_bytes: int = Field(268_435_456, ge=67_108_864, le=1_099_511_627_776)
    """Bytes that wait for slow clients in each API process: large answers, half of them of one
    token, and bodies and messages that are not complete.
    """
    answer_bytes_per_second: int = Field(32_768, ge=1, le=1_073_741_824)
    """Least pace at which a large answer must be read, in bytes a second."""
    max_early_bytes: int = Field(65_536, ge=1_024, le=16_777_216)
    """Bytes that a WebSocket may send before its connection_init is acknowledged."""
    server: str = "http://127.0.0.1:8000"
    """The server that the commands speak to."""
    token: SecretStr = SecretStr("")
    """The token for that server. Empty, and that server is on this machine: the token file that
    `hookline dev` keeps in the home folder.
    """
    profile: str = ""
    """Profile of `hookline login` that is used where these are not set. Empty: the latest one."""
    shutdown_seconds: float = Field(15.0, ge=0, le=300)
    """Seconds that a stop waits for requests that are under way; deliveries that are left then are
    sent again by another worker.
    """
    max_event_bytes: int = Field(262_144, ge=1_024, le=1_048_576)
    """Largest JSON data of one event, in bytes."""
    database_pool: int = Field(4, ge=1, le=100)
    """Connections of each process that publish and record on PostgreSQL; up to 12 more do the rest,
    besides HOOKLINE_DATABASE_READERS.
    """
    database_readers: int = Field(4, ge=1, le=100)
    """Connections of each process that the API reads lists from, on either database; nothing else
    uses them.
    """
    operation_seconds: float = Field(10.0, ge=0.1, le=300)
    """Seconds after which a query, or one event of a subscription, is ended, at the database too.
    """

    metrics_token: SecretStr = SecretStr("")
    """Bearer token that opens /metrics, of 16 characters or more, and nothing else. Empty: there
    are no metrics.
    """
    metrics_port: int = Field(0, ge=0, le=65_472)
    """Port where each process, also a worker, shows its metrics: this one or the next that is free,
    of 64. 0: none.
    """
    metrics_host: Annotated[str, AfterValidator(check_address)] = "127.0.0.1"
    """Address of this machine that HOOKLINE_METRICS_PORT is at."""

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url.startswith("sqlite:"):
            if not url.startswith("sqlite:///") or not urlsplit(url).path[1:]:
                raise ValueError(
                    "must have three slashes and a file: sqlite:///var/hookline.db (four slashes "
                    "for an absolute path)"
                )
        elif url:
            check_postgres(url)
        return url

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, url: str) -> str:
        if url != "memory://" and not names_a_server(url, ("redis", "rediss", "amqp", "amqps")):
            raise ValueError(
                "must be memory://, redis://USER:PASSWORD@HOST:PORT/NUMBER or "
                "amqp://USER:PASSWORD@HOST:PORT/VHOST"
            )
        return url

    @field_validator("pubsub_url")
    @classmethod
    def _known_hub(cls, url: str) -> str:
        if url not in ("", "memory://") and not names_a_server(url, ("redis", "rediss")):
            check_postgres(
                url,
                "must be memory://, postgres://USER:PASSWORD@HOST:PORT/NAME or "
                "redis://USER:PASSWORD@HOST:PORT/NUMBER",
            )
        return url

    @field_validator("server")
    @classmethod
    def _http_server(cls, url: str) -> str:
        return check_server(url)

    @field_validator("egress_allow")
    @classmethod
    def _networks_and_names(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        return check_networks_and_names(items)

    @field_validator("proxies")
    @classmethod
    def _networks(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        return check_networks(items)

    @field_validator("allowed_origins", "console_frame_ancestors")
    @classmethod
    def _origins(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(check_origin, items))

    @field_validator("ca_file")
    @classmethod
    def _some_authorities(cls, path: str) -> str:
        if path:
            check_authorities(path)
        return path

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            read_smtp_url(url.get_secret_value())
        return url

    @field_validator("metrics_token")
    @classmethod
    def _long_token(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value():
            check_bearer_token(token.get_secret_value())
        return token

    @field_validator("public_url")
    @classmethod
    def _link_target(cls, url: str) -> str:
        return check_base_url(url) if url else url

    @field_validator("environments")
    @classmethod
    def _some_environments(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return check_environments(names)

    @model_validator(mode="after")
    def _fitting_days(self) -> "Settings":
        if self.event_days > self.attempt_days:
            raise ValueError(
                "HOOKLINE_EVENT_DAYS must not be more than HOOKLINE_ATTEMPT_DAYS: attempts belong "
                "to events"
            )
        return self

    @model_validator(mode="after")
    def _guarded_metrics(self) -> "Settings":
        # A port is open to each account of the machine, and to pages in a browser there whose name
        # is rebound to its address.
        if self.metrics_port and not self.metrics_token.get_secret_value():
            raise ValueError(
                "HOOKLINE_METRICS_PORT needs HOOKLINE_METRICS_TOKEN: openssl rand -hex 24 makes one"
            )
        return self

    @model_validator(mode="after")
    def _fitting_domains(self) -> "Settings":
        if self.mail_other_domains == "refuse" and not self.mail_domains:
            raise ValueError(
                "HOOKLINE_MAIL_DOMAINS must list domains while HOOKLINE_MAIL_OTHER_DOMAINS is "
                "refuse: no address could be saved"
            )
        return self

    @model_validator(mode="after")
    def _fitting_hub(self) -> "Settings":
        if self.is_sqlite and self.hub_url != "memory://":
            raise ValueError("HOOKLINE_PUBSUB_URL must be memory:// while the database is SQLite")
        return self

    @property
    def is_sqlite(self) -> bool:
        return urlsplit(self.database_url).scheme in ("", "sqlite")

    @property
    def sqlite_path(self) -> Path:
        """The database file; only with SQLite."""
        path = urlsplit(self.database_url).path
        return Path(path[1:]) if path else self.home / "hookline.db"

    @property
    def postgres_dsn(self) -> str:
        """The URL for asyncpg; only with PostgreSQL."""
        return urlunsplit(urlsplit(self.database_url)._replace(scheme="postgresql"))

    @property
    def only_mail_domains(self) -> tuple[str, ...]:
        """The domains whose addresses may be saved and written to; empty: any."""
        return self.mail_domains if self.mail_other_domains == "refuse" else ()

    @property
    def asks_others(self) -> bool:
        """True when addresses at other domains must be confirmed. Mails that are written as files
        reach nobody who could be asked.
        """
        return self.mail_other_domains == "confirm" and bool(self.smtp_url.get_secret_value())

    def asks_first(self, address: str) -> bool:
        """True when mails to this address wait until its owner has confirmed it."""
        return self.asks_others and address.rpartition("@")[2].lower() not in self.mail_domains

    @property
    def hub_url(self) -> str:
        if self.pubsub_url:
            return self.pubsub_url
        return "memory://" if self.is_sqlite else self.database_url

    @property
    def egress_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(network for item in self.egress_allow if (network := network_of(item)))

    @property
    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        return tuple(network for item in self.proxies if (network := network_of(item)))

    @property
    def egress_hosts(self) -> frozenset[str]:
        return frozenset(item.lower() for item in self.egress_allow if not network_of(item))


def read_settings(**given: object) -> Settings:
    """The environment's settings; given: what the command line says instead, by field name (None:
    not said).

    Raises Misconfigured: one sentence per wrong setting, which names it and never shows its value.
    """
    try:
        # Checked by pydantic, whatever its type.
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise Misconfigured("\n".join(_sentence(dict(found)) for found in error.errors())) from None


def _sentence(found: dict[str, object]) -> str:
    place = found["loc"]
    name = PREFIX + str(place[0]).upper() if isinstance(place, tuple) and place else ""
    text = str(found["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{name} {text}." if name else f"{text}."
