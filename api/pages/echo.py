"""A receiver to try things with, of `hookline dev` only: `/_echo` answers 200 and shows what came,
`/_echo/fail` answers 500. It keeps the last requests in memory, parts of large bodies only, and
sends nothing anywhere. Every user of the machine can read the page: no value of a header that may
be a secret is kept.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from html import escape
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from hookline import clock
from hookline.text import mask_url

# All that this page takes of memory: 100 beginnings of 16 KiB.
KEPT = 100
BODY_KEPT_BYTES = 16 * 1024
BODY_LIMIT_BYTES = 2 * 1024 * 1024

# Not the other way round, by names that sound secret: a webhook's secretHeader has any name.
_SHOWN = frozenset(
    "accept accept-encoding connection content-encoding content-length content-type host "
    "transfer-encoding user-agent webhook-id webhook-signature webhook-timestamp".split()
)
MASK = "***"

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
# No script at all: the page shows what strangers sent.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width">
<title>Hookline: what came</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  color-scheme: light dark }}
article {{ border-top: 1px solid #8888; padding: 1rem 0 }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0 0 }}
</style>
<h1>What came</h1>
<p>Newest first, at most {kept}. Point a webhook at <code>{url}</code> to see its requests here;
<code>{url}/fail</code> answers 500, so that retries can be watched. Other users of this machine
can read this page: values of headers that a webhook adds are not kept. GraphiQL shows them, below
<code>attempts</code>, but for the secret ones.</p>
{requests}
</html>
"""


@dataclass(frozen=True, slots=True)
class Came:
    """One request as it came, without secrets of its head and its path. body: its first 16 KiB as
    text.
    """

    at: str
    method: str
    path: str
    status: int
    headers: list[tuple[str, str]]
    body: str
    body_bytes: int


class Echo:
    def __init__(self) -> None:
        self._came: deque[Came] = deque(maxlen=KEPT)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/_echo", self._show, methods=["GET"]),
            Route("/_echo", self._take, methods=_METHODS),
            Route("/_echo/{rest:path}", self._take, methods=_METHODS),
        ]

    async def _show(self, request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            url = f"{request.url.scheme}://{request.url.netloc}/_echo"
            page = _PAGE.format(
                kept=KEPT,
                url=escape(url),
                requests="\n".join(_articles(self._came)) or "<p>Nothing yet.</p>",
            )
            return HTMLResponse(
                page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
            )
        return JSONResponse(
            [asdict(came) for came in reversed(self._came)], headers={"Cache-Control": "no-store"}
        )

    async def _take(self, request: Request) -> Response:
        status = 500 if request.path_params.get("rest") == "fail" else 200
        try:
            kept, length = await _read(request)
        # In the middle of the body: nobody is left to answer.
        except ClientDisconnect:
            return Response(status_code=400)
        if length > BODY_LIMIT_BYTES:
            return PlainTextResponse("The body is too large to be shown here.\n", 413)
        target = urlsplit(str(request.url))._replace(scheme="", netloc="").geturl()
        self._came.append(
            Came(
                clock.rfc3339(clock.now()),
                request.method,
                mask_url(target),
                status,
                list(_shown_headers(request)),
                kept.decode("utf-8", "replace"),
                length,
            )
        )
        return PlainTextResponse(
            "This address always fails.\n" if status == 500 else "Thank you.\n", status
        )


async def _read(request: Request) -> tuple[bytes, int]:
    """The body's beginning and its length, which is not counted far beyond the limit."""
    kept, length = bytearray(), 0
    async for chunk in request.stream():
        kept += chunk[: max(0, BODY_KEPT_BYTES - len(kept))]
        length += len(chunk)
        if length > BODY_LIMIT_BYTES:
            break
    return bytes(kept), length


def _shown_headers(request: Request) -> Iterator[tuple[str, str]]:
    for raw_name, raw_value in request.headers.raw:
        name = raw_name.decode("latin-1")
        yield name, raw_value.decode("latin-1") if name.lower() in _SHOWN else MASK


def _articles(came: deque[Came]) -> Iterator[str]:
    for one in reversed(came):
        headers = "\n".join(f"{name}: {value}" for name, value in one.headers)
        cut = f"\n… {one.body_bytes:,} bytes in all" if one.body_bytes > BODY_KEPT_BYTES else ""
        head = (
            f"<b>{escape(one.method)} {escape(one.path)}</b> → {one.status} "
            f"<time>{escape(one.at)}</time>"
        )
        yield f"<article>{head}<pre>{escape(headers)}\n\n{escape(one.body)}{cut}</pre></article>"
