"""Applies and health: a webhook that was turned off by itself goes on when that is asked for, and
those who want to hear of a blocked apply.
"""

import pytest

from hookline import clock
from hookline.activity.events import ActivityKind
from hookline.models import Email, Notification, NotificationKind, Webhook
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from hookline.sync.options import Options
from tests.hookline.sync.files import ORDERS, apply, codes, preview, told, webhooks
from tests.making import activity, make_webhook
from tests.working import send_due

pytestmark = pytest.mark.engines("sqlite")

SENTENCE = 'The set "storefront" could not be applied: the file has no webhooks.'
EMAILS = "notificationEmails: [ops@example.com, shop@example.com]\nnotifyOn: [SYNC_FAILED]"


async def one(slug: str = "orders") -> Webhook:
    return await Webhook.get(slug=slug, deleted_at=None)


async def kinds(runtime: Runtime) -> list[int]:
    return [kind for _, kind, _ in await activity(runtime)]


async def turned_off_by_itself(slug: str = "orders") -> None:
    await Webhook.filter(slug=slug).update(
        auto_disabled_at=clock.now(), auto_disabled_reason="FAILURES", consecutive_failures=10
    )


@pytest.mark.engines("sqlite", "postgres")
async def test_a_webhook_that_was_turned_off_by_itself_stays_off(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS))
    await turned_off_by_itself()
    assert told((await apply(runtime, webhooks(orders=ORDERS + "timeout: 20s"))).plan) == [
        "UPDATE orders timeout"
    ]
    assert (await one()).auto_disabled_at is not None


async def test_it_goes_on_when_that_is_asked_for(runtime: Runtime) -> None:
    await apply(runtime, webhooks(orders=ORDERS, others=ORDERS))
    await turned_off_by_itself()
    await turned_off_by_itself("others")
    version = (await one()).version
    wish = Options(reenable=frozenset({"orders"}))
    assert told((await preview(runtime, webhooks(orders=ORDERS, others=ORDERS), wish)).plan) == [
        "UPDATE orders status"
    ]
    outcome = await apply(runtime, webhooks(orders=ORDERS, others=ORDERS), wish)
    mended = await one()
    assert mended.auto_disabled_at is None
    assert (mended.consecutive_failures, mended.version) == (0, version + 1)
    assert (await one("others")).auto_disabled_at is not None
    assert outcome.revision is not None
    assert (await kinds(runtime))[-2:] == [
        ActivityKind.SYNC_APPLIED,
        ActivityKind.WEBHOOK_ACTIVATED,
    ]
    assert (await apply(runtime, webhooks(orders=ORDERS, others=ORDERS), wish)).revision is None


async def test_a_webhook_that_is_to_go_on_and_is_not_in_the_file_is_told(runtime: Runtime) -> None:
    wish = Options(reenable=frozenset({"oders"}))
    assert (
        codes(await preview(runtime, webhooks(orders=ORDERS), wish))
        == codes(await apply(runtime, webhooks(orders=ORDERS), wish))
        == {"reenable"}
    )
    assert await Webhook.all().count() == 0


async def test_an_apply_that_is_blocked_is_told_of_once_to_those_who_want_it(
    runtime: Runtime,
) -> None:
    await apply(
        runtime,
        webhooks(
            orders=f"{ORDERS}{EMAILS}",
            others=f"{ORDERS}{EMAILS}",
            silent=ORDERS + "notificationEmails: [no@example.com]",
        ),
    )
    await make_webhook(runtime, notification_emails=["no@example.com"], notify_on=["SYNC_FAILED"])
    for _ in range(2):
        assert (
            codes(await preview(runtime, webhooks()))
            == codes(await apply(runtime, webhooks()))
            == {"empty-set"}
        )
    [about] = await Notification.all()
    assert about.webhook_id is None
    assert (about.kind, about.reason) == (NotificationKind.SYNC_FAILED, SENTENCE)
    assert sorted(mail.address for mail in await Email.all()) == [
        "ops@example.com",
        "shop@example.com",
    ]
    blocked = ActivityKind.SYNC_BLOCKED
    assert (await kinds(runtime))[-3:] == [blocked, ActivityKind.NOTIFICATION, blocked]
    assert await send_due(runtime, Mailer(None, runtime.settings.home / "outbox")) == 2
    mails = [path.read_text() for path in (runtime.settings.home / "outbox").iterdir()]
    assert len(mails) == 2
    assert all(
        "Subject: [Hookline] A set of webhooks could not be applied" in mail
        and "the file has no webhooks" in mail
        for mail in mails
    )
