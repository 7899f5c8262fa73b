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
        await client.post("/_echo", content=b'{"n": 1}', headers={"X-Source": "shop"})
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
    assert ["x-source", "shop"] in first["headers"]


async def test_fail_answers_500_and_is_shown_too(client: httpx.AsyncClient) -> None:
    assert (await client.post("/_echo/fail", content=b"x")).status_code == 500

    assert (await client.get("/_echo")).json()[0]["status"] == 500


async def test_the_page_shows_foreign_text_as_text(client: httpx.AsyncClient) -> None:
    await client.post("/_echo", content=b"<script>alert(1)</script>", headers={"X-A": "<b>"})

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
