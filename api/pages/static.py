"""The GraphiQL page and its files, out of the build in api/static. The app puts routes() before its
own /graphql route. Never serves a file from elsewhere, and never gives a token to a page that was
asked for without a link that is good, or under another name than this machine's.
"""

import json
import re
from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

STATIC = Path(__file__).parents[1] / "static"

# Monaco and GraphiQL set style attributes and add <style> elements as they run: styles cannot do
# without 'unsafe-inline'. Scripts can.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src "
    "'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PLAIN_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

CODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Codings of the files that web/compress.mjs writes beside each asset, the smaller first, and what
their names end with.
"""

_SETTINGS_START = '<script type="application/json" id="hookline-settings">'
_EMPTY_SETTINGS = _SETTINGS_START + "{}</script>"
_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hookline</title>
<h1>Hookline runs, but this page is not built yet</h1>
<p>The GraphQL API works: <code>POST /graphql</code>.</p>
<p>To get GraphiQL here, run <code>make web</code> in the folder of Hookline's sources,
then reload this page.</p>
</html>
"""

_NO_LINK = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hookline</title>
<h1>This link was used, or is of an earlier start</h1>
<p>Each link works once. The terminal of <code>hookline dev</code> shows the next one.</p>
<p><a href="/graphql">Open the page without the token</a></p>
</html>
"""

Redeem = Callable[[str], Awaitable[str | None]]
"""The code of a link to the token that its page is to hold; None for a code that is not good."""


def routes(redeem: Redeem | None, static: Path = STATIC) -> list[BaseRoute]:
    """GET /graphql from a browser, and the files that the page loads. redeem: for links that fill a
    token into the page; None where there are none.

    They belong before the GraphQL route: what is no browser asking for a page falls through to it.
    """

    async def page(request: Request) -> Response:
        code = request.query_params.get("link")
        if redeem is None or code is None:
            return await run_in_threadpool(playground, None, static)
        # Another name that resolves to this machine (DNS rebinding) does not even use the link up.
        token = await redeem(code) if _is_own_name(request.headers.get("host", "")) else None
        if token is None:
            return HTMLResponse(_NO_LINK, 403, headers=_headers(PLAIN_POLICY, "no-store"))
        return await run_in_threadpool(playground, token, static)

    def asset(request: Request) -> Response:
        return asset_response(
            request.path_params["name"],
            static / "playground" / "assets",
            request.headers.get("accept-encoding", ""),
        )

    return [
        _PageRoute("/graphql", page, methods=["GET"]),
        Route("/static/playground/assets/{name}", asset, methods=["GET"]),
    ]


def playground(token: str | None, static: Path = STATIC) -> Response:
    """The GraphiQL page with the token filled in, or a page that says how to build it."""
    try:
        built = (static / "playground" / "index.html").read_text("utf-8")
    except FileNotFoundError:
        return HTMLResponse(_NOT_BUILT, headers=_headers(PLAIN_POLICY, "no-store"))
    settings = {"token": token} if token else {}
    page = built.replace(_EMPTY_SETTINGS, f"{_SETTINGS_START}{_script_json(settings)}</script>", 1)
    # It may hold a token: no copy stays in a cache.
    return HTMLResponse(page, headers=_headers(PAGE_POLICY, "no-store"))


class _PageRoute(Route):
    """Matches only what a browser's address bar sends: GraphQL by GET goes on to the next route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is Match.FULL and _wants_page(Request(scope)):
            return match, child_scope
        return Match.NONE, {}


def _wants_page(request: Request) -> bool:
    """True for what an address bar sends. With a query too, which the page then shows: a link can
    be shared, and runs nothing before its reader does.
    """
    accept = request.headers.get("accept", "")
    # A query needs a token, and no address bar sends one: some clients of programs accept HTML too.
    is_program = "authorization" in request.headers or "json" in accept
    return (
        request.method == "GET"
        and "text/html" in accept
        and not ("query" in request.query_params and is_program)
    )


def asset_response(name: str, folder: Path, accept_encoding: str) -> Response:
    """One built file, compressed if the build has it so and the client takes it. The name is looked
    up among the folder's own entries, so that no name leads out of it.
    """
    entries = {path.name: path for path in folder.glob("*") if path.is_file()}
    if name not in entries:
        return PlainTextResponse(
            "Not found: reload the page, it may be of an older build.\n",
            404,
            headers=_headers(PLAIN_POLICY, "no-store"),
        )
    # Names hold a hash of the content, so a copy never goes stale. Workers obey the policy that
    # comes with their own file.
    headers = _headers(PAGE_POLICY, "public, max-age=31536000, immutable")
    # Whether or not it is compressed now: a cache must not hand it to a client that can't read it.
    headers["Vary"] = "Accept-Encoding"
    media_type = guess_type(name)[0] or "application/octet-stream"
    for coding, suffix in CODINGS.items():
        if name + suffix in entries and _takes(accept_encoding, coding):
            headers["Content-Encoding"] = coding
            return FileResponse(entries[name + suffix], media_type=media_type, headers=headers)
    return FileResponse(entries[name], media_type=media_type, headers=headers)


def _takes(accept_encoding: str, coding: str) -> bool:
    """True if the header names the coding without refusing it (`br;q=0`). `*` names none: what is
    not compressed is right for everybody.
    """
    for part in accept_encoding.lower().split(","):
        named, _, parameter = part.partition(";")
        if named.strip() == coding:
            return re.fullmatch(r"q=0(\.0{0,3})?", parameter.strip()) is None
    return False


def _headers(policy: str, cache_control: str) -> dict[str, str]:
    return {
        "Cache-Control": cache_control,
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _is_own_name(host: str) -> bool:
    return re.sub(r":\d+$", "", host.lower()) in _OWN_NAMES


def _script_json(settings: dict[str, str]) -> str:
    """JSON that cannot end the script element it stands in: ASCII only (U+2028 too), and `<`, `>`,
    `&` as \\u escapes.
    """
    # </script> in a text would end the element, whatever quotes are around it.
    return json.dumps(settings, ensure_ascii=True).translate(_ESCAPES)
