"""Texts of the hot path's SQL: statements with the names of enums in them, and the functions of
PostgreSQL in functions/, one per file.

A migration creates the functions from a frozen copy; a test holds copy and file together.
"""

from pathlib import Path
from typing import Final

from hookline.activity.events import ActivityKind
from hookline.db.enum_numbers import with_enum_numbers
from hookline.deliveries.health import HealthLimit
from hookline.deliveries.retries import RetryLimit

FUNCTIONS: Final = Path(__file__).parent / "functions"


def queue_statement(text: str) -> str:
    """A statement of the queue, or its part, with numbers for the names of enums."""
    return with_enum_numbers(text, ActivityKind, HealthLimit, RetryLimit)


def function_texts() -> dict[str, str]:
    """The current text of each function, by the name of its file."""
    return {
        file.name: queue_statement(file.read_text()) for file in sorted(FUNCTIONS.glob("*.sql"))
    }
