"""Publishes events to Hookline, and verifies the webhooks that it sends."""

from hookline_client.async_client import AsyncClient
from hookline_client.client import Client
from hookline_client.errors import (
    HooklineError,
    NotAllowed,
    NotVerified,
    Problem,
    Refused,
    Unavailable,
    UnexpectedAnswer,
)
from hookline_client.events import Event, Published
from hookline_client.retries import Retries
from hookline_client.verifying import Verified, verify

__all__ = [
    "AsyncClient",
    "Client",
    "Event",
    "HooklineError",
    "NotAllowed",
    "NotVerified",
    "Problem",
    "Published",
    "Refused",
    "Retries",
    "Unavailable",
    "UnexpectedAnswer",
    "Verified",
    "verify",
]
