"""Test mails: to a webhook's own addresses, within the limits of all mails."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hookline import ids
from hookline.models import AuditEntry, Notification, NotificationKind
from hookline.notifications import send_test_mail
from hookline.notifications.smtp import Mailer
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker, told
from tests.hookline.notifications.posting import post_office, text_of
from tests.making import make_webhook, make_workspace
from tests.working import send_due

pytestmark = pytest.mark.engines("sqlite")

TEST_MAIL = """mutation ($input: WebhookTestMailInput!) { webhookTestMail(input: $input) {
    notification { id kind message webhook { id } emails { address status file error } }
    userErrors { code field } } }"""
EMAILS = """query ($id: ID!) { node(id: $id) { ... on Notification {
    emails { address status file error } } } }"""
ADDRESSES = ["ops@example.com", "Shop@example.com"]


async def ask(admin: Asker, webhook_id: Any, **given: Any) -> Any:
    wanted = {"id": ids.encode("wh", webhook_id), **given}
    return (await admin.data(TEST_MAIL, input=wanted))["webhookTestMail"]


async def test_a_test_mail_goes_to_the_addresses_and_is_noted(
    runtime: Runtime, admin: Asker
) -> None:
    webhook = await make_webhook(runtime, notificationEmails=ADDRESSES, notifyOn=[])
    editor = admin.as_role("editor")
    answer = (await ask(editor, webhook.id))["notification"]
    assert (answer["kind"], answer["webhook"]["id"]) == ("TEST", ids.encode("wh", webhook.id))
    assert [mail["status"] for mail in answer["emails"]] == ["PENDING", "PENDING"]
    async with post_office(runtime) as office:
        mails = await office.send()
    assert sorted(mail["To"] for mail in mails) == sorted(ADDRESSES)
    assert mails[0]["Subject"] == "[Hookline] Webhook Orders sent a test mail"
    assert answer["message"] in text_of(mails[0])
    entry = await AuditEntry.get(action="webhook.testMail")
    assert (entry.subject_id, entry.after["addresses"]) == (webhook.id, ADDRESSES)


async def test_without_a_mail_server_the_file_is_told_and_no_error(
    runtime: Runtime, admin: Asker, tmp_path: Path
) -> None:
    webhook = await make_webhook(runtime, notificationEmails=["ops@example.com"])
    key = (await ask(admin, webhook.id))["notification"]["id"]
    await send_due(runtime, Mailer(None, tmp_path / "outbox"))
    [mail] = (await admin.data(EMAILS, id=key))["node"]["emails"]
    assert (mail["status"], mail["error"]) == ("SENT", None)
    assert mail["file"].startswith("outbox/ntf_")


async def test_tests_are_a_minute_apart_and_their_mails_an_hour(
    runtime: Runtime, admin: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = await make_webhook(runtime, notificationEmails=["ops@example.com"])
    assert (await ask(admin, webhook.id))["userErrors"] == []
    assert told(await ask(admin, webhook.id)) == {("NOT_ALLOWED", "input.id")}
    async with post_office(runtime) as office:
        assert len(await office.send()) == 1
        monkeypatch.setattr(send_test_mail, "PAUSE", timedelta(minutes=-1))
        again = (await ask(admin, webhook.id))["notification"]
        assert await office.send() == []
    [mail] = (await admin.data(EMAILS, id=again["id"]))["node"]["emails"]
    assert mail["status"] == "HELD"
    assert await Notification.filter(kind=NotificationKind.TEST).count() == 2


async def test_only_addresses_of_the_webhook_are_mailed_to(runtime: Runtime, admin: Asker) -> None:
    webhook = await make_webhook(runtime, notificationEmails=ADDRESSES)
    refused = await ask(admin, webhook.id, addresses=["ops@example.com", "x@example.com"])
    assert told(refused) == {("NOT_FOUND", "input.addresses.1")}
    assert told(await ask(admin, webhook.id, addresses=[])) == {("REQUIRED", "input.addresses")}
    without = await make_webhook(runtime, name="Silent")
    assert told(await ask(admin, without.id)) == {("REQUIRED", "input.addresses")}
    stranger = admin.in_workspace(await make_workspace(runtime))
    assert told(await ask(stranger, webhook.id)) == {("NOT_FOUND", "input.id")}
    assert not await Notification.exists()
    given = ["SHOP@example.com", "shop@example.com"]
    answer = await ask(admin, webhook.id, addresses=given)
    assert [mail["address"] for mail in answer["notification"]["emails"]] == ["Shop@example.com"]


async def test_a_test_is_no_kind_that_a_webhook_asks_for(admin: Asker) -> None:
    text = """mutation { webhookCreate(input: {name: "a", url: "https://a.example.com/",
        events: ["a.b.c"], environments: ["production"], notifyOn: [TEST]}) {
        userErrors { code field } } }"""
    assert told((await admin.data(text))["webhookCreate"]) == {("INVALID", "input.notifyOn.0")}
