"""Outbox: events that exist if and only if the transaction that wrote them was committed."""

from hookline_client.outbox.table import statements
from hookline_client.outbox.writing import NoTransaction, publish, publish_async

__all__ = ["NoTransaction", "publish", "publish_async", "statements"]
