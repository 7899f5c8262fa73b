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
    loggers = [logging.getLogger(), *logs.libraries(), *map(logging.getLogger, logs.OURS)]
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


@pytest.mark.parametrize(
    "library", ["uvicorn.error", "websockets.server", "httpx", "httpcore.http11", "new_library"]
)
def test_debug_opens_our_own_lines_and_no_library_s(library: str) -> None:
    stream = io.StringIO()
    # As a library that chose a level of its own while it was imported.
    logging.getLogger(library).setLevel("DEBUG")
    logs.configure("debug", "text", stream)

    logging.getLogger(library).debug("< Authorization: Bearer hkl_t0ken")
    logging.getLogger(library).info("< Authorization: Bearer hkl_t0ken")
    assert stream.getvalue() == ""

    logging.getLogger(library).warning("something is wrong")
    for name in ("hookline.test", "api.test", "workers.test"):
        logging.getLogger(name).debug("a step of %s", name)
    assert [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()] == [
        f"WARNING {library}: something is wrong",
        "DEBUG hookline.test: a step of hookline.test",
        "DEBUG api.test: a step of api.test",
        "DEBUG workers.test: a step of workers.test",
    ]


def test_at_error_libraries_keep_their_warnings_to_themselves() -> None:
    stream = io.StringIO()
    logs.configure("error", "text", stream)
    logging.getLogger("uvicorn.error").warning("ASGI callable returned early")
    assert stream.getvalue() == ""
