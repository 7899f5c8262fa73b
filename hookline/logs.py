"""Log output of a process on standard error: text for people, JSON for machines. Called once by the
command that starts; everything else logs through the standard library's
`logging.getLogger(__name__)`. No line may hold a secret, a body or a header's value.
"""

import logging
import sys
from typing import IO, Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

# libraries that log every step: heard only when something is wrong, or when everything is
# wanted
TALKATIVE = (
    "uvicorn",
    "dramatiq",
    "tortoise",
    "asyncio",
    "httpx",
    "httpcore",
    "aiosqlite",
    "strawberry",
    "websockets",
)


def configure(level: Level, style: Format, stream: IO[str] | None = None) -> None:
    """Sends every log line to the stream (standard error). Replaces what was configured before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in TALKATIVE:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(
            "DEBUG" if level == "debug" and name not in ("aiosqlite", "httpcore") else "WARNING"
        )


def _formatter(style: Format) -> structlog.stdlib.ProcessorFormatter:
    common: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if style == "json":
        last: list[Processor] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    else:
        last = [structlog.processors.format_exc_info, _as_text]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=common, processors=[remove, *last])


def _as_text(logger: WrappedLogger, method: str, entry: EventDict) -> str:
    """`10:00:00 INFO hookline.api: message key=value`, a traceback below it. Control characters of
    foreign text can't forge a line.
    """
    time = str(entry.pop("timestamp"))[11:19]
    level, name, message = (
        str(entry.pop("level")).upper(),
        entry.pop("logger"),
        _on_one_line(entry.pop("event")),
    )
    trace = entry.pop("exception", None)
    extra = "".join(f" {key}={_on_one_line(value)}" for key, value in entry.items())
    return f"{time} {level} {name}: {message}{extra}" + (f"\n{trace}" if trace else "")


def _on_one_line(value: object) -> str:
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in str(value)
    )
