"""Renders payload templates in a process of its own, which hookline.outbound.rendering starts: no
template can harm the one that delivers. Runs as a bare script: it imports nothing of Hookline, has
no environment and can write no file.
"""

# minijinja's fuel ends loops, but not every value that grows (3.1: lists that hold themselves
# twice, strings escaped over and over); the limits of this process end those.

import resource
import signal
import struct
import sys
from contextlib import suppress
from functools import lru_cache
from typing import Any, BinaryIO

import minijinja
import orjson

FUEL = 100_000
# Fuel bounds the steps, but no single step. CPU time, not the clock's: a machine that is busy is no
# fault of the template.
RENDER_SECONDS = 0.5
MEMORY_BYTES = 256 * 1024 * 1024
OUTPUT_LIMIT = 1024 * 1024
_UNWANTED = ("debug", "lipsum")


def main() -> None:
    # When the machine runs out of memory it ends this process before any other one (Linux).
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # No file can be written, and no core of its memory either.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answers each request; requests and answers have their length before them (4 bytes,
    big-endian). An answer begins with + or -.
    """
    while len(head := source.read(4)) == 4:
        request = source.read(struct.unpack(">I", head)[0])
        # Nobody handles the signal: it ends the process, and the parent knows the reason by it.
        signal.setitimer(signal.ITIMER_PROF, RENDER_SECONDS)
        answer = _answer(request)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sink.write(struct.pack(">I", len(answer)) + answer)
        sink.flush()


def _answer(request: bytes) -> bytes:
    try:
        asked = orjson.loads(request)
        return b"+" + render(asked["template"], asked["escape"], asked["context"], asked["isProbe"])
    except TemplateError as wrong:
        return b"-" + str(wrong).encode(errors="replace")
    # Python's own allocations fail so; minijinja's end the process, and the parent says the same.
    except MemoryError:
        return b"-The template makes too much of the event: it ran out of memory."
    # Values that minijinja can't take, or lists too deep for the JSON reader: the next event may
    # have none.
    except Exception as error:  # noqa: BLE001
        return f"-The template fails: {type(error).__name__}.".encode()


class TemplateError(Exception):
    """The template can't be used. The text says why and what to do."""


def render(template: str, escape: str, context: dict[str, Any], is_probe: bool) -> bytes:
    """escape: json, html or none. is_probe: what is missing shows as text, so that quotes around a
    placeholder are found.

    Raises Wrong.
    """
    try:
        text = _environment(template, escape, is_probe).render_template("payload", **context)
    except minijinja.TemplateError as error:
        raise TemplateError(_sentence(error)) from None
    body = text.encode(errors="surrogatepass")
    if len(body) > OUTPUT_LIMIT:
        raise TemplateError(
            f"The template makes {len(body):,} bytes; a body has at most {OUTPUT_LIMIT:,}."
        )
    if escape == "json":
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            line = text.count("\n", 0, error.pos) + 1
            raise TemplateError(
                f"What the template makes is not JSON (its line {line}: {error.msg}). A "
                "placeholder prints a whole JSON value: write "
                '{"name": {{ event.data.name }}} without quotes around it, and {{ "Order " ~ '
                "event.data.number }} for text with a value in it."
            ) from None
    return body


@lru_cache(256)
def _environment(template: str, escape: str, is_probe: bool) -> minijinja.Environment:
    environment = minijinja.Environment(
        auto_escape_callback=lambda name: escape if escape != "none" else False,
        fuel=FUEL,
        undefined_behavior="chainable",
        keep_trailing_newline=True,
        finalizer=_as_text if is_probe else None,
    )
    # They show the whole context, or fill the output, and no payload needs them.
    for name in _UNWANTED:
        environment.remove_global(name)
    environment.add_template("payload", template)
    return environment


def _as_text(value: Any) -> Any:
    return 'text with "quotes"' if value is None else value


def _sentence(error: minijinja.TemplateError) -> str:
    if "out of fuel" in str(error):
        return f"The template takes more than {FUEL:,} steps. Loop over less."
    where = f" in line {error.line}" if error.line else ""
    said = " ".join(str(error.message or error).split())[:300]
    return f"The template fails{where}: {said}."


if __name__ == "__main__":
    main()
