"""docs/templates.md: each template can be saved, and makes of the data there what the page says."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

import hookline
from hookline.outbound.rendering import Renderer
from hookline.outbound.templates import JSON, SAMPLE_WEBHOOK, event_facts

PAGE: Final = (Path(hookline.__file__).parents[1] / "docs" / "templates.md").read_text("utf-8")
BLOCKS: Final = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
TEMPLATES: Final = [text for language, text in BLOCKS if language == "jinja"]
DATA, SENT = (orjson.loads(text) for language, text in BLOCKS if language == "json")


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.close()


def test_page_has_a_template_and_messages_for_two_chats() -> None:
    assert len(TEMPLATES) == 3


@pytest.mark.parametrize("template", TEMPLATES, ids=["first", "slack", "teams"])
async def test_each_template_of_the_page_can_be_saved(renderer: Renderer, template: str) -> None:
    assert await renderer.check(template, JSON) is None


async def rendered(renderer: Renderer, template: str, data: Any) -> Any:
    event = event_facts("evt_1", "order.order.pay", "production", "2026-01-01T00:00:00Z", data)
    body = await renderer.render(template, JSON, event, SAMPLE_WEBHOOK)
    assert isinstance(body, bytes), body
    return orjson.loads(body)


async def test_first_template_makes_what_the_page_says(renderer: Renderer) -> None:
    assert await rendered(renderer, TEMPLATES[0], DATA) == SENT


async def test_messages_for_chats_hold_the_data(renderer: Renderer) -> None:
    slack = await rendered(renderer, TEMPLATES[1], DATA)
    assert slack["text"] == "order.order.pay: order 1042"
    assert slack["blocks"][0]["text"]["text"] == '*Order 1042*\nAnn "Annie" Lee paid 99.5'
    assert slack["blocks"][1]["elements"][0]["text"] == "production, 2026-01-01T00:00:00Z"
    card = (await rendered(renderer, TEMPLATES[2], DATA))["attachments"][0]["content"]
    assert card["body"][1]["facts"] == [
        {"title": "1", "value": "A-1"},
        {"title": "2", "value": "B-2"},
    ]
