"""Sending one mail, against a real SMTP server that behaves and misbehaves; and the outbox when
there is none.
"""

import asyncio
import email
import ssl
import stat
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from hookline.models import NotificationKind
from hookline.notifications.mail_texts import mail_about
from hookline.notifications.smtp import Mail, Mailer, MailFailed, MailRefused
from hookline.settings.smtp_url import read_smtp_url
from tests.receivers import make_tls
from tests.tables import each_of

MAIL = Mail(
    "ntf_1-abc",
    "ops@example.com",
    "[Hookline] Webhook Größe fails",
    "Words\n",
    "<p>Words</p>\n",
    datetime(2026, 11, 27, tzinfo=UTC),
)

HEADERS = sorted(
    [
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
    ]
)


class Box:
    """A mail server. Its answers by command, and the mails that it took."""

    def __init__(self, **replies: str) -> None:
        self.replies, self.taken, self.logins = replies, list[Envelope](), list[Any]()

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.replies.get("rcpt", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return self.replies.get("data", "250 OK")

    def authenticate(
        self, server: Any, session: Any, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins.append(data)
        return AuthResult(success=data.password == b"hunter2 @", handled=False)


def message_in(box: Box) -> EmailMessage:
    [envelope] = box.taken
    assert isinstance(envelope.content, bytes)
    return email.message_from_bytes(envelope.content, policy=default)


@asynccontextmanager
async def serving(
    factory: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def smtp(box: Box, **options: Any) -> Callable[[], asyncio.BaseProtocol]:
    return lambda: SMTP(
        box,
        authenticator=box.authenticate,
        loop=asyncio.get_running_loop(),
        hostname="mx",
        **options,
    )


def mailer(url: str, tmp_path: Path, ca_file: str = "", seconds: float = 5) -> Mailer:
    return Mailer(read_smtp_url(url), tmp_path / "outbox", (), ca_file, seconds)


async def test_server_that_is_away_is_told_once_however_many_mails_wait_for_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hookline.notifications")
    async with serving(smtp(Box())) as port:
        sender = mailer(f"smtp://127.0.0.1:{port}?from=hooks@example.org", tmp_path)
    for _ in range(3):
        with pytest.raises(MailFailed) as failed:
            await sender.send(MAIL)
        assert failed.value.is_away
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "mails wait for the mail server: The mail server could not be reached" in caplog.text


async def test_mail_that_is_not_taken_says_nothing_of_its_server(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(smtp(Box(rcpt="450 Try later"))) as port:
        with pytest.raises(MailFailed) as failed:
            await mailer(f"smtp://127.0.0.1:{port}?from=h@example.org", tmp_path).send(MAIL)
    assert not failed.value.is_away
    assert not caplog.records


async def test_mail_arrives_as_text_and_html(tmp_path: Path) -> None:
    box = Box()
    async with serving(smtp(box)) as port:
        assert (
            await mailer(
                f"smtp://127.0.0.1:{port}?from=Hookline%20%3Chooks@example.org%3E", tmp_path
            ).send(MAIL)
            is None
        )
    message = message_in(box)
    assert (message["From"], message["To"], message["Subject"]) == (
        "Hookline <hooks@example.org>",
        MAIL.to,
        MAIL.subject,
    )
    assert message["Message-ID"] == "<ntf_1-abc@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert (plain.get_content().splitlines(), html.get_content().splitlines()) == (
        ["Words"],
        ["<p>Words</p>"],
    )
    assert (box.taken[0].mail_from, box.taken[0].rcpt_tos) == ("hooks@example.org", [MAIL.to])
    assert not (tmp_path / "outbox").exists()


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_server_with_tls_and_a_password_takes_it(tmp_path: Path, scheme: str) -> None:
    box, ca_file = Box(), tmp_path / "ca.pem"
    tls = make_tls("localhost", ca_file)
    options: dict[str, Any] = (
        {"tls_context": tls, "auth_required": True}
        if scheme == "smtp"
        else {"auth_require_tls": False}
    )
    async with serving(smtp(box, **options), tls if scheme == "smtps" else None) as port:
        url = f"{scheme}://me%40example.org:hunter2%20%40@localhost:{port}?from=hooks@example.org"
        await mailer(url, tmp_path, str(ca_file)).send(MAIL)
    assert (len(box.taken), box.logins[0].login) == (1, b"me@example.org")


async def test_certificate_of_a_stranger_ends_it(tmp_path: Path) -> None:
    box = Box()
    async with serving(smtp(box, tls_context=make_tls("localhost", tmp_path / "ca.pem"))) as port:
        with pytest.raises(MailFailed, match="could not be reached"):
            await mailer(f"smtp://localhost:{port}?from=hooks@example.org", tmp_path).send(MAIL)
    assert box.taken == []


async def test_password_never_goes_over_a_line_that_anybody_reads() -> None:
    assert read_smtp_url("smtp://me:secret@mail.example.org?from=a@example.org").needs_tls
    assert not read_smtp_url("smtp://me:secret@127.0.0.1?from=a@example.org").needs_tls


async def test_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    box = Box()
    async with serving(smtp(box, auth_require_tls=False)) as port:
        with pytest.raises(MailFailed) as failed:
            await mailer(f"smtp://me:wrong@127.0.0.1:{port}?from=hooks@example.org", tmp_path).send(
                MAIL
            )
    assert str(failed.value) == "The mail server refused the login."


@pytest.mark.parametrize(
    ("replies", "kind", "said"),
    [
        ({"rcpt": "550 No such user"}, MailRefused, "The mail server answered 550: No such user"),
        ({"rcpt": "450 Try later"}, MailFailed, "The mail server answered 450: Try later"),
        ({"data": "554 Spam"}, MailRefused, "The mail server answered 554: Spam"),
        ({"data": "451 Disk full"}, MailFailed, "The mail server answered 451: Disk full"),
    ],
)
async def test_refusal_for_good_and_for_now_are_told_apart(
    tmp_path: Path, replies: dict[str, str], kind: type[Exception], said: str
) -> None:
    async with serving(smtp(Box(**replies))) as port:
        with pytest.raises(kind) as refused:
            await mailer(f"smtp://127.0.0.1:{port}?from=hooks@example.org", tmp_path).send(MAIL)
    assert str(refused.value) == said


class Rude(asyncio.Protocol):
    """A server that answers so many lines and then hangs up, or says nothing more."""

    def __init__(self, lines: int, hangs_up: bool) -> None:
        self._left, self._hangs_up = lines, hangs_up

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._say(b"220 mx\r\n")

    def data_received(self, data: bytes) -> None:
        self._say(b"354 go on\r\n" if data.startswith(b"DATA") else b"250 OK\r\n")

    def _say(self, line: bytes) -> None:
        if self._left:
            self._left -= 1
            self._transport.write(line)
        elif self._hangs_up:
            self._transport.abort()


@pytest.mark.parametrize("hangs_up", [True, False])
async def test_only_a_mail_that_was_on_its_way_may_have_arrived(
    tmp_path: Path, hangs_up: bool
) -> None:
    found = []
    # Greeting, EHLO (its refusal is answered by HELO); MAIL, RCPT, DATA.
    for lines in (1, 5):
        async with serving(lambda lines=lines: Rude(lines, hangs_up)) as port:  # type: ignore[misc]
            url = f"smtp://127.0.0.1:{port}?from=hooks@example.org"
            with pytest.raises(MailFailed) as failed:
                await mailer(url, tmp_path, seconds=0.3).send(MAIL)
            found.append(failed.value.may_have_arrived)
    assert found == [False, True]


async def test_a_mail_that_was_taken_is_sent_whatever_the_goodbye(tmp_path: Path) -> None:
    # Greeting, EHLO, MAIL, RCPT, DATA, the end of the mail; then nothing more.
    async with serving(lambda: Rude(6, False)) as port:
        url = f"smtp://127.0.0.1:{port}?from=hooks@example.org"
        assert await mailer(url, tmp_path, seconds=1).send(MAIL) is None


@pytest.mark.parametrize("lines", range(6))
@pytest.mark.parametrize("hangs_up", [True, False])
async def test_server_that_leaves_or_says_nothing_at_any_stage_ends_in_time(
    tmp_path: Path, lines: int, hangs_up: bool
) -> None:
    async with serving(lambda: Rude(lines, hangs_up)) as port:
        with pytest.raises(MailFailed):
            await asyncio.wait_for(
                mailer(
                    f"smtp://127.0.0.1:{port}?from=hooks@example.org", tmp_path, seconds=0.3
                ).send(MAIL),
                10,
            )


async def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(MailFailed, match="could not be reached"):
        await mailer("smtp://127.0.0.1:1?from=hooks@example.org", tmp_path).send(MAIL)


async def test_without_a_server_it_is_a_file_for_its_owner_only(tmp_path: Path) -> None:
    nobody = Mailer(None, tmp_path / "outbox")
    said = await nobody.send(MAIL)
    await nobody.send(MAIL)
    [path] = (tmp_path / "outbox").iterdir()
    assert said == f"outbox/{path.name}"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (
        0o600,
        0o700,
    )
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert (message["To"], message["Subject"], message["Message-ID"]) == (
        MAIL.to,
        MAIL.subject,
        "<ntf_1-abc@localhost>",
    )


async def test_outbox_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(MailFailed, match="can't be written"):
        await Mailer(None, tmp_path / "outbox").send(MAIL)


async def test_mail_goes_to_the_allowed_domains_only(tmp_path: Path) -> None:
    limited = Mailer(None, tmp_path / "outbox", ("example.org",))
    with pytest.raises(MailRefused, match="HOOKLINE_MAIL_DOMAINS"):
        await limited.send(MAIL)
    await limited.send(Mail("k", "ops@EXAMPLE.org", "S", "T", "H", MAIL.at))


@each_of(
    "url",
    [
        "http://host?from=a@example.org",
        "smtp://host",
        "smtp://host?from=",
        "smtp://host?from=nobody",
        "smtp://host?from=a@example.org%0D%0ABcc:%20x@example.org",
        "smtp://host?from=a@example.org&starttls=no",
        "smtp://user@host?from=a@example.org",
        "smtp://host:99999?from=a@example.org",
        "smtp:///?from=a@example.org",
        "smtp://host/path?from=a@example.org",
    ],
)
def test_wrong_url_is_refused_with_what_would_be_right(url: str) -> None:
    with pytest.raises(ValueError, match="must"):
        read_smtp_url(url)


def test_right_url_has_the_usual_port() -> None:
    assert [
        read_smtp_url(f"{scheme}://host?from=a@example.org").port for scheme in ("smtp", "smtps")
    ] == [587, 465]
    assert "hunter2" not in repr(read_smtp_url("smtp://me:hunter2@host?from=a@example.org"))


def encoded_word(text: str) -> str:
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


@pytest.mark.parametrize(
    "text", ["\r\nBcc: x@example.net", "\r\n\r\n<a href=//example.net>x", "\nX: y"]
)
async def test_a_name_that_decodes_to_line_ends_writes_no_header_and_no_body(
    tmp_path: Path, text: str
) -> None:
    text_of_mail = mail_about(
        NotificationKind.FAILING, encoded_word(text), "a", "wh_1", "https://a.example", "It fails."
    )
    await Mailer(None, tmp_path).send(replace(MAIL, subject=text_of_mail.subject))
    [file] = tmp_path.iterdir()
    found = email.message_from_bytes(file.read_bytes(), policy=default)
    assert sorted(found.keys()) == HEADERS
    assert str(found["Subject"]).endswith("?= keeps failing")


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        (MAIL.to, encoded_word("\r\nBcc: x@example.net")),
        (MAIL.to, f"Words {encoded_word('x' + chr(13) + chr(10) * 2 + 'body')}"),
        (f"{encoded_word(chr(13) + chr(10) + 'Bcc: x')}@example.com", MAIL.subject),
    ],
)
async def test_a_mail_with_another_head_than_was_set_is_never_written(
    tmp_path: Path, to: str, subject: str
) -> None:
    is_refused = False
    try:
        await Mailer(None, tmp_path).send(replace(MAIL, to=to, subject=subject))
    except MailRefused:
        is_refused = True
    heads = [
        sorted(email.message_from_bytes(file.read_bytes(), policy=default).keys())
        for file in tmp_path.iterdir()
    ]
    # Some versions of Python leave the line ends encoded: then it is one header.
    assert heads == ([] if is_refused else [HEADERS])
