"""A mail server with the mails that it took, workers that send to it, and time that passes for
them. Real rows and real SMTP.
"""

import asyncio
import email
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr

from hookline.models import Email, Webhook
from hookline.notifications import mails
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from hookline.webhooks.change import set_webhook_active
from tests.hookline.notifications.test_smtp import Box, serving, smtp
from tests.making import SOMEBODY, WORKSPACE, Hand, enqueue, failed, make_webhook
from tests.working import due_mails
from workers.context import make_mailer
from workers.mails import MAILS_AT_ONCE

STRANGER = "stranger@elsewhere.test"
OWN = "ops@example.com"
PUBLIC_URL = "https://hooks.example.com"


class PostOffice:
    """A mail server, and a worker's mailer to it."""

    def __init__(self, runtime: Runtime, box: Box) -> None:
        self.runtime, self.box = runtime, box
        self.mailer: Mailer = make_mailer(runtime)

    async def send(self) -> list[EmailMessage]:
        """Tries all mails that are due. Returns those that the server took meanwhile."""
        before = len(self.box.taken)
        due = await due_mails(self.runtime)
        # As many at once as a worker has: each holds a connection.
        places = asyncio.Semaphore(MAILS_AT_ONCE)

        async def send_one(notification_id: UUID, address: str) -> None:
            async with places:
                await mails.send_mail(self.runtime, self.mailer, notification_id, address)

        await asyncio.gather(*(send_one(*key) for key in due))
        return self.messages(before)

    def messages(self, start: int = 0) -> list[EmailMessage]:
        return [_message(envelope) for envelope in self.box.taken[start:]]


@asynccontextmanager
async def post_office(
    runtime: Runtime, box: Box | None = None, **settings: Any
) -> AsyncIterator[PostOffice]:
    """settings: instead of addresses at example.com that are not asked, and others that are."""
    box = box or Box()
    async with serving(smtp(box)) as port:
        given = {
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{port}?from=hooks@example.org"),
            "mail_domains": ("example.com",),
            "public_url": PUBLIC_URL,
            **settings,
        }
        changed = replace(runtime, settings=runtime.settings.model_copy(update=given))
        yield PostOffice(changed, box)


def text_of(message: EmailMessage) -> str:
    """The plain text."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def token_in(message: EmailMessage) -> str:
    """The token of the link in a mail that asks for confirmation."""
    _, found, rest = text_of(message).partition(f"{PUBLIC_URL}/mails/")
    assert found
    return rest.split()[0]


async def a_webhook(
    runtime: Runtime, *addresses: str, workspace_id: UUID = WORKSPACE, **fields: Any
) -> Webhook:
    return await make_webhook(
        runtime,
        workspace_id=workspace_id,
        autoDisable={"failures": 1, "over": "1s"},
        notificationEmails=list(addresses),
        **fields,
    )


async def turn_off(runtime: Runtime, webhook: Webhook) -> None:
    """Lets it be turned off by itself, which writes a notification."""
    workspace_id = webhook.workspace_id
    await enqueue(runtime, webhook.id, workspace_id=workspace_id)
    hand = await Hand.begin(runtime)
    result = failed((await hand.claim(webhook.id))[0], status_code=503)
    # Of the version that is in force: attempts for an older one count no more.
    version = (await Webhook.get(id=webhook.id)).version
    began = result.began - 5
    late = result._replace(began=began, duration_ms=5_000, webhook_version=version)
    await hand.record(late, workspace_id=workspace_id)


async def turn_off_and_on(runtime: Runtime, webhook: Webhook, times: int = 1) -> None:
    """As an editor does who wants many mails."""
    actor = replace(SOMEBODY, workspace_id=webhook.workspace_id)
    for _ in range(times):
        await turn_off(runtime, webhook)
        await set_webhook_active(runtime, actor, webhook.id, True)


async def pass_time(runtime: Runtime, passed: timedelta) -> None:
    """Makes everything about mails as old as if so much time had passed; negative: the clock is set
    back.
    """
    async with runtime.database.unit_of_work() as work:
        for table, keys, times in (
            ("mailbox", ("address",), ("touched_at",)),
            (
                "mail_consent",
                ("address", "workspace_id"),
                ("asked_at", "ask_again_at", "expires_at", "confirmed_at"),
            ),
            ("email", ("id",), ("next_try_at",)),
        ):
            for row in await work.rows(f"select * from {table}"):
                for column in times:
                    if row[column] is None:
                        continue
                    found = " and ".join(f"{key} = ${at}" for at, key in enumerate(keys, 2))
                    await work.execute(
                        f"update {table} set {column} = $1 where {found}",
                        row[column] - passed,
                        *(row[key] for key in keys),
                    )
        await _age_tries(work, passed)
        await _age_receipts(work, passed)


async def _age_tries(work: Any, passed: timedelta) -> None:
    micros = passed // timedelta(microseconds=1)
    for row in await work.rows("select address, tries from mailbox"):
        tries = [[at - micros, *rest] for at, *rest in orjson.loads(row["tries"])]
        await work.execute(
            "update mailbox set tries = $1 where address = $2",
            orjson.dumps(tries).decode(),
            row["address"],
        )


async def _age_receipts(work: Any, passed: timedelta) -> None:
    millis = passed // timedelta(milliseconds=1)
    for row in await Email.all():
        older = UUID(int=row.id.int - (millis << 80))
        await work.execute("update email set id = $1 where id = $2", older, row.id)
        await work.execute(
            "update email set sent_with_id = $1 where sent_with_id = $2", older, row.id
        )


def _message(envelope: Any) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    return email.message_from_bytes(envelope.content, policy=default)
