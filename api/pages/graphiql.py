"""The GraphiQL page at GET /graphql, for browsers. The app puts routes() before its own /graphql
route: what is no browser asking for a page falls through to that.
"""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from api.pages.static import STATIC, BuiltPage, Redeem

# Monaco and GraphiQL set style attributes and add <style> elements as they run: styles cannot do
# without 'unsafe-inline'. Scripts can.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src "
    "'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def routes(redeem: Redeem | None, base_path: str = "", static: Path = STATIC) -> list[BaseRoute]:
    """GET /graphql from a browser, and the files that the page loads."""
    page = BuiltPage("playground", POLICY, redeem, base_path, static)
    return [_GraphiQLRoute("/graphql", page.respond, methods=["GET"]), page.route()]


class _GraphiQLRoute(Route):
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
