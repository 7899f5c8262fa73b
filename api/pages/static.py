"""Pages and files out of the build in api/static, for api.pages.console and api.pages.graphiql.
Never serves a file from elsewhere, and never gives a token to a page that was asked for without a
link that is good, or under another name than this machine's.
"""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import escape
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).parents[1] / "static"

PLAIN_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

CODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""Codings of the files that web/compress.mjs writes beside each asset, the smaller first, and what
their names end with.
"""

_SETTINGS_START = '<script type="application/json" id="hookline-settings">'
_EMPTY_SETTINGS = _SETTINGS_START + "{}</script>"
_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

# It loads itself anew: `hookline dev` serves while the pages are still being built. The address
# stays, so that a link is still good then.
_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hookline</title>
<h1>Hookline runs, but this page is not built yet</h1>
<p>The GraphQL API works: <code>POST /graphql</code>.</p>
<p><code>make run</code> builds the pages as it starts: this one appears within a minute. Otherwise
run <code>make web</code> in the folder of Hookline's sources.</p>
</html>
"""

_NO_LINK = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hookline</title>
<h1>This link was used, or is of an earlier start</h1>
<p>Each link works once. The terminal of <code>hookline dev</code> shows the next one.</p>
<p><a href="{path}">Open the page without the token</a></p>
</html>
"""

Redeem = Callable[[str], Awaitable[str | None]]
"""The code of a link to the token that its page is to hold; None for a code that is not good."""


@dataclass(frozen=True, slots=True)
class BuiltPage:
    """One of the pages of the build. name: its folder below `static`. policy: its Content Security
    Policy. base_path: where a proxy shows the server, such as /hooks; empty for the root. redeem:
    for links that fill a token into the page; None where there are none. docs_path: where the
    documentation is served; empty for nowhere.
    """

    name: str
    policy: str
    redeem: Redeem | None = None
    base_path: str = ""
    static: Path = STATIC
    docs_path: str = ""

    async def respond(self, request: Request) -> Response:
        """The page with the token of the request's link filled in, or a page that says why not."""
        code = request.query_params.get("link")
        # A look at the head of a link, or at a page that is not built yet, does not use it up.
        is_shown = request.method == "GET" and self._is_built
        if code is None or self.redeem is None or not is_shown:
            return await run_in_threadpool(self._filled, None)
        # Another name that resolves to this machine (DNS rebinding) does not even use the link up.
        is_own = _is_own_name(request.headers.get("host", ""))
        token = await self.redeem(code) if is_own else None
        if token is None:
            page = _NO_LINK.format(path=escape(self.base_path + request.url.path))
            return HTMLResponse(page, 403, headers=page_headers(PLAIN_POLICY, "no-store"))
        return await run_in_threadpool(self._filled, token)

    def route(self) -> Route:
        """The route of the files that the page loads."""

        def asset(request: Request) -> Response:
            return asset_response(
                request.path_params["name"],
                self.static / self.name / "assets",
                request.headers.get("accept-encoding", ""),
                self.policy,
            )

        return Route(f"/static/{self.name}/assets/{{name}}", asset, methods=["GET"])

    @property
    def _is_built(self) -> bool:
        return (self.static / self.name / "index.html").is_file()

    def _filled(self, token: str | None) -> Response:
        try:
            built = (self.static / self.name / "index.html").read_text("utf-8")
        except FileNotFoundError:
            return HTMLResponse(_NOT_BUILT, headers=page_headers(PLAIN_POLICY, "no-store"))
        settings = {"token": token} if token else {}
        if self.base_path:
            settings["basePath"] = self.base_path
        if self.docs_path:
            settings["docsPath"] = self.base_path + self.docs_path
        filled = f"{_SETTINGS_START}{_script_json(settings)}</script>"
        # The build names its files relative to the page, which is at many paths.
        page = built.replace(_EMPTY_SETTINGS, filled, 1).replace(
            '="./assets/', f'="{escape(self.base_path)}/static/{self.name}/assets/'
        )
        # It may hold a token: no copy stays in a cache.
        return HTMLResponse(page, headers=page_headers(self.policy, "no-store"))


def asset_response(name: str, folder: Path, accept_encoding: str, policy: str) -> Response:
    """One built file, compressed if the build has it so and the client takes it. The name is looked
    up among the folder's own entries, so that no name leads out of it.
    """
    entries = {path.name: path for path in folder.glob("*") if path.is_file()}
    if name not in entries:
        return PlainTextResponse(
            "Not found: reload the page, it may be of an older build.\n",
            404,
            headers=page_headers(PLAIN_POLICY, "no-store"),
        )
    # Names hold a hash of the content, so a copy never goes stale. Workers obey the policy that
    # comes with their own file.
    headers = page_headers(policy, "public, max-age=31536000, immutable")
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


def page_headers(policy: str, cache_control: str) -> dict[str, str]:
    """Headers of a page or a file of one."""
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
