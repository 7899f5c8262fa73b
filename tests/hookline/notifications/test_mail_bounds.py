"""Bounds of the mails to an address, on both databases, against a real mail server: one an hour
about the same, 20 a day, the rest in one mail, nothing lost.
"""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from hookline.models import Email, EmailStatus, Notification, NotificationKind, Webhook
from hookline.notifications.mail_limits import MAILS_A_DAY
from hookline.notifications.mails import RETRY_DELAYS_SECONDS
from hookline.notifications.notifying import notify_failed_sync
from hookline.notifications.smtp import Mail, Mailer, MailFailed
from hookline.runtime import Runtime
from hookline.webhooks.change import delete_webhook, update_webhook
from tests.hookline.notifications.posting import (
    OWN,
    PostOffice,
    a_webhook,
    pass_time,
    post_office,
    text_of,
    turn_off,
    turn_off_and_on,
)
from tests.hookline.notifications.test_smtp import Box
from tests.making import SOMEBODY, make_workspace
from tests.working import send_due

pytestmark = pytest.mark.engines("sqlite")

HOUR, DAY = timedelta(hours=1, seconds=1), timedelta(days=1, seconds=1)


async def states() -> Counter[EmailStatus]:
    return Counter([EmailStatus(row.status) for row in await Email.all()])


async def test_sixteen_switches_in_a_row_make_one_mail_and_one_of_the_rest_an_hour_later(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, OWN)
        await turn_off_and_on(post.runtime, webhook, 16)
        [first] = await post.send()
        assert first["Subject"] == "[Hookline] Webhook Orders was turned off by itself"
        assert await states() == {EmailStatus.SENT: 1, EmailStatus.HELD: 15}
        assert await post.send() == []

        await pass_time(runtime, HOUR)
        [rest] = await post.send()
        assert rest["Subject"] == "[Hookline] 15 notifications about webhooks"
        assert "Webhook Orders (orders) was turned off by itself (15 times)" in text_of(rest)
        assert await states() == {EmailStatus.SENT: 16}
        assert await Notification.all().count() == 16


async def test_each_kind_and_each_webhook_has_an_hour_of_its_own(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhooks = [await a_webhook(post.runtime, OWN, name=name) for name in ("One", "Two")]
        for webhook in webhooks:
            await turn_off_and_on(post.runtime, webhook, 2)
        sent = await post.send()
        assert sorted(mail["Subject"].split()[2] for mail in sent) == ["One", "Two"]
        assert await states() == {EmailStatus.SENT: 2, EmailStatus.HELD: 2}


async def test_an_address_gets_twenty_mails_a_day_and_then_one_of_all_that_was_held(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        for number in range(MAILS_A_DAY + 5):
            await turn_off(post.runtime, await a_webhook(post.runtime, OWN, name=f"W{number}"))
        assert len(await post.send()) == MAILS_A_DAY
        await pass_time(runtime, HOUR)
        assert await post.send() == []
        assert await states() == {EmailStatus.SENT: MAILS_A_DAY, EmailStatus.HELD: 5}

        await pass_time(runtime, DAY)
        [rest] = await post.send()
        assert rest["Subject"] == "[Hookline] 5 notifications about webhooks"
        assert await states() == {EmailStatus.SENT: MAILS_A_DAY + 5}


async def test_an_address_is_one_in_any_spelling_and_in_every_workspace(runtime: Runtime) -> None:
    other = await make_workspace(runtime)
    async with post_office(runtime) as post:
        for number in range(MAILS_A_DAY):
            spelling = OWN.upper() if number % 2 else OWN
            webhook = await a_webhook(post.runtime, spelling, name=f"W{number}")
            await turn_off(post.runtime, webhook)
        assert len(await post.send()) == MAILS_A_DAY
        webhook = await a_webhook(post.runtime, "Ops@Example.COM", workspace_id=other)
        await turn_off(post.runtime, webhook)
        assert await post.send() == []
        # The other workspace wrote nothing yet: it is not told why this one waits.
        held = await Email.get(workspace_id=other)
        assert held.status == EmailStatus.HELD
        assert held.error is None


async def test_twenty_addresses_of_a_webhook_have_a_bound_each(runtime: Runtime) -> None:
    addresses = [f"{number}@example.com" for number in range(20)]
    async with post_office(runtime) as post:
        await turn_off_and_on(post.runtime, await a_webhook(post.runtime, *addresses), 2)
        assert sorted(mail["To"] for mail in await post.send()) == sorted(addresses)
        assert await states() == {EmailStatus.SENT: 20, EmailStatus.HELD: 20}


@pytest.mark.engines("sqlite", "postgres")
async def test_workers_side_by_side_send_no_more_than_one(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        await turn_off_and_on(post.runtime, await a_webhook(post.runtime, OWN), 8)
        workers = [PostOffice(post.runtime, post.box) for _ in range(3)]
        await asyncio.gather(*(worker.send() for worker in workers))
        assert len(post.box.taken) == 1
        await pass_time(runtime, HOUR)
        await asyncio.gather(*(worker.send() for worker in workers))
        assert len(post.box.taken) == 2
        assert await states() == {EmailStatus.SENT: 8}


class Dying(Mailer):
    """A worker that dies when its mail server has taken the mail."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    async def send(self, mail: Mail) -> str | None:
        await self._mailer.send(mail)
        raise asyncio.CancelledError


@pytest.mark.engines("sqlite", "postgres")
async def test_a_worker_that_dies_after_the_server_took_it_makes_no_more_possible(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        await turn_off_and_on(post.runtime, await a_webhook(post.runtime, OWN), 3)
        with pytest.raises(asyncio.CancelledError):
            await send_due(post.runtime, Dying(post.mailer))
        await post.send()
        assert len(post.box.taken) == 1
        # The lease is over: the same mail again, under the same id, and it counts.
        await pass_time(runtime, timedelta(minutes=3))
        [again] = await post.send()
        assert len(post.box.taken) == 2
        assert {mail["Message-ID"] for mail in post.messages()} == {again["Message-ID"]}
        assert await states() == {EmailStatus.SENT: 1, EmailStatus.HELD: 2}


async def test_a_mail_of_several_is_repeated_as_it_was(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, OWN)
        await turn_off_and_on(post.runtime, webhook, 4)
        await post.send()
        await pass_time(runtime, HOUR)
        with pytest.raises(asyncio.CancelledError):
            await send_due(post.runtime, Dying(post.mailer))
        await turn_off_and_on(post.runtime, webhook, 1)
        await pass_time(runtime, timedelta(minutes=3))
        [again] = await post.send()
        assert again["Subject"] == "[Hookline] 3 notifications about webhooks"
        assert post.messages()[-2]["Message-ID"] == again["Message-ID"]
        assert await states() == {EmailStatus.SENT: 4, EmailStatus.HELD: 1}


async def test_a_mail_server_that_is_away_uses_nothing_up(runtime: Runtime) -> None:
    box = Box(rcpt="450 Try later")
    async with post_office(runtime, box) as post:
        for number in range(5):
            await turn_off(post.runtime, await a_webhook(post.runtime, OWN, name=f"W{number}"))
        for delay in RETRY_DELAYS_SECONDS[:5]:
            await post.send()
            await pass_time(runtime, timedelta(seconds=delay + 1))
        box.replies = {}
        assert len(await post.send()) == 5


async def test_a_mail_of_which_nobody_knows_whether_it_arrived_counts(runtime: Runtime) -> None:
    class Unsure(Mailer):
        def __init__(self) -> None:
            pass

        async def send(self, mail: Mail) -> str | None:
            raise MailFailed("It hung up.", may_have_arrived=True)

    async with post_office(runtime) as post:
        webhooks = [
            await a_webhook(post.runtime, OWN, name=f"W{n}") for n in range(MAILS_A_DAY + 1)
        ]
        for webhook in webhooks[:-1]:
            await turn_off(post.runtime, webhook)
        await send_due(post.runtime, Unsure())
        await turn_off(post.runtime, webhooks[-1])
        assert await post.send() == []


@pytest.mark.engines("sqlite", "postgres")
async def test_what_is_held_for_an_address_that_was_taken_off_is_not_sent(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, OWN, "other@example.com")
        await turn_off_and_on(post.runtime, webhook, 3)
        await post.send()
        changed = {"notificationEmails": ["OTHER@example.com"]}
        await update_webhook(post.runtime, SOMEBODY, webhook.id, changed)
        await pass_time(runtime, HOUR)
        assert [mail["To"] for mail in await post.send()] == ["other@example.com"]
        rows = await Email.filter(address=OWN, status=EmailStatus.FAILED)
        assert {row.error for row in rows} == {"The address was taken off the webhook."}
        assert len(rows) == 2


async def test_what_is_held_about_a_deleted_webhook_is_not_sent(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, OWN)
        await turn_off_and_on(post.runtime, webhook, 2)
        await post.send()
        await delete_webhook(post.runtime, SOMEBODY, webhook.id)
        await pass_time(runtime, HOUR)
        assert await post.send() == []
        assert await states() == {EmailStatus.SENT: 1, EmailStatus.FAILED: 1}


@pytest.mark.engines("sqlite", "postgres")
async def test_failed_syncs_are_one_mail_an_hour_for_whom_a_webhook_still_names(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, OWN, notifyOn=["SYNC_FAILED"])
        await Webhook.filter(id=webhook.id).update(sync_set="shop")
        for reason in ("One.", "Two.", "Three."):
            await notify_failed_sync(post.runtime, webhook.workspace_id, "shop", reason)
        [first] = await post.send()
        assert "could not be applied" in first["Subject"]
        await pass_time(runtime, HOUR)
        [rest] = await post.send()
        assert "A set of webhooks could not be applied (2 times)" in text_of(rest)
        assert await Notification.filter(kind=NotificationKind.SYNC_FAILED).count() == 3


async def test_a_mail_of_several_makes_no_link_of_a_name(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, OWN)
        # Its end no form takes any more; the name may stand in the database since before.
        await Webhook.filter(id=webhook.id).update(name="http://evil.example <b>\u202e")
        await turn_off_and_on(post.runtime, webhook, 3)
        await post.send()
        await pass_time(runtime, HOUR)
        [rest] = await post.send()
        html = rest.get_body(("html",))
        assert html is not None
        for text in (text_of(rest), str(html.get_content())):
            assert "evil.example" not in text
            assert "\u202e" not in text
        assert "<b>" not in str(html.get_content())


@pytest.mark.engines("sqlite", "postgres")
async def test_many_that_are_held_go_out_as_one_without_those_that_are_gone(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        kept, gone = [await a_webhook(post.runtime, OWN, name=name) for name in ("Kept", "Gone")]
        for webhook in (kept, gone):
            await turn_off_and_on(post.runtime, webhook, 4)
        await post.send()
        await delete_webhook(post.runtime, SOMEBODY, gone.id)
        await pass_time(runtime, HOUR)
        assert [mail["Subject"] for mail in await post.send()] == [
            "[Hookline] 3 notifications about webhooks"
        ]
        assert await states() == {EmailStatus.SENT: 5, EmailStatus.FAILED: 3}


@pytest.mark.engines("sqlite", "postgres")
async def test_those_that_went_along_with_one_that_is_gone_are_told_of_all_the_same(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        webhooks = [await a_webhook(post.runtime, OWN, name=name) for name in ("One", "Two")]
        for webhook in webhooks:
            await turn_off_and_on(post.runtime, webhook, 3)
        await post.send()
        await pass_time(runtime, HOUR)
        with pytest.raises(asyncio.CancelledError):
            await send_due(post.runtime, Dying(post.mailer))
        lead = await Email.get(tries=1, status=EmailStatus.PENDING)
        assert await Email.filter(sent_with_id=lead.id).count() == 3
        of_lead = await Notification.get(id=lead.notification_id)
        assert of_lead.webhook_id
        await delete_webhook(post.runtime, SOMEBODY, of_lead.webhook_id)
        # Past the hour of the mail that may have arrived.
        await pass_time(runtime, HOUR)
        await post.send()
        [rest] = await post.send()
        assert rest["Subject"] == "[Hookline] 2 notifications about webhooks"
        assert await states() == {EmailStatus.SENT: 4, EmailStatus.FAILED: 2}
