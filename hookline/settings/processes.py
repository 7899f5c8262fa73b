"""Checks that processes of a kind can work with the settings. Called by the commands that serve,
before anything is opened.
"""

from hookline.errors import Misconfigured
from hookline.settings.environment import PREFIX
from hookline.settings.fields import Settings


def check_api_processes(settings: Settings, count: int, with_worker: bool) -> None:
    """Checks that so many API processes can work with these settings.

    Raises Misconfigured.
    """
    # One writer thread takes all writes; a second process would have its own.
    if settings.is_sqlite and count > 1:
        raise Misconfigured(
            f"{PREFIX}DATABASE_URL is SQLite, which serves one process. For --workers {count} set "
            "it to postgres://…"
        )
    if (
        settings.hub_url == "memory://"
        and not settings.is_sqlite
        and (count > 1 or not with_worker)
    ):
        instead = "" if count > 1 else ", or add --with-worker"
        raise Misconfigured(
            f"{PREFIX}PUBSUB_URL is memory://, which does not reach another process. Leave it "
            f"empty: PostgreSQL carries the wake-ups{instead}."
        )


def check_lone_worker(settings: Settings) -> None:
    """Checks that a worker process beside the API can work with these settings.

    Raises Misconfigured.
    """
    if settings.is_sqlite:
        raise Misconfigured(
            f"{PREFIX}DATABASE_URL is SQLite: there the worker runs inside `hookline serve` or "
            "`hookline dev`. For a worker of its own set it to postgres://…"
        )
    if settings.hub_url == "memory://":
        raise Misconfigured(
            f"{PREFIX}PUBSUB_URL is memory://, which does not reach another process. Leave it "
            "empty: PostgreSQL carries the wake-ups."
        )
