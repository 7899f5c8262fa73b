"""Confirmation of addresses outside HOOKLINE_MAIL_DOMAINS, on both databases, against a real mail
server: a stranger gets one question without anybody's words, and nothing else until they say yes.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from pydantic import SecretStr

from hookline.errors import Code, Refused
from hookline.models import Email, EmailStatus
from hookline.notifications import consents
from hookline.notifications.consents import Consent, Wish
from hookline.notifications.mailboxes import ASKS, ASKS_AN_HOUR
from hookline.runtime import Runtime
from tests.hookline.notifications.posting import (
    PUBLIC_URL,
    STRANGER,
    PostOffice,
    a_webhook,
    pass_time,
    post_office,
    text_of,
    token_in,
    turn_off,
    turn_off_and_on,
)
from tests.hookline.notifications.test_mail_bounds import Dying
from tests.hookline.notifications.test_smtp import Box
from tests.making import make_workspace
from tests.tables import each_of
from tests.working import send_due

pytestmark = pytest.mark.engines("sqlite")

DAY, WEEK = timedelta(days=1, seconds=1), timedelta(days=7, seconds=1)


async def answer(post: PostOffice, token: str, said: Wish) -> Consent | None:
    return await consents.answer(post.runtime.database, token, said)


async def find(post: PostOffice, token: str) -> Consent | None:
    return await consents.find(post.runtime.database, token, 10)


async def states() -> Sequence[EmailStatus]:
    return [EmailStatus(row.status) for row in await Email.all().order_by("id")]


async def test_sixteen_switches_send_a_stranger_one_question_without_anybodys_words(
    runtime: Runtime,
) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(
            post.runtime, STRANGER, name="BUY NOW", url="https://buy-now.example.net/in"
        )
        await turn_off_and_on(post.runtime, webhook, 16)
        [question] = await post.send()
        assert question["Subject"] == "[Hookline] Do you want mails about webhooks?"
        html = question.get_body(("html",))
        assert html is not None
        for text in (text_of(question), str(html.get_content()), question["Subject"]):
            assert "buy" not in text.lower()
        assert f"{PUBLIC_URL}/mails/{token_in(question)}" in str(html.get_content())
        assert set(await states()) == {EmailStatus.UNCONFIRMED}
        for _ in range(6):
            await pass_time(runtime, DAY)
            await turn_off_and_on(post.runtime, webhook)
            assert await post.send() == []


@pytest.mark.engines("sqlite", "postgres")
async def test_what_waited_goes_out_as_one_mail_once_the_owner_says_yes(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, STRANGER)
        await turn_off_and_on(post.runtime, webhook, 3)
        [question] = await post.send()
        token = token_in(question)
        assert await find(post, token) == Consent(STRANGER, None)
        assert set(await states()) == {EmailStatus.UNCONFIRMED}
        assert await answer(post, token, Wish.WANTED) == Consent(STRANGER, Wish.WANTED)
        assert await find(post, token) == Consent(STRANGER, Wish.WANTED)
        [mail] = await post.send()
        assert mail["Subject"] == "[Hookline] 3 notifications about webhooks"
        assert set(await states()) == {EmailStatus.SENT}

        await pass_time(runtime, timedelta(days=30))
        await turn_off(post.runtime, webhook)
        assert len(await post.send()) == 1


@pytest.mark.engines("sqlite", "postgres")
async def test_who_wants_no_mails_gets_none_from_anybody(runtime: Runtime) -> None:
    other = await make_workspace(runtime)
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, STRANGER)
        await turn_off(post.runtime, webhook)
        token = token_in((await post.send())[0])
        await answer(post, token, Wish.WANTED)
        await post.send()
        assert await answer(post, token, Wish.REFUSED) == Consent(STRANGER, Wish.REFUSED)
        await turn_off(
            post.runtime, await a_webhook(post.runtime, STRANGER.upper(), workspace_id=other)
        )
        for _ in range(10):
            assert await post.send() == []
            await pass_time(runtime, DAY)
        # As of one that never answered: nobody is told that it refused.
        row = await Email.get(workspace_id=other)
        assert row.status == EmailStatus.FAILED
        assert row.error == "The address was not confirmed within 7 days."


@pytest.mark.parametrize("setting", ["confirm", "allow"])
async def test_a_refusal_holds_whatever_the_setting_and_may_be_taken_back(
    runtime: Runtime, setting: str
) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, STRANGER)
        await turn_off_and_on(post.runtime, webhook)
        token = token_in((await post.send())[0])
        await answer(post, token, Wish.REFUSED)
    async with post_office(runtime, mail_other_domains=setting) as post:
        await pass_time(runtime, DAY)
        assert await post.send() == []
        await answer(post, token, Wish.WANTED)
        assert len(await post.send()) == 1


@pytest.mark.engines("sqlite", "postgres")
async def test_a_yes_to_one_workspace_is_none_to_another_and_shows_there_in_nothing(
    runtime: Runtime,
) -> None:
    other = await make_workspace(runtime)
    async with post_office(runtime) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        await answer(post, token_in((await post.send())[0]), Wish.WANTED)
        await post.send()
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER, workspace_id=other))
        await turn_off(
            post.runtime, await a_webhook(post.runtime, "new@elsewhere.test", workspace_id=other)
        )
        # The mailbox was asked today, the new one was not: both show the same.
        assert [mail["To"] for mail in await post.send()] == ["new@elsewhere.test"]
        rows = await Email.filter(workspace_id=other)
        assert len({(row.status, row.error, row.tries) for row in rows}) == 1
        await pass_time(runtime, DAY)
        assert [mail["To"] for mail in await post.send()] == [STRANGER]


async def test_a_mailbox_is_asked_once_a_day_whoever_asks(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        for number in range(5):
            workspace = await make_workspace(runtime)
            spelling = STRANGER.capitalize() if number % 2 else STRANGER
            await turn_off(
                post.runtime, await a_webhook(post.runtime, spelling, workspace_id=workspace)
            )
        for asked in range(1, 4):
            await post.send()
            assert len(post.box.taken) == asked
            await pass_time(runtime, DAY)


async def test_a_stranger_is_asked_once_a_day_under_all_spellings(runtime: Runtime) -> None:
    local, _, domain = STRANGER.partition("@")
    spellings = [f"{local}+{number}@{domain}" for number in range(10)]
    async with post_office(runtime) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, *spellings))
        [question] = await post.send()
        assert set(await states()) == {EmailStatus.UNCONFIRMED}
        await answer(post, token_in(question), Wish.REFUSED)
        for _ in range(8):
            await pass_time(runtime, DAY)
            assert await post.send() == []
        assert set(await states()) == {EmailStatus.FAILED}


async def test_a_workspace_asks_a_few_an_hour_and_the_others_later(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        for part in range(2):
            addresses = [f"{part}-{number}@elsewhere.test" for number in range(20)]
            await turn_off(post.runtime, await a_webhook(post.runtime, *addresses))
        workers = [PostOffice(post.runtime, post.box) for _ in range(2)]
        await asyncio.gather(*(worker.send() for worker in workers))
        assert len(post.box.taken) == ASKS_AN_HOUR
        await pass_time(runtime, timedelta(hours=1, seconds=1))
        await post.send()
        assert len({mail["To"] for mail in post.messages()}) == 40


async def test_a_mailbox_that_does_not_answer_is_asked_no_more(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, STRANGER)
        for _ in range(ASKS + 2):
            await turn_off_and_on(post.runtime, webhook)
            await post.send()
            await pass_time(runtime, WEEK)
        assert len(post.box.taken) == ASKS
        await post.send()
        assert set(await states()) == {EmailStatus.FAILED}


async def test_a_link_is_good_for_seven_days_and_a_newer_one_ends_it(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        webhook = await a_webhook(post.runtime, STRANGER)
        await turn_off_and_on(post.runtime, webhook)
        old = token_in((await post.send())[0])
        await pass_time(runtime, WEEK)
        assert await find(post, old) is None
        assert await answer(post, old, Wish.WANTED) is None
        await turn_off_and_on(post.runtime, webhook)
        [new] = [token_in(mail) for mail in await post.send()]
        assert new != old
        assert await find(post, new) == Consent(STRANGER, None)
        assert await find(post, old) is None


@each_of("token", ["", "x", "x" * 32, "x" * 33, "%00" * 8, "é" * 32, "x" * 10_000])
async def test_a_guess_finds_nothing_and_changes_nothing(runtime: Runtime, token: str) -> None:
    assert await consents.find(runtime.database, token, 10) is None
    assert await consents.answer(runtime.database, token, Wish.WANTED) is None
    assert await runtime.database.reader().rows("select address from mailbox") == []


@pytest.mark.engines("sqlite", "postgres")
async def test_the_token_itself_is_stored_nowhere(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        token = token_in((await post.send())[0])
        assert len(token) == 32
        reader = runtime.database.reader()
        for table in ("mail_consent", "mailbox", "email", "notification"):
            for row in await reader.rows(f"select * from {table}"):
                assert token not in str(row)
                assert token.encode() not in row.values()


@pytest.mark.engines("sqlite", "postgres")
async def test_a_question_that_the_server_did_not_take_is_asked_again_soon(
    runtime: Runtime,
) -> None:
    box = Box(rcpt="450 Try later")
    async with post_office(runtime, box) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        assert await post.send() == []
        box.replies = {}
        await pass_time(runtime, timedelta(minutes=31))
        assert len(await post.send()) == 1


@pytest.mark.engines("sqlite", "postgres")
async def test_a_worker_that_dies_while_it_asks_asks_no_more_that_day(runtime: Runtime) -> None:
    async with post_office(runtime) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        with pytest.raises(asyncio.CancelledError):
            await send_due(post.runtime, Dying(post.mailer))
        await pass_time(runtime, timedelta(hours=23))
        assert await post.send() == []
        # The link of the mail that did arrive works.
        token = token_in(post.messages()[0])
        assert await find(post, token) == Consent(STRANGER, None)
        await pass_time(runtime, timedelta(hours=2))
        assert len(await post.send()) == 1


async def test_an_address_that_does_not_exist_ends_with_the_servers_answer(
    runtime: Runtime,
) -> None:
    async with post_office(runtime, Box(rcpt="550 No such user")) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        await post.send()
        row = await Email.get()
        assert (EmailStatus(row.status), row.error) == (
            EmailStatus.FAILED,
            "The mail server answered 550: No such user",
        )


async def test_without_an_address_of_its_own_the_server_asks_nobody_and_says_so(
    runtime: Runtime,
) -> None:
    async with post_office(runtime, public_url="") as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER, "ops@example.com"))
        assert [mail["To"] for mail in await post.send()] == ["ops@example.com"]
        row = await Email.get(address=STRANGER)
        assert row.status == EmailStatus.UNCONFIRMED
        assert "HOOKLINE_PUBLIC_URL" in str(row.error)


@pytest.mark.engines("sqlite", "postgres")
async def test_mails_as_files_and_allowed_domains_ask_nobody(runtime: Runtime) -> None:
    async with post_office(runtime, mail_other_domains="allow") as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        assert [mail["To"] for mail in await post.send()] == [STRANGER]
    async with post_office(runtime, smtp_url=SecretStr("")) as post:
        webhook = await a_webhook(post.runtime, "another@elsewhere.test")
        await turn_off(post.runtime, webhook)
        await post.send()
        row = await Email.get(address="another@elsewhere.test")
        assert row.status == EmailStatus.SENT
        assert "outbox" in str(row.error)


async def test_addresses_elsewhere_are_refused_as_they_are_saved_where_the_setting_says_so(
    runtime: Runtime,
) -> None:
    async with post_office(runtime, mail_other_domains="refuse") as post:
        with pytest.raises(Refused) as refused:
            await a_webhook(post.runtime, STRANGER, "ops@example.com")
        [problem] = refused.value.problems
        assert (problem.code, problem.field) == (Code.NOT_ALLOWED, ("notificationEmails", "0"))
        assert "example.com" in problem.message
        await a_webhook(post.runtime, "ops@EXAMPLE.com")
    async with post_office(runtime) as post:
        await a_webhook(post.runtime, STRANGER)


async def test_an_address_that_was_saved_before_it_was_refused_gets_nothing(
    runtime: Runtime,
) -> None:
    async with post_office(runtime, mail_other_domains="allow") as post:
        webhook = await a_webhook(post.runtime, STRANGER)
        await turn_off(post.runtime, webhook)
    async with post_office(runtime, mail_other_domains="refuse") as post:
        assert await post.send() == []
        row = await Email.get()
        assert row.status == EmailStatus.FAILED
        assert "HOOKLINE_MAIL_DOMAINS" in str(row.error)
