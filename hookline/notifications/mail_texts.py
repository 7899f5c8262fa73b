"""The text of a mail about a webhook or a sync, plain and as HTML. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlsplit

from hookline.models import NotificationKind

_SUBJECTS: Final = {
    NotificationKind.AUTO_DISABLED: "was turned off by itself",
    NotificationKind.FAILING: "keeps failing",
    NotificationKind.RECOVERED: "works again",
    NotificationKind.DELIVERY_FAILED: "has deliveries that failed for good",
}
_ADVICE: Final = {
    NotificationKind.AUTO_DISABLED: "Nothing is sent to it now, and what is open is kept. "
    "Mend the receiver, then turn it on again: webhookSetActive with "
    "active: true, and deliverMissed: true for what was published meanwhile.",
    NotificationKind.FAILING: "Look at its latest attempts. If it goes on like this, the webhook "
    "is turned off by itself.",
    NotificationKind.RECOVERED: "There is nothing to do.",
    NotificationKind.DELIVERY_FAILED: "Mend the receiver, then send them again: deliveriesRetry "
    "with which: FAILED.",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><body style="font-family: sans-serif; line-height: 1.4; color: #222">
<p><strong>{title}</strong></p>
<p>{message}</p>
<table style="border-collapse: collapse">{rows}</table>
<p>{advice}</p>
</body></html>
"""
_ROW: Final = '<tr><td style="padding: 2px 12px 2px 0; color: #666">{}</td><td>{}</td></tr>'
_LINK_PARTS: Final = re.compile(
    r"[.\u3002\uff0e\uff61](?=[^\W\d_])|[:\uff1a](?=[/\uff0f\\])|@(?=\w)|=(?=\?)"
)
"""Dots before a letter (those of other scripts too, which browsers take for dots), the colon of a
scheme, the sign of an address: a blank behind each ends what would be a link. The beginning of an
encoded word (RFC 2047) too: decoded in the subject, it may hold line ends, and so headers and a
body.
"""


@dataclass(frozen=True, slots=True)
class MailText:
    subject: str
    text: str
    html: str


def mail_about(
    kind: int, name: str, slug: str, webhook_id: str, url: str, message: str
) -> MailText:
    """A mail of one of the kinds in NotificationKind that are about a webhook. message: the
    notification's sentence.
    """
    notification_kind, seen = NotificationKind(kind), _visible(name)
    # Of the URL only the host: paths and queries hold secrets.
    facts = {
        "Webhook": f"{seen} ({slug})",
        "Id": webhook_id,
        "Host": _unlinked(urlsplit(url).netloc),
    }
    return _mail_text(
        f"Webhook {seen} {_SUBJECTS[notification_kind]}", message, facts, _ADVICE[notification_kind]
    )


def mail_about_sync(message: str) -> MailText:
    """A mail of SYNC_FAILED."""
    return _mail_text(
        "A set of webhooks could not be applied",
        message,
        {},
        "Nothing was changed. `hookline sync plan` shows what is in the way.",
    )


def _mail_text(title: str, message: str, facts: dict[str, str], advice: str) -> MailText:
    text = "\n".join(
        [
            title,
            "",
            message,
            "",
            *(f"{label}: {value}" for label, value in facts.items()),
            *([""] if facts else []),
            advice,
            "",
        ]
    )
    rows = "".join(_ROW.format(label, escape(value)) for label, value in facts.items())
    return MailText(
        f"[Hookline] {title}",
        text,
        _PAGE.format(
            title=escape(title), message=escape(message), rows=rows, advice=escape(advice)
        ),
    )


def _visible(text: str) -> str:
    """A webhook's name, which people choose, without control and formatting characters: it can
    break no line and turn no text around. It becomes no link either.
    """
    return _unlinked(
        "".join(
            character
            for character in text
            if unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp")
        )
    )


def _unlinked(text: str) -> str:
    """A text in which mail programs find nothing to make a link of. Whoever edits webhooks chooses
    the text and the address that it is sent to.
    """
    return _LINK_PARTS.sub(r"\g<0> ", text)
