"""Mails in the words of whoever edits a webhook, sent to an address of their choice."""

from datetime import UTC, datetime

from hookline.models import NotificationKind
from hookline.notifications.mail_texts import mail_about, mail_about_sync, mail_of_several
from tests.tables import each_of


@each_of(
    "name, shown",
    [
        ("Win at https://evil.example/a?b", "Win at https: //evil. example/a?b"),
        ("www.evil.example", "www. evil. example"),
        ("evil\u3002example", "evil\u3002 example"),
        ("h\u200bttps:\\\\evil.example", "https: \\\\evil. example"),
        ("write to a@evil.example", "write to a@ evil. example"),
        ("=?utf-8?q?a=0D=0ABcc?=", "= ?utf-8?q?a=0D=0ABcc?="),
        ("Orders v1.2: EU/US", "Orders v1.2: EU/US"),
    ],
)
def test_a_webhook_s_name_and_host_make_no_link(name: str, shown: str) -> None:
    mail = mail_about(
        NotificationKind.FAILING, name, "a", "wh_1", "https://evil.example/in", "It fails."
    )
    assert mail.subject == f"[Hookline] Webhook {shown} keeps failing"
    for text in (mail.text, mail.html):
        assert shown in text
        assert "evil.example" not in text
        assert "evil. example" in text


def test_a_mail_of_very_many_names_fifty_and_counts_the_rest() -> None:
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    lines = [(f"Webhook W{number} (w{number}) keeps failing", 1, at) for number in range(60)]
    mail = mail_of_several(60, lines)
    assert mail.subject == "[Hookline] 60 notifications about webhooks"
    assert mail.text.count("keeps failing, last at 2026-11-28T12:00:00Z.") == 50
    assert "And 10 more." in mail.text
    assert mail.html.count("<br>") == 50


def test_a_key_or_a_name_of_a_webhooks_file_makes_no_link_in_a_mail_about_it() -> None:
    reason = (
        'The set "a" could not be applied: unknown field https://evil.example/\nSign in: me@e.de.'
    )
    mail = mail_about_sync(NotificationKind.SYNC_FAILED, reason)
    for text in (mail.text, mail.html):
        assert "unknown field https: //evil. example/Sign in: me@ e. de." in text
        assert "evil.example" not in text
