"""Sentences of notifications."""

import pytest

from hookline.models import NotificationKind
from hookline.notifications.notification_texts import message


@pytest.mark.parametrize(("reason", "is_named"), [("TEMPLATE", True), (None, False)])
def test_failed_deliveries_name_the_template_when_it_was_that(
    reason: str | None, is_named: bool
) -> None:
    text = message(NotificationKind.DELIVERY_FAILED, reason, 2, None, None, None)
    assert text.startswith("2 deliveries failed for good: no attempt is left.")
    assert ("payload template failed" in text) is is_named
