"""The documentation at `/docs`, for `hookline dev`: files that `make docs` has built. Never serves
a file from elsewhere.
"""

from mimetypes import guess_type
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from api.pages.static import PLAIN_POLICY, STATIC, page_headers

POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hookline: documentation</title>
<h1>The documentation is not built yet</h1>
<p>Run <code>make docs</code> in the folder of Hookline's sources, then load this page again. The
same pages are Markdown in the folder <code>docs</code>.</p>
</html>
"""
_NO_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hookline: no such page</title>
<h1>The documentation has no such page</h1>
<p><a href="{beginning}">Begin at its first page</a>: it lists all others, and searches them.</p>
</html>
"""
# Not known to mimetypes, or not everywhere.
_TEXT: Final = {".md": "text/markdown", ".graphql": "text/plain", ".txt": "text/plain"}


def routes(base_path: str = "", static: Path = STATIC) -> list[BaseRoute]:
    """base_path: where a proxy shows the server, such as /hooks; empty for the root."""
    site = static / "docs"

    def beginning(request: Request) -> Response:
        # Links of its pages are relative to /docs/.
        return RedirectResponse(f"{base_path}/docs/", 307)

    async def page(request: Request) -> Response:
        name = request.path_params["name"] or "index.html"
        return await run_in_threadpool(_answer, site, name, f"{base_path}/docs/")

    return [
        Route("/docs", beginning, methods=["GET"]),
        Route("/docs/{name:path}", page, methods=["GET"]),
    ]


def _answer(site: Path, name: str, beginning: str) -> Response:
    # Looked up among the site's own files, so that no name leads out of it.
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*") if path.is_file()}
    if "index.html" not in files:
        return HTMLResponse(_NOT_BUILT, 404, headers=page_headers(PLAIN_POLICY, "no-store"))
    if (found := files.get(name)) is None:
        if (typed := f"{name.rstrip('/')}.html") in files:
            return RedirectResponse(f"{beginning}{typed}", 307)
        # The site's own 404.html is for a host that has it at the root.
        text = _NO_PAGE.format(beginning=beginning)
        return HTMLResponse(text, 404, headers=page_headers(PLAIN_POLICY, "no-store"))
    return FileResponse(
        found,
        media_type=_TEXT.get(found.suffix)
        or guess_type(found.name)[0]
        or "application/octet-stream",
        # A page has the same name in the next build.
        headers=page_headers(POLICY, "no-cache"),
    )
