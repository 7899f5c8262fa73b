"""Renders payload templates in a process of its own, which hookline.outbound.rendering starts: no
template can harm the one that delivers. It has no environment, can write no file, and imports
nothing of Hookline but the two modules below.
"""

# minijinja's fuel ends loops, but not every value that grows (3.1: lists that hold themselves
# twice, strings escaped over and over); the limits of this process end those.

import resource
import signal
import struct
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any, BinaryIO

import minijinja
import orjson

from hookline.outbound.json_escaping import FILTERS, EscapingError, Marks
from hookline.outbound.template_data import HOSTILE, Anything, as_data

FUEL = 100_000
# Fuel bounds the steps, but no single step. CPU time, not the clock's: a machine that is busy is no
# fault of the template.
RENDER_SECONDS = 0.5
MEMORY_BYTES = 256 * 1024 * 1024
OUTPUT_LIMIT = 1024 * 1024
CACHE_COUNT = 256
CACHE_CHARACTERS = 512 * 1024
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
        return b"+" + render(
            asked["template"], asked["escape"], asked["context"], Probe(asked["probe"])
        )
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


class Probe(StrEnum):
    """A render that nobody is sent: whether a template is right for whatever may come."""

    NONE = "none"
    """The real one."""
    MISSING = "missing"
    """Hostile text stands for each value that the event lacks."""
    EVERYTHING = "everything"
    """The event has whatever is looked up, all of it hostile text. It fails only for what it makes:
    a template that calculates can't do so with text.
    """


def render(template: str, escape: str, context: dict[str, Any], probe: Probe) -> bytes:
    """escape: json, html or none.

    Raises TemplateError.
    """
    made = _cache.template(template, escape, probe is not Probe.NONE)
    given = as_data(context)
    if probe is Probe.EVERYTHING:
        given["event"]["data"] = Anything()
    try:
        text = made.render(given)
    except TemplateError:
        if probe is Probe.EVERYTHING:
            return b""
        raise
    body = text.encode(errors="surrogatepass")
    if len(body) > OUTPUT_LIMIT:
        raise TemplateError(
            f"The template makes {len(body):,} bytes; a body has at most {OUTPUT_LIMIT:,}."
        )
    if escape == "json":
        _check_json(body, text)
    return body


def _check_json(body: bytes, text: str) -> None:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        line = text.count("\n", 0, error.pos) + 1
        raise TemplateError(
            f"What the template makes is not JSON (its line {line}: {error.msg}). A placeholder "
            'prints a whole JSON value, {"name": {{ event.data.name }}}, and inside of quotes its '
            'text, "Order {{ event.data.number }}".'
        ) from None


class _Template:
    """A compiled template."""

    def __init__(self, template: str, escape: str, is_probe: bool) -> None:
        self._marks = Marks() if escape == "json" else None
        self._environment = minijinja.Environment(
            auto_escape_callback=lambda name: escape if escape != "none" else False,
            fuel=FUEL,
            undefined_behavior="chainable",
            keep_trailing_newline=True,
            finalizer=self._finalizer(is_probe),
            filters=FILTERS if self._marks else {},
        )
        # They show the whole context, or fill the output, and no payload needs them.
        for name in _UNWANTED:
            self._environment.remove_global(name)
        self._environment.add_template("payload", template)

    def render(self, context: dict[str, Any]) -> str:
        """Raises TemplateError."""
        if self._marks is not None:
            self._marks.clear()
        try:
            text = self._environment.render_template("payload", **context)
            return text if self._marks is None else self._marks.filled(text, OUTPUT_LIMIT)
        except minijinja.TemplateError as error:
            raise TemplateError(_sentence(error)) from None
        except EscapingError as error:
            raise TemplateError(str(error)) from None
        except AttributeError as error:
            raise TemplateError(
                f"Data has no methods, so none of the name {error}. Filters do that, such as "
                "{{ event.data | items }}."
            ) from None

    def _finalizer(self, is_probe: bool) -> Callable[[Any], Any] | None:
        mark = self._marks.mark if self._marks else None
        if not is_probe:
            return mark
        return _hostile if mark is None else lambda value: mark(_hostile(value))


def _hostile(value: Any) -> Any:
    return HOSTILE if value is None or isinstance(value, Anything) else value


class _Cache:
    """Compiled templates, those that were used last. Bounded by their texts: compiled, a text takes
    up to 25 times its size. 158 of 64 KB (256 were kept) left no memory for the events of other
    webhooks, whose renders failed (2026-11-28).
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, bool], _Template] = OrderedDict()
        self._characters = 0

    def template(self, template: str, escape: str, is_probe: bool) -> _Template:
        """Raises TemplateError."""
        key = template, escape, is_probe
        if (made := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return made
        # Room is made first, so that old and new never stand beside each other.
        while self._kept and (
            len(self._kept) >= CACHE_COUNT or self._characters + len(template) > CACHE_CHARACTERS
        ):
            self._characters -= len(self._kept.popitem(last=False)[0][0])
        try:
            made = self._kept[key] = _Template(template, escape, is_probe)
        except minijinja.TemplateError as error:
            raise TemplateError(_sentence(error)) from None
        self._characters += len(template)
        return made


_cache = _Cache()


def _column(error: minijinja.TemplateError) -> str:
    """The column where the fault begins, in characters from 1; nothing where it is not known."""
    if error.range is None or error.template_source is None:
        return ""
    # minijinja (3.1) counts bytes of UTF-8.
    before = error.template_source.encode()[: error.range[0]].decode(errors="replace")
    return f", column {len(before) - before.rfind(chr(10))}"


def _sentence(error: minijinja.TemplateError) -> str:
    if "out of fuel" in str(error):
        return f"The template takes more than {FUEL:,} steps. Loop over less."
    where = f" in line {error.line}{_column(error)}" if error.line else ""
    said = " ".join(str(error.message or error).split())[:300]
    # The place is told already.
    said = said.partition(" (in payload:")[0]
    return f"The template fails{where}: {said}."
