"""One SQL text for both engines: `$1` placeholders, turned into SQLite's `?1` where needed, and values that each driver takes."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from hookline.db.fields import to_micros


@lru_cache(1_000)
def for_sqlite(sql: str) -> str:
    return re.sub(r"\$(\d+)", r"?\1", sql)


def sqlite_value(value: Any) -> Any:  # Any: what a driver takes is not one type
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return to_micros(value)
    return value
