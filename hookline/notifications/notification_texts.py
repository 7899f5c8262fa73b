"""Notifications about a webhook, in sentences. Used by the API and by mails; pure.

Numbers and times are those of the moment when there was something to say. Nothing of a URL or a
secret gets in here.
"""

from datetime import datetime

from hookline.deliveries.health import HealthLimit
from hookline.models import NotificationKind

_TEMPLATE = (
    " The webhook's payload template failed at the latest one: nothing was sent to the receiver. "
    "Its attempts say why, and a dry run shows what the template makes of an event."
)


def disabled_sentence(
    reason: str | None, failures: int | None, since: datetime | None, status_code: int | None
) -> str | None:
    """Why a webhook was turned off by itself; None when it was not. reason: FAILURES or GONE."""
    if reason is None:
        return None
    if reason == "GONE":
        count = int(HealthLimit.GONE_ANSWERS)
        return f"The receiver answered 410 Gone {count} times in a row: it wants nothing more."
    return _in_a_row(failures or 0, since, status_code)


def message(
    kind: int,
    reason: str | None,
    failures: int | None,
    since: datetime | None,
    status_code: int | None,
    backlog: int | None,
) -> str:
    """A notification's text. kind: hookline.models.NotificationKind; reason: of an
    auto-disable, TEMPLATE of failed deliveries, or a sentence about a sync.
    """
    match kind:
        case NotificationKind.AUTO_DISABLED:
            return (
                "Turned off by itself. "
                f"{disabled_sentence(reason, failures, since, status_code)}{_held(backlog)}"
            )
        case NotificationKind.FAILING:
            return (
                "Keeps failing and will be turned off if that goes on. "
                f"{_in_a_row(failures or 0, since, status_code)}"
            )
        case NotificationKind.RECOVERED:
            return "Works again: the latest attempt succeeded."
        case NotificationKind.DELIVERY_FAILED:
            return (
                f"{_count(failures or 0, 'delivery', 'deliveries')} failed for good: no "
                f"attempt is left.{_TEMPLATE if reason == 'TEMPLATE' else ''}"
            )
        case NotificationKind.TEST:
            return "This is a test: mails about this webhook reach this address."
    return reason or "A set of webhooks could not be applied."


def _in_a_row(failures: int, since: datetime | None, status_code: int | None) -> str:
    began = f" since {since:%Y-%m-%dT%H:%M:%SZ}" if since else ""
    answer = (
        f"the latest answer was {status_code}" if status_code else "the latest one got no answer"
    )
    return f"{_count(failures, 'attempt', 'attempts')} failed in a row{began}; {answer}."


def _held(backlog: int | None) -> str:
    return (
        f" {_count(backlog, 'delivery is', 'deliveries are')} held until it is turned on again."
        if backlog
        else ""
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
