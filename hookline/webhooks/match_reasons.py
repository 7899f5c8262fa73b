"""Reasons for which a webhook does not get an event. Called by the dry run and the API. Pure."""

from collections.abc import Mapping
from typing import Any

from hookline.form.event_names import pattern_test
from hookline.form.filter_work import AskedEvent
from hookline.form.filters import compile_filter

NO_DATA = "The event's data is older than it is kept for, so the filter can't be asked."


def match_reasons(
    form: Mapping[str, Any], event_type: str, environment: str, asked: AskedEvent | None
) -> list[str]:
    """A sentence for each reason; none when the event matches.

    form: active (False while the webhook is off for whatever reason), environments, events and
    filter. asked: the event as the filter asks for it; None when its data is gone.
    """
    reasons = [] if form["active"] else ["The webhook is off."]
    if environment not in form["environments"]:
        reasons.append(
            f"Its environments are {', '.join(form['environments'])}; the event's is {environment}."
        )
    if not any(pattern_test(pattern)(event_type) for pattern in form["events"]):
        reasons.append(f"None of its patterns matches {event_type}: {', '.join(form['events'])}.")
    if form.get("filter"):
        filter_reasons = compile_filter(form["filter"]).reasons(asked) if asked else [NO_DATA]
        reasons += filter_reasons
    return reasons
