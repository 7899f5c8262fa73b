"""The page behind the link of a mail that asks for confirmation: `/mails/TOKEN`. Looking changes
nothing, since mail scanners follow links; a button answers. Needs no script.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from api.execution.errors import RequestRefused
from hookline.errors import Unavailable
from hookline.notifications.consents import Consent, Wish
from hookline.notifications.mail_limits import MAILS_A_DAY

BODY_LIMIT_BYTES: Final = 1_024
"""Of a form with one short field."""

_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 40rem;
  padding: 3rem 1.25rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem }
p { margin: 0 0 1rem }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.75rem 0 }
button { border: 1px solid #767676; border-radius: .375rem; cursor: pointer; flex: 1 1 14rem;
  font: inherit; min-height: 2.75rem; padding: .5rem 1rem; background: transparent; color: inherit }
button.main { background: #1457c4; border-color: #1457c4; color: #fff }
button:focus-visible { outline: 3px solid #e08a00; outline-offset: 2px }
.state { border-left: .25rem solid #1a7f37; padding: .25rem 0 .25rem .75rem }
.address { font-weight: 600; overflow-wrap: anywhere }
.small { font-size: .875rem }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    # The link goes to no other site. Not no-referrer: a browser then calls the form's origin null,
    # and over plain HTTP it says nothing else of it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<main>
<h1>{heading}</h1>
{content}
</main>
</html>
"""
_WHY: Final = """<p class="address">{address}</p>
<p>Somebody who manages webhooks on this server has entered this address for notifications: mails
that say when a webhook keeps failing, is turned off or works again. They are {a_day} a day at
most.</p>
"""
_STATES: Final[Mapping[Wish | None, str]] = {
    None: "",
    Wish.WANTED: '<p class="state" role="status">You get these mails.</p>\n',
    Wish.REFUSED: '<p class="state" role="status">This server does not write to this address '
    "any more, whoever asks it to.</p>\n",
}
_FORM: Final = """<form method="post">
<button class="main" name="answer" value="wanted">Send me these mails</button>
<button name="answer" value="refused">Never write to this address again</button>
</form>
<p class="small">You can change your answer here for 7 days after the mail came.{unanswered}</p>
"""
_UNANSWERED: Final = " Without an answer nothing is sent."
_ELSEWHERE: Final = (
    "<p>Nothing was changed. Open the link in the mail, and use the buttons of that page.</p>\n"
)
_UNKNOWN: Final = """<p>Links are good for 7 days, and each new mail makes the one before it
invalid. Look whether the link is complete, or take the one in the latest mail.</p>
<p>If there is no other mail, you need not do anything: without your answer nothing is sent. To get
notifications, or to stop those that you get, ask the person who manages the webhooks.</p>
"""


@dataclass(frozen=True, slots=True)
class Consents:
    """Lookup and answer of a link; each returns None for a link that is not good."""

    find: Callable[[str], Awaitable[Consent | None]]
    answer: Callable[[str, Wish], Awaitable[Consent | None]]


def routes(
    consents: Consents, check_origin: Callable[[Mapping[bytes, bytes]], None]
) -> list[BaseRoute]:
    """check_origin: raises RequestRefused for pages that may not use the API; they may not answer
    either.
    """

    async def show(request: Request) -> Response:
        return await _answered(lambda: consents.find(request.path_params["token"]))

    async def take(request: Request) -> Response:
        try:
            check_origin(dict(request.scope["headers"]))
        except RequestRefused:
            return _page(403, "This answer came from another page", _ELSEWHERE)
        answer = await _answer_in(request)
        if answer is None:
            return _page(400, "This is no answer", "<p>Use the buttons of the page.</p>")
        return await _answered(lambda: _take(consents, request.path_params["token"], answer))

    return [
        Route("/mails/{token}", show, methods=["GET"]),
        Route("/mails/{token}", take, methods=["POST"]),
    ]


async def _take(consents: Consents, token: str, answer: Wish) -> Consent | None:
    # A guess costs what looking costs, and no lock.
    return await consents.answer(token, answer) if await consents.find(token) else None


async def _answered(ask: Callable[[], Awaitable[Consent | None]]) -> Response:
    try:
        consent = await ask()
    except Unavailable:
        return _page(503, "Please try again in a moment", "<p>The database gives no answer.</p>")
    if consent is None:
        return _page(404, "This link is not valid", _UNKNOWN)
    why = _WHY.format(address=escape(consent.address), a_day=MAILS_A_DAY)
    form = _FORM.format(unanswered="" if consent.answer else _UNANSWERED)
    return _page(200, "Do you want these mails?", why + _STATES[consent.answer] + form)


async def _answer_in(request: Request) -> Wish | None:
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_LIMIT_BYTES:
                return None
    except ClientDisconnect:
        return None
    values = parse_qs(body.decode("latin-1")).get("answer", [])
    return next((one for one in Wish if values == [one.value]), None)


def _page(status: int, heading: str, content: str) -> Response:
    page = _PAGE.format(
        title=f"{heading} · Hookline", style=_STYLE, heading=heading, content=content
    )
    return HTMLResponse(page, status, headers=_HEADERS)
