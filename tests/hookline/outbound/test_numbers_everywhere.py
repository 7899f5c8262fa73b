"""A number of an event's data is the same in the request, in templates, in filters and in the log:
that of a double, or an integer of 64 bits.
"""

from collections.abc import AsyncIterator

import orjson
import pytest

from api.transport.requests import decode_json
from hookline.form.filter_work import AskedEvent
from hookline.form.filters import compile_filter
from hookline.outbound.payloads import dump, request_body, storable
from hookline.outbound.rendering import Renderer
from hookline.outbound.templates import JSON, SAMPLE_WEBHOOK, event_facts
from tests.making import ago
from tests.tables import each_of

EXACT = ["9007199254740993", "18446744073709551615", "-9223372036854775808", "0.1", "4.35", "1e22"]
ROUNDED = {
    "0.1234567890123456789": "0.12345678901234568",
    "12345678901234567890.5": "1.2345678901234567e19",
    "3.141592653589793238462643": "3.141592653589793",
    "1e-400": "0.0",
}


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.close()


@each_of("text", [*EXACT, *ROUNDED])
async def test_number_is_the_same_everywhere(renderer: Renderer, text: str) -> None:
    expected = orjson.loads(ROUNDED.get(text, text))
    # A long integer beside it takes the slow way through the decoder.
    for beside in ("", ', "b": 1234567890123456789'):
        data = decode_json(f'{{"a": {text}{beside}}}'.encode())
        assert data["a"] == expected
        stored = storable(data, dump(data))
        assert stored is not None
        body = request_body("evt_1", "order.order.pay", "production", ago(0), stored)
        assert orjson.loads(body)["data"]["a"] == expected
        assert orjson.loads(stored)["a"] == expected
        event = event_facts("evt_1", "order.order.pay", "production", "", orjson.Fragment(stored))
        for template in ('{"x": {{ event.data.a }}}', '{"x": {{ event.data.a | tojson }}}'):
            made = await renderer.render(template, JSON, event, SAMPLE_WEBHOOK)
            assert isinstance(made, bytes)
            assert orjson.loads(made)["x"] == expected
        made = await renderer.render("{{ event.data.a }}", "text/plain", event, SAMPLE_WEBHOOK)
        assert isinstance(made, bytes)
        assert type(expected)(made) == expected
        asked = AskedEvent("order.order.pay", "production", orjson.loads(stored))
        assert compile_filter({"data.a": {"eq": expected}}).matches(asked)
