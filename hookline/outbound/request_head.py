"""The fixed part of every request's head, in its order. The workers send it, a dry run shows it.
Pure.
"""

from typing import TypeVar

from hookline import __version__

Signature = TypeVar("Signature", str, None)

AGENT = f"Hookline/{__version__}"
TEST_HEADER = "Hookline-Test"
"""Header of requests that were sent to try a webhook, and of no others."""


def fixed_head(
    content_type: str,
    message_id: str,
    timestamp: int,
    signature: Signature,
    trace: str,
    is_test: bool = False,
) -> list[tuple[str, str | Signature]]:
    """Standard Webhooks' headers and ours. signature: None where it is not shown; trace:
    `traceparent` (W3C Trace Context).
    """
    head: list[tuple[str, str | Signature]] = [
        ("Content-Type", content_type),
        ("User-Agent", AGENT),
        ("webhook-id", message_id),
        ("webhook-timestamp", str(timestamp)),
        ("webhook-signature", signature),
        ("traceparent", trace),
    ]
    if is_test:
        head.append((TEST_HEADER, "true"))
    return head
