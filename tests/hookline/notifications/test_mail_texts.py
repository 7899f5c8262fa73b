"""Mails in the words of whoever edits a webhook, sent to an address of their choice."""

import pytest

from hookline.models import NotificationKind
from hookline.notifications.mail_texts import mail_about


@pytest.mark.parametrize(
    ("name", "shown"),
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
