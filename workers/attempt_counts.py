"""Counts attempts that ended for the metrics: by outcome, and by what became of the delivery."""

from typing import Final

from hookline.deliveries.queue.base import AttemptResult
from hookline.metrics import Metrics
from hookline.models import AttemptOutcome, DeliveryState

_ENDED: Final = (DeliveryState.SUCCEEDED, DeliveryState.FAILED)


class AttemptCounts:
    def __init__(self, metrics: Metrics) -> None:
        self._outcomes = {
            int(outcome): metrics.tally(metrics.attempts.labels(outcome.name))
            for outcome in (AttemptOutcome.SUCCEEDED, AttemptOutcome.FAILED)
        }
        self._states = {
            int(state): metrics.tally(metrics.deliveries_ended.labels(state.name))
            for state in _ENDED
        }

    def add(self, result: AttemptResult) -> None:
        self._outcomes[result.outcome].count += 1
        if tally := self._states.get(result.state):
            tally.count += 1
