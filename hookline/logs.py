"""Log output of a process on standard error: text for people, JSON for machines. Called once by the
command that starts; everything else logs through the standard library's
`logging.getLogger(__name__)`. No line may hold a secret, a body or a header's value.
"""

import logging
import sys
from typing import IO, Literal

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

from hookline.text import printable, printable_lines

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["text", "json"]

OURS = ("hookline", "api", "workers")
"""The packages whose lines the level is for. Libraries are heard from warnings on, at debug too:
uvicorn, websockets and httpx write whole headers there, and with them bearer tokens.
"""


def configure(level: Level, style: Format, stream: IO[str] | None = None) -> None:
    """Sends every log line to the stream (standard error). Replaces what was configured before.

    level: of Hookline's own lines; libraries log what is at least a warning.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(style))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR if level == "error" else logging.WARNING)
    for library in libraries():
        # One that gave itself a level or a handler at import would go past the root's. A stricter
        # level stays: some are told to be silent where their caller tells the fault.
        library.handlers.clear()
        library.propagate = True
        if library.level < root.level:
            library.setLevel(logging.NOTSET)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


def libraries() -> list[logging.Logger]:
    """Returns the loggers that exist and belong to others."""
    return [
        logging.getLogger(name)
        for name in list(logging.root.manager.loggerDict)
        if name.partition(".")[0] not in OURS
    ]


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
        printable(str(entry.pop("event"))),
    )
    trace = entry.pop("exception", None)
    extra = "".join(f" {key}={printable(str(value))}" for key, value in entry.items())
    shown = f"\n{printable_lines(str(trace))}" if trace else ""
    return f"{time} {level} {name}: {message}{extra}{shown}"
