"""Rows of PostgreSQL's hl_health_evidence to the evidence that the rule is asked with. Called by
hookline.deliveries.queue.postgres.
"""

from typing import Any
from uuid import UUID

from hookline.deliveries.health import FoldedBatch, Health, HealthEvidence, HealthPolicy


def health_evidence(row: dict[str, Any]) -> HealthEvidence:
    """Evidence of a row of hl_health_evidence."""
    health = Health(
        consecutive_failures=row["consecutive_failures"],
        failing_since=row["failing_since"],
        consecutive_gone=row["consecutive_gone"],
        exhausted_count=row["exhausted_count"],
        is_auto_disabled=row["is_auto_disabled"],
    )
    policy = HealthPolicy(
        failures=row["failures"],
        seconds=row["seconds"],
        is_active=row["is_active"],
        warned_at=row["warned_at"],
        exhausted_notified_at=row["exhausted_notified_at"],
    )
    folded = FoldedBatch(row["had_success"], row["failed_at"])
    return HealthEvidence(
        UUID(row["id"]), row["version"], health, policy, folded, row["now"], row["events"]
    )
