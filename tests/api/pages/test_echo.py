"""The receiver of `hookline dev`."""

import httpx
import pytest
from starlette.applications import Starlette

from api.pages.echo import BODY_KEPT_BYTES, BODY_LIMIT_BYTES, KEPT, Echo


@pytest.fixture
def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=Echo().routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def test_what_comes_is_answered_and_shown_newest_first(client: httpx.AsyncClient) -> None:
    assert (
        await client.post("/_echo", content=b'{"n": 1}', headers={"Webhook-Id": "msg_1"})
    ).status_code == 200
    assert (await client.put("/_echo/deeper?q=1", content=b"2")).status_code == 200

    newest, first = (await client.get("/_echo")).json()
    assert (newest["method"], newest["path"], newest["body"]) == ("PUT", "/_echo/deeper?q=1", "2")
    assert (first["method"], first["status"], first["body"], first["body_bytes"]) == (
        "POST",
        200,
        '{"n": 1}',
        8,
    )
    assert ["webhook-id", "msg_1"] in first["headers"]


async def test_fail_answers_500_and_is_shown_too(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_echo/fail", content=b"x")).status_code == 500

    assert (await client.get("/_echo")).json()[0]["status"] == 500


async def test_the_page_shows_foreign_text_as_text(client: httpx.AsyncClient) -> None:
    await client.post("/_echo", content=b"<script>alert(1)</script>", headers={"Accept": "<b>"})

    page = await client.get("/_echo", headers={"accept": "text/html"})

    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script" not in page.text
    assert "<b>&lt;" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_last_hundred_and_the_beginnings_of_bodies_are_kept(
    client: httpx.AsyncClient,
) -> None:
    for number in range(KEPT + 5):
        await client.post("/_echo", content=b"%d" % number)
    await client.post("/_echo", content=b"x" * (BODY_KEPT_BYTES + 1))

    came = (await client.get("/_echo")).json()

    assert len(came) == KEPT
    assert (len(came[0]["body"]), came[0]["body_bytes"]) == (BODY_KEPT_BYTES, BODY_KEPT_BYTES + 1)
    assert came[-1]["body"] == "6"


async def test_a_body_without_end_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_echo", content=b"x" * (BODY_LIMIT_BYTES + 1))).status_code == 413

    assert (await client.get("/_echo")).json() == []


async def test_bytes_that_are_no_text_are_shown_as_well_as_they_can_be(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/_echo", content=b"\xff\x00ok")

    assert (await client.get("/_echo")).json()[0]["body"] == "\ufffd\x00ok"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_other_users_of_the_machine_see_no_value_that_may_be_a_secret(
    client: httpx.AsyncClient, accept: str
) -> None:
    names = ("Authorization", "Cookie", "X-Api-Key", "X-Shop", "Proxy-Authorization", "Webhook-Id2")
    await client.post(
        "/_echo/a?access_token=hunter2&n=1",
        content=b"{}",
        headers=dict.fromkeys(names, "hunter2") | {"Content-Type": "application/json"},
    )

    page = (await client.get("/_echo", headers={"accept": accept})).text

    assert "hunter2" not in page
    assert all(name.lower() in page for name in names)
    assert page.count("***") >= len(names)
    assert "application/json" in page
    assert "n=1" in page
