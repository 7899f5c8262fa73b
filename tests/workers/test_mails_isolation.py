"""No recipient holds up another one's mails."""

import asyncio
from pathlib import Path

import pytest

from hookline.models import Email, EmailStatus
from hookline.notifications.mails import due
from hookline.notifications.smtp import Mail, Mailer
from hookline.runtime import Runtime
from tests.background import a_mail
from tests.making import ago, set_column
from tests.waiting import eventually
from workers.mails import MAILS_AT_ONCE, WAITING_EACH_LIMIT, WAITING_LIMIT, Mails

pytestmark = pytest.mark.engines("sqlite")


class Post(Mailer):
    """A mail server that does not answer for some domains while the gate is clear."""

    def __init__(self, *silent: str) -> None:
        super().__init__(None, Path("nowhere"))
        self.silent, self.gate = silent, asyncio.Event()
        self.under_way, self.sent = list[str](), list[str]()

    async def send(self, mail: Mail) -> str | None:
        self.under_way.append(mail.to)
        if mail.to.rpartition("@")[2] in self.silent:
            await self.gate.wait()
        self.under_way.remove(mail.to)
        self.sent.append(mail.to)
        return None


def ten(domain: str) -> list[str]:
    return [f"{number}@{domain}" for number in range(10)]


async def test_recipient_whose_server_hangs_holds_up_no_other_mail(runtime: Runtime) -> None:
    post = Post("slow.example")
    mails = Mails(runtime, post)
    for domain in ("slow.example", "quick.example"):
        key = await a_mail(runtime, notificationEmails=ten(domain))
        for address in ten(domain):
            mails.send(key, address)
    await eventually(lambda: len(post.sent) == 10)
    # All the others passed while its first ones were open.
    assert sorted(post.sent) == ten("quick.example")
    assert len(post.under_way) == MAILS_AT_ONCE // 2
    post.gate.set()
    await eventually(lambda: len(post.sent) == 20)
    await mails.close(5)


async def test_mails_that_wait_for_a_slow_recipient_leave_room_to_others(runtime: Runtime) -> None:
    post = Post("slow.example")
    mails = Mails(runtime, post)
    key = await a_mail(runtime, notificationEmails=[*ten("slow.example")[:9], "a@quick.example"])
    for address in ten("slow.example")[:9]:
        mails.send(key, address)
    await eventually(lambda: len(post.under_way) == MAILS_AT_ONCE // 2)
    for number in range(100, 2 * WAITING_LIMIT):
        mails.send(key, f"{number}@slow.example")
    assert len(mails._waiting) == WAITING_EACH_LIMIT
    mails.send(key, "a@quick.example")
    await eventually(lambda: post.sent == ["a@quick.example"])
    await mails.close(0)


async def test_due_mails_are_named_in_turn_by_domains(runtime: Runtime) -> None:
    many = [f"{number}@many.example" for number in range(8)]
    await a_mail(runtime, notificationEmails=many)
    rows = await Email.all()
    await set_column(runtime, "email", "next_try_at", ago(60), [row.id for row in rows])
    await a_mail(runtime, notificationEmails=["a@few.example"])
    assert await Email.filter(status=EmailStatus.PENDING).count() == 9
    found = [address.rpartition("@")[2] for _, address in await due(runtime, 3)]
    assert found.count("few.example") == 1
