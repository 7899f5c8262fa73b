"""The page behind the link of a confirmation mail, in the whole application: looking changes
nothing, a button of the page itself answers, and a guess costs little.
"""

from collections.abc import AsyncIterator

import httpx
import pytest

from api.app import make_app
from api.pages.mail_consent import BODY_LIMIT_BYTES
from hookline.notifications import consents
from hookline.notifications.consents import Wish
from hookline.runtime import Runtime
from tests.hookline.notifications.posting import (
    STRANGER,
    a_webhook,
    post_office,
    token_in,
    turn_off,
)

SAME_PAGE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8000"}
PLAIN_HTTP = {"Origin": "http://127.0.0.1:8000"}
UNKNOWN = "/mails/" + "x" * 32

# tests/hookline/notifications/test_consents.py tries the answers themselves on both.
pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = make_app(runtime)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000"
    ) as client:
        yield client
    await app.drain()
    await app.close()


async def a_token(runtime: Runtime) -> str:
    async with post_office(runtime) as post:
        await turn_off(post.runtime, await a_webhook(post.runtime, STRANGER))
        return token_in((await post.send())[0])


async def answer_of(runtime: Runtime, token: str) -> Wish | None:
    consent = await consents.find(runtime.database, token, 10)
    assert consent is not None
    return consent.answer


async def test_looking_at_the_page_answers_nothing(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    token = await a_token(runtime)
    for method in ("GET", "HEAD"):
        shown = await client.request(method, f"/mails/{token}")
        assert shown.status_code == 200
    shown = await client.get(f"/mails/{token}")
    assert f">{STRANGER}<" in shown.text
    assert "Send me these mails" in shown.text
    assert "Never write to this address again" in shown.text
    assert await answer_of(runtime, token) is None


@pytest.mark.parametrize("headers", [SAME_PAGE, PLAIN_HTTP, {}])
@pytest.mark.parametrize(
    ("value", "wanted", "told"),
    [
        ("wanted", Wish.WANTED, "You get these mails."),
        ("refused", Wish.REFUSED, "does not write to this address any more"),
    ],
)
async def test_a_button_answers_and_may_be_pressed_twice(
    client: httpx.AsyncClient,
    runtime: Runtime,
    headers: dict[str, str],
    value: str,
    wanted: Wish,
    told: str,
) -> None:
    token = await a_token(runtime)
    for _ in range(2):
        shown = await client.post(f"/mails/{token}", data={"answer": value}, headers=headers)
        assert shown.status_code == 200
        assert told in shown.text
        assert await answer_of(runtime, token) is wanted


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.127.0.0.1:8000"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
    ],
)
async def test_a_page_elsewhere_cannot_answer(
    client: httpx.AsyncClient, runtime: Runtime, headers: dict[str, str]
) -> None:
    token = await a_token(runtime)
    shown = await client.post(f"/mails/{token}", data={"answer": "wanted"}, headers=headers)
    assert shown.status_code == 403
    assert "Nothing was changed" in shown.text
    assert await answer_of(runtime, token) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"answer=",
        b"answer=yes",
        b"answer=wanted&answer=refused",
        b"\xff\xfe\x00",
        b"answer=wanted&x=" + b"x" * BODY_LIMIT_BYTES,
    ],
)
async def test_what_is_no_answer_changes_nothing(
    client: httpx.AsyncClient, runtime: Runtime, body: bytes
) -> None:
    token = await a_token(runtime)
    shown = await client.post(f"/mails/{token}", content=body, headers=SAME_PAGE)
    assert shown.status_code == 400
    assert await answer_of(runtime, token) is None


async def test_a_link_that_is_not_good_says_what_to_do(client: httpx.AsyncClient) -> None:
    for path in (UNKNOWN, "/mails/x", "/mails/%00", f"/mails/{'x' * 5_000}"):
        for shown in (
            await client.get(path),
            await client.post(path, data={"answer": "wanted"}, headers=SAME_PAGE),
        ):
            assert shown.status_code == 404
            assert "latest mail" in shown.text
            assert "x" * 32 not in shown.text


async def test_the_page_runs_nothing_loads_nothing_and_tells_no_other_site_its_link(
    client: httpx.AsyncClient, runtime: Runtime
) -> None:
    for path in (f"/mails/{await a_token(runtime)}", UNKNOWN):
        shown = await client.get(path)
        policy = shown.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe-inline" not in policy
        assert "form-action 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert shown.headers["referrer-policy"] == "same-origin"
        assert shown.headers["cache-control"] == "no-store"
        assert "<script" not in shown.text
        assert "src=" not in shown.text
        assert "href=" not in shown.text


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        assert (await client.request(method, UNKNOWN)).status_code == 405
