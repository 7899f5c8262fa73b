"""The text of a mail about webhooks or a sync, or of one that asks for confirmation, plain and as
HTML. Pure.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import urlsplit

from hookline.models import NotificationKind
from hookline.notifications.mail_limits import MAILS_A_DAY

_SUBJECTS: Final = {
    NotificationKind.AUTO_DISABLED: "was turned off by itself",
    NotificationKind.FAILING: "keeps failing",
    NotificationKind.RECOVERED: "works again",
    NotificationKind.DELIVERY_FAILED: "has deliveries that failed for good",
    NotificationKind.TEST: "sent a test mail",
}
_ADVICE: Final = {
    NotificationKind.AUTO_DISABLED: "Nothing is sent to it now, and what is open is kept. "
    "Mend the receiver, then turn it on again: webhookSetActive with "
    "active: true, and deliverMissed: true for what was published meanwhile.",
    NotificationKind.FAILING: "Look at its latest attempts. If it goes on like this, the webhook "
    "is turned off by itself.",
    NotificationKind.RECOVERED: "There is nothing to do.",
    NotificationKind.TEST: "Somebody who manages the webhook asked for it. There is nothing to do.",
    NotificationKind.DELIVERY_FAILED: "Mend the receiver, then send them again: deliveriesRetry "
    "with which: FAILED.",
}
_ABOUT_SYNC: Final = {
    NotificationKind.SYNC_FAILED: (
        "A set of webhooks could not be applied",
        "Nothing was changed. `hookline sync plan` shows what is in the way.",
    ),
    NotificationKind.SOURCE_DEGRADED: (
        "Webhooks files can't be applied",
        "Nothing was changed: the last good state stays. The server looks on, and says when it is "
        "over. `hookline sync status` shows the place.",
    ),
    NotificationKind.SOURCE_RECOVERED: (
        "Webhooks files are applied again",
        "There is nothing to do.",
    ),
}
OF_SOURCES: Final = (NotificationKind.SOURCE_DEGRADED, NotificationKind.SOURCE_RECOVERED)
"""Kinds about the files that a server follows; their mails go to HOOKLINE_SYNC_ALERT_EMAILS."""
_PAGE: Final = """<!doctype html>
<html lang="en"><body style="font-family: sans-serif; line-height: 1.4; color: #222">
<p><strong>{title}</strong></p>
<p>{message}</p>
<table style="border-collapse: collapse">{rows}</table>
<p>{advice}</p>
</body></html>
"""
_HELD: Final = (
    "These were held: an address gets one mail an hour for each webhook and kind, and {} in all "
    "within a day. The list of notifications has each with its details."
)
_LINES: Final = 50
_ASK: Final = """Somebody who manages webhooks at {server}
has entered this address for notifications: mails that say when a webhook
keeps failing, is turned off or works again.

Nothing but this question is sent to you until you say yes, within 7 days:

{link}

There you can also say that this server shall never write to you again. If
you do nothing, you will get no such mails.
"""
_ASK_PAGE: Final = """<!doctype html>
<html lang="en"><body style="font-family: sans-serif; line-height: 1.4; color: #222">
<p><strong>{title}</strong></p>
<p>Somebody who manages webhooks at {server} has entered this address for notifications: mails that
say when a webhook keeps failing, is turned off or works again.</p>
<p>Nothing but this question is sent to you until you say yes, within 7 days:</p>
<p><a href="{link}">{link}</a></p>
<p>There you can also say that this server shall never write to you again. If you do nothing, you
will get no such mails.</p>
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


def mail_about_sync(kind: int, message: str) -> MailText:
    """A mail about a set or its files: of SYNC_FAILED, or of one of OF_SOURCES. message: may repeat
    names and keys of a file.
    """
    advice = _ABOUT_SYNC[NotificationKind(kind)][1]
    return _mail_text(line_about_sync(kind), _visible(message), {}, advice)


def line_about(kind: int, name: str, slug: str) -> str:
    """A line of a mail about several: a webhook and its news. kind: one of those that are about a
    webhook.
    """
    return f"Webhook {_visible(name)} ({slug}) {_SUBJECTS[NotificationKind(kind)]}"


def line_about_sync(kind: int) -> str:
    """A line of a mail about several: the news of a set or its files."""
    return _ABOUT_SYNC[NotificationKind(kind)][0]


def mail_of_several(count: int, lines: Sequence[tuple[str, int, datetime]]) -> MailText:
    """One mail about notifications that were held. lines: each with how often it happened and when
    last, in that order. Those beyond a bound are counted only.
    """
    shown = [
        f"{line}{f' ({times:,} times)' if times > 1 else ''}, last at {at:%Y-%m-%dT%H:%M:%SZ}."
        for line, times, at in lines[:_LINES]
    ]
    if len(lines) > _LINES:
        shown.append(f"And {len(lines) - _LINES:,} more.")
    return _mail_text(
        f"{count:,} notifications about webhooks", "\n".join(shown), {}, _HELD.format(MAILS_A_DAY)
    )


def mail_that_asks(server: str, link: str) -> MailText:
    """The mail that asks whether its recipient wants mails. It holds no word that an editor chose.
    server: the public address.
    """
    title = "Do you want mails about webhooks?"
    text = _ASK.format(server=server, link=link)
    html = _ASK_PAGE.format(title=escape(title), server=escape(server), link=escape(link))
    return MailText(f"[Hookline] {title}", f"{title}\n\n{text}", html)


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
            title=escape(title),
            message=escape(message).replace("\n", "<br>"),
            rows=rows,
            advice=escape(advice),
        ),
    )


def _visible(text: str) -> str:
    """A text that people choose, such as a webhook's name, without control and formatting
    characters: it can break no line and turn no text around. It becomes no link either.
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
