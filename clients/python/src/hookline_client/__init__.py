"""Publishes events to Hookline, and verifies the webhooks that it sends.

Each name is imported when it is used: who verifies needs no httpx, and commands answer at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hookline_client.async_client import AsyncClient
    from hookline_client.client import Client
    from hookline_client.errors import (
        HooklineError,
        NotAllowed,
        NotVerified,
        Refused,
        Unavailable,
        UnexpectedAnswer,
    )
    from hookline_client.events import Event, Published
    from hookline_client.problems import Problem
    from hookline_client.retries import Retries
    from hookline_client.verifying import Verified, verify

_PLACES = {
    "AsyncClient": "async_client",
    "Client": "client",
    "Event": "events",
    "HooklineError": "errors",
    "NotAllowed": "errors",
    "NotVerified": "errors",
    "Problem": "problems",
    "Published": "events",
    "Refused": "errors",
    "Retries": "retries",
    "Unavailable": "errors",
    "UnexpectedAnswer": "errors",
    "Verified": "verifying",
    "verify": "verifying",
}
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


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
