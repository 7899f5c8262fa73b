"""`/metrics` at the API's port, if the operator has set a token."""

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route

from hookline.metrics import Metrics
from hookline.serving.metrics_page import PATH, MetricsPage


def routes(metrics: Metrics, token: SecretStr, *, is_alone: bool) -> list[BaseRoute]:
    """No route without a token. is_alone: see make_app."""
    if not token.get_secret_value():
        return []
    return [Route(PATH, MetricsPage(metrics, token) if is_alone else _one_of_several)]


async def _one_of_several(request: Request) -> PlainTextResponse:
    return PlainTextResponse(
        "Several processes answer at this port, and a scrape would see any one of them. Set "
        "HOOKLINE_METRICS_PORT and scrape each.\n",
        404,
    )
