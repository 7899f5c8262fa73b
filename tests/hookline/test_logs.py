"""Log lines: one per happening, readable or JSON, impossible to forge."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hookline import logs


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    """Root and libraries: a level that stays would fill what other tests catch."""
    loggers = [logging.getLogger(), *map(logging.getLogger, logs.TALKATIVE)]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, is_propagating in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = is_propagating


def test_text_has_time_level_place_message_and_extras() -> None:
    stream = io.StringIO()
    logs.configure("info", "text", stream)

    logging.getLogger("hookline.test").warning("webhook %s", "wh_1", extra={"attempt": 3})

    assert (
        stream.getvalue()[2:].split(" ", 1)[1] == "WARNING hookline.test: webhook wh_1 attempt=3\n"
    )


def test_json_is_one_object_per_line_with_the_traceback_inside() -> None:
    stream = io.StringIO()
    logs.configure("info", "json", stream)

    try:
        raise ValueError("broken\nin two")
    except ValueError:
        logging.getLogger("hookline.test").exception("it failed")

    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["event"]) == ("error", "hookline.test", "it failed")
    assert "ValueError: broken" in line["exception"]
    assert line["timestamp"].endswith("Z")


def test_foreign_text_can_not_forge_a_line() -> None:
    stream = io.StringIO()
    logs.configure("info", "text", stream)

    logging.getLogger("hookline.test").info(
        "name=%s", "x\n10:00:00 ERROR hookline.test: forged \x1b[31m", extra={"more": "\u2028"}
    )

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_libraries_are_quiet_until_debug() -> None:
    stream = io.StringIO()
    logs.configure("info", "text", stream)
    logging.getLogger("uvicorn.error").info("Started server process")
    assert stream.getvalue() == ""

    logs.configure("debug", "text", stream)
    logging.getLogger("uvicorn.error").info("Started server process")
    assert "Started server process" in stream.getvalue()
