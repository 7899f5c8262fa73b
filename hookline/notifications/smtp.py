"""Sends one mail to one address, or writes it into the outbox when there is no mail server.

Called for each receipt. Bounded in time whatever the server does. Its errors may be shown to the
webhook's owners: no host, no password.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

import aiosmtplib

from hookline.outages import SETTLE_SECONDS, Outage
from hookline.outbound.tls import tls_context
from hookline.settings.smtp_url import SmtpServer

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 20.0
"""Time for one mail, from the connection to the server's last answer."""
_UNSENDABLE = "The mail can't be written: its subject or its address is no plain text."
_NO_SENDER = "Hookline <hookline@localhost>"
_LONGEST_REPLY = 200
_LATE = "The mail server did not take it in time."
_GOODBYE_SECONDS = 2.0


class MailRefused(Exception):
    """This mail will never be taken. The text says why, to people."""


class MailFailed(Exception):
    """The mail was not taken this time. The text says why, to people. may_have_arrived: it was on
    its way when the answer failed to come. is_away: the server was not there for any mail.
    """

    def __init__(self, text: str, *, may_have_arrived: bool = False, is_away: bool = False) -> None:
        super().__init__(text)
        self.may_have_arrived, self.is_away = may_have_arrived, is_away


@dataclass(frozen=True, slots=True)
class Mail:
    """key: tells this mail from all others; a repeat has the same, and so the same Message-ID and
    file name.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str
    at: datetime


class Mailer:
    """server None: mails are files in the outbox folder. domains: where mail may go; empty:
    anywhere.
    """

    def __init__(
        self,
        server: SmtpServer | None,
        outbox: Path,
        domains: Sequence[str] = (),
        ca_file: str = "",
        seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._server, self._outbox, self._domains, self._ca_file, self._seconds = (
            server,
            outbox,
            domains,
            ca_file,
            seconds,
        )
        self._outage = Outage(log, "mails wait for the mail server", SETTLE_SECONDS)

    async def send(self, mail: Mail) -> str | None:
        """Returns when the server has taken it: None, or the file that it was written to instead.

        Raises MailRefused, MailFailed.
        """
        if self._domains and mail.to.rpartition("@")[2].lower() not in self._domains:
            raise MailRefused("Mail may not go to this domain here (HOOKLINE_MAIL_DOMAINS).")
        if self._server is None:
            return await asyncio.to_thread(self._write, mail)
        try:
            await self._send(self._server, mail)
        except MailFailed as failed:
            if failed.is_away:
                self._outage.away(str(failed))
            raise
        self._outage.back()
        return None

    async def _send(self, server: SmtpServer, mail: Mail) -> None:
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.is_implicit,
            # With a password (except to this machine) TLS is demanded, not only tried: it must
            # never go over a line that anybody reads.
            start_tls=False if server.is_implicit else True if server.needs_tls else None,
            tls_context=tls_context(self._ca_file),
            timeout=self._seconds,
            # Else aiosmtplib looks this machine's name up (socket.getfqdn), which a name server may
            # delay.
            local_hostname="localhost",
        )
        is_on_its_way = False
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
                if server.username is not None and server.password is not None:
                    await client.login(server.username, server.password)
                message = self._bytes(mail)
                is_on_its_way = True
                await client.sendmail(server.sender_address, [mail.to], message)
        except aiosmtplib.SMTPException as error:
            raise _judged(error, is_on_its_way) from None
        except TimeoutError:
            raise _cut_off(_LATE, is_on_its_way) from None
        except (OSError, ssl.SSLError) as error:
            raise _cut_off("The mail server could not be reached.", is_on_its_way) from error
        else:
            # It has taken the mail; how it says goodbye changes nothing.
            with suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await client.quit()
        finally:
            client.close()

    def _message(self, mail: Mail) -> EmailMessage:
        sender = self._server.sender if self._server else _NO_SENDER
        message = EmailMessage(policy=SMTP)
        message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
        message["Date"] = mail.at
        message["Message-ID"] = f"<{mail.key}@{sender.rpartition('@')[2].rstrip('>')}>"
        # Robots must not answer it (RFC 3834); the next header says the same to Exchange.
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    def _bytes(self, mail: Mail) -> bytes:
        """Raises MailRefused for a mail whose head is not the one that was set."""
        # ValueError: an address with an encoded word of line ends (Python 3.11). It would be raised
        # at each try.
        try:
            message = self._message(mail)
            content = message.as_bytes()
        except (ValueError, MessageError):
            raise MailRefused(_UNSENDABLE) from None
        # Python up to 3.12.3 decodes encoded words that stand in a header's text, and writes the
        # line ends in them as they are: the rest is a header or the body.
        if BytesParser(policy=SMTP).parsebytes(content, headersonly=True).keys() != message.keys():
            raise MailRefused(_UNSENDABLE)
        return content

    def _write(self, mail: Mail) -> str:
        """Writes the mail as a file, whole or not at all, readable for Hookline's user only."""
        path, content = self._outbox / f"{mail.key}.eml", self._bytes(mail)
        try:
            self._outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = path.with_suffix(".tmp")
            # What a process that died in the middle left behind.
            temporary.unlink(missing_ok=True)
            with open(
                os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(content)
            temporary.replace(path)
        except OSError as error:
            raise MailFailed("There is no mail server, and the outbox can't be written.") from error
        return f"{self._outbox.name}/{path.name}"


def _judged(error: aiosmtplib.SMTPException, is_on_its_way: bool) -> MailRefused | MailFailed:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return MailFailed("The mail server refused the login.")
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return _cut_off(_LATE, is_on_its_way)
    if isinstance(error, aiosmtplib.SMTPResponseException) and not isinstance(
        error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError
    ):
        said = "".join(
            character if character.isprintable() else " " for character in str(error.message)
        )[:_LONGEST_REPLY]
        # A 5xx is for good (RFC 5321); trying again would only annoy the server.
        kind = MailRefused if 500 <= error.code < 600 else MailFailed
        return kind(f"The mail server answered {error.code}: {said}")
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return MailFailed("The mail server offers no TLS or no login, which this set-up needs.")
    return _cut_off("The mail server could not be reached, or it hung up.", is_on_its_way)


def _cut_off(text: str, is_on_its_way: bool) -> MailFailed:
    """No answer: before the mail that is the server's fault, after it perhaps the mail's."""
    return MailFailed(text, may_have_arrived=is_on_its_way, is_away=not is_on_its_way)
