"""Mails about notifications, on both databases: one per address over any number of workers, a
receipt each, another try when one fails.
"""

import asyncio
from pathlib import Path

import pytest

from hookline.models import Email, EmailStatus, Webhook
from hookline.notifications import mails
from hookline.notifications.smtp import Mail, Mailer, MailFailed, MailRefused
from hookline.runtime import Runtime
from tests.making import Hand, ago, enqueue, failed, make_webhook, set_column
from tests.waiting import turns
from tests.working import send_due

pytestmark = pytest.mark.engines("sqlite")

ADDRESSES = ["a@example.com", "b@example.com"]


class Post(Mailer):
    """A mailer that remembers, and fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__(None, Path("nowhere"))
        self.failures, self.mails = list(failures), list[Mail]()

    async def send(self, mail: Mail) -> str | None:
        self.mails.append(mail)
        await turns(1)  # others come in between, as while a mail server answers
        if self.failures:
            raise self.failures.pop(0)
        return None


async def turned_off(runtime: Runtime, addresses: list[str] = ADDRESSES) -> Webhook:
    """A webhook that was turned off by itself a moment ago."""
    url = "https://hooks.example.com/T0/SECRET?token=SECRET"
    webhook = await make_webhook(
        runtime,
        url,
        name="Orders <b>",
        autoDisable={"failures": 1, "over": "1s"},
        notificationEmails=addresses,
    )
    await enqueue(runtime, webhook.id)
    hand = await Hand.begin(runtime)
    result = failed(await hand.claim_one(webhook.id), status_code=503)
    await hand.record(result._replace(began=result.began - 5, duration_ms=5_000))
    return webhook


async def test_each_address_gets_one_mail_that_says_what_to_do(runtime: Runtime) -> None:
    await turned_off(runtime)
    post = Post()
    assert await send_due(runtime, post) == 2
    assert await send_due(runtime, post) == 0
    assert sorted(mail.to for mail in post.mails) == ADDRESSES
    mail = post.mails[0]
    assert mail.subject == "[Hookline] Webhook Orders <b> was turned off by itself"
    for text in (mail.text, mail.html):
        assert "the latest answer was 503" in text
        assert "active: true" in text
        assert "hooks. example. com" in text
        assert "SECRET" not in text
    assert "<b>" not in mail.html
    receipts = await Email.all()
    assert [row.status for row in receipts] == [EmailStatus.SENT] * 2
    assert all(row.finished_at and not row.error for row in receipts)


@pytest.mark.engines("sqlite", "postgres")
async def test_many_workers_send_each_mail_once(runtime: Runtime) -> None:
    await turned_off(runtime, [f"{n}@example.com" for n in range(20)])
    posts = [Post() for _ in range(5)]
    for _ in range(2):
        await asyncio.gather(*(send_due(runtime, post) for post in posts))
    assert sorted(mail.to for post in posts for mail in post.mails) == sorted(
        f"{n}@example.com" for n in range(20)
    )


@pytest.mark.engines("sqlite", "postgres")
async def test_mail_that_fails_for_now_is_tried_again_under_the_same_id(runtime: Runtime) -> None:
    await turned_off(runtime, ["a@example.com"])
    post = Post(MailFailed("busy"))
    await send_due(runtime, post)
    row = await Email.get()
    assert (row.status, row.tries, row.error) == (EmailStatus.PENDING, 1, "busy")
    assert await send_due(runtime, post) == 0
    await set_column(runtime, "email", "next_try_at", ago(1), [row.id])
    await send_due(runtime, post)
    assert {mail.key for mail in post.mails} == {post.mails[0].key}
    await row.refresh_from_db()
    assert (row.status, row.tries) == (EmailStatus.SENT, 2)
    assert not row.error


async def test_mail_that_always_fails_ends_with_its_reason(runtime: Runtime) -> None:
    await turned_off(runtime, ["a@example.com"])
    post = Post(*(MailFailed("busy") for _ in range(20)))
    row = await Email.get()
    for _ in range(20):
        await set_column(runtime, "email", "next_try_at", ago(1), [row.id])
        await send_due(runtime, post)
    await row.refresh_from_db()
    assert (row.status, row.tries, row.error) == (
        EmailStatus.FAILED,
        len(mails.RETRY_DELAYS_SECONDS) + 1,
        "busy",
    )


async def test_refused_mail_is_not_tried_again(runtime: Runtime) -> None:
    await turned_off(runtime, ["a@example.com"])
    await send_due(runtime, Post(MailRefused("no such user")))
    row = await Email.get()
    assert (row.status, row.error) == (EmailStatus.FAILED, "no such user")


@pytest.mark.engines("sqlite", "postgres")
async def test_mail_of_a_worker_that_died_while_it_sent_is_sent_by_another(
    runtime: Runtime,
) -> None:
    await turned_off(runtime, ["a@example.com"])
    dying = Post(asyncio.CancelledError())  # type: ignore[arg-type]  # what ends a process's tasks
    with pytest.raises(asyncio.CancelledError):
        await send_due(runtime, dying)
    row = await Email.get()
    assert row.status == EmailStatus.PENDING
    await set_column(runtime, "email", "next_try_at", ago(1), [row.id])
    post = Post()
    await send_due(runtime, post)
    assert [mail.key for mail in post.mails] == [dying.mails[0].key]


async def test_mail_about_a_webhook_that_is_gone_ends(runtime: Runtime) -> None:
    webhook = await turned_off(runtime, ["a@example.com"])
    await Webhook.filter(id=webhook.id).delete()
    await send_due(runtime, Post())
    row = await Email.get()
    assert (row.status, row.error) == (EmailStatus.FAILED, "What it was about is gone.")
