"""The console: its page at `/` and below, for browsers. The app puts routes() after all others: the
page itself reads the path, and an unknown one is told there.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from api.pages.static import STATIC, BuiltPage, Redeem

OTHERS: Final = frozenset(
    {"graphql", "static", "healthz", "readyz", "metrics", "_echo", "mails", "docs"}
)
"""First segments of paths that are never the console's, also where nothing answers at them."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {ancestors}; require-trusted-types-for 'script'; trusted-types 'none'"
)


def routes(
    redeem: Redeem | None,
    base_path: str = "",
    frame_ancestors: Iterable[str] = (),
    static: Path = STATIC,
    *,
    docs_path: str = "",
) -> list[BaseRoute]:
    """The page at every path that is nobody else's, and the files that it loads. frame_ancestors:
    origins whose pages may show it in a frame. docs_path: of the documentation, for a link.
    """
    policy = _POLICY.format(ancestors=" ".join(frame_ancestors) or "'none'")
    page = BuiltPage("console", policy, redeem, base_path, static, docs_path)
    return [page.route(), _ConsoleRoute("/{rest:path}", page.respond, methods=["GET"])]


class _ConsoleRoute(Route):
    """Matches what a browser's address bar asks for, and `/` for everybody: a program that asks for
    a path that is not there gets its 404.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        return (match, child_scope) if match is Match.FULL and _is_ours(scope) else (Match.NONE, {})


def _is_ours(scope: Scope) -> bool:
    first = scope["path"].lstrip("/").partition("/")[0]
    wants_page = not first or "text/html" in Request(scope).headers.get("accept", "")
    return first not in OTHERS and wants_page
