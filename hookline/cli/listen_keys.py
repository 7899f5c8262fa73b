"""`hookline listen` at a terminal: lines as they come, below them one that shows the selected
request and the keys. The terminal is given back as it was, however the command ends.
"""

import asyncio
import json
import os
import signal
import sys
import termios
import tty
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from hookline.cli.client import ServerFault
from hookline.cli.listen_forwarding import ForwardedRequest, LocalAnswer
from hookline.cli.listen_output import ArrowLines, result_of
from hookline.cli.listen_server import Gone
from hookline.cli.opening import PATHS
from hookline.cli.tables import cut
from hookline.cli.terminal import echo, echo_status, terminal_width
from hookline.text import printable

HINT: Final = "r resend o open d details ↑↓ q quit"
_ID_SHOWN: Final = 6
_KEPT: Final = 100
# Of a body that is looked at: megabytes of each are not kept.
_BODY_KEPT: Final = 16 * 1024
_BODY_SHOWN: Final = 4_000
_ARROWS: Final = {"\x1b[A": "up", "\x1b[B": "down", "\x1bOA": "up", "\x1bOB": "down"}
_LETTERS: Final = {"k": "up", "j": "down", "\x04": "q"}

Resend = Callable[[ForwardedRequest], Awaitable[None]]


@dataclass(slots=True)
class ShownRequest:
    """A request that can be selected. answer: None while there is none."""

    request: ForwardedRequest
    answer: LocalAnswer | None = None


class KeyLines:
    """Lines with a line of keys below them. console: address of the server's pages."""

    def __init__(self, console: str) -> None:
        self._lines, self._console = ArrowLines(), console
        self._requests: deque[ShownRequest] = deque(maxlen=_KEPT)
        self._selected: ShownRequest | None = None
        self._is_drawn = False

    # as any output

    def ready(self, listener_id: str, url: str) -> None:
        """Says nothing: the line comes once keys are read."""

    def event_in(self, request: ForwardedRequest) -> None:
        kept = replace(request, body=request.body[:_BODY_KEPT])
        self._requests.append(ShownRequest(kept))
        if self._selected is not None and self._selected not in self._requests:
            self._selected = None
        with self._above():
            self._lines.event_in(request)

    def answer_out(self, request: ForwardedRequest, answer: LocalAnswer, note: str) -> None:
        for shown in self._requests:
            if shown.request.id == request.id:
                shown.answer = answer
        with self._above():
            self._lines.answer_out(request, answer, note)

    def tell(self, text: str) -> None:
        with self._above():
            self._lines.tell(text)

    # the line at the bottom

    @contextmanager
    def _above(self) -> Iterator[None]:
        if self._is_drawn:
            echo_status("")
        yield
        self._draw()

    def _draw(self) -> None:
        if not self._is_drawn:
            return
        shown = self._current
        text = HINT
        if shown is not None:
            mark = "▸" if self._selected else "·"
            result = result_of(shown.answer) if shown.answer else "…"
            request = shown.request
            text = f"{mark} {result} {request.event_type} …{request.event_id[-_ID_SHOWN:]}  {HINT}"
        # One column less, so that no terminal begins another line.
        echo_status(cut(printable(text), terminal_width() - 1))

    def close(self) -> None:
        """Takes the line away."""
        if self._is_drawn:
            echo_status("")
        self._is_drawn = False

    # keys

    async def obey(self, resend: Resend) -> None:
        """Does what is typed until it is q. resend: asks the server for a delivery again."""
        with typed_keys() as keys:
            asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, self._draw)
            self._is_drawn = True
            self._draw()
            while (key := await keys.get()) != "q":
                if key in ("up", "down"):
                    self._select(-1 if key == "up" else 1)
                elif key not in ("r", "o", "d"):
                    continue
                elif (shown := self._current) is None:
                    self.tell("Nothing has come yet.")
                elif key == "r":
                    await self._resend(shown, resend)
                elif key == "o":
                    await self._open(shown)
                else:
                    with self._above():
                        _print_details(shown)

    @property
    def _current(self) -> ShownRequest | None:
        """The selected request, else the latest."""
        return self._selected or (self._requests[-1] if self._requests else None)

    def _select(self, step: int) -> None:
        if self._requests:
            places = list(self._requests)
            place = places.index(self._current) + step  # type: ignore[arg-type] # there is one
            # Below the latest: whatever is the latest from then on.
            self._selected = places[max(place, 0)] if place < len(places) else None
            self._draw()

    async def _resend(self, shown: ShownRequest, resend: Resend) -> None:
        try:
            await resend(shown.request)
        except (Gone, ServerFault) as fault:
            self.tell(f"Not sent again: {fault}")
        else:
            self.tell(f"{shown.request.event_id} is sent again.")

    async def _open(self, shown: ShownRequest) -> None:
        url = self._console + PATHS["dlv"].format(shown.request.delivery_id)
        is_opened = await asyncio.to_thread(open_in_window, url)
        self.tell(f"Opening {url}" if is_opened else url)


def open_in_window(url: str) -> bool:
    """Opens it in a browser with a window of its own. False where there is none."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # One of text would take this terminal.
    if type(browser) is webbrowser.GenericBrowser:
        return False
    # Its answer is no for a program that hands the page on and ends at once (xdg-open).
    browser.open(url)
    return True


def _print_details(shown: ShownRequest) -> None:
    request, answer = shown.request, shown.answer
    echo(f"\nrequest  {request.event_type}  {request.event_id}  {request.delivery_id}")
    _print_message(dict(request.headers), request.body)
    if answer is None:
        echo("no answer yet\n")
        return
    echo(f"answer  {result_of(answer)}  {answer.duration_ms} ms")
    _print_message(dict(answer.headers), answer.body.decode(errors="replace"))
    sys.stdout.flush()


def _print_message(headers: Mapping[str, str], body: str) -> None:
    for name, value in headers.items():
        echo(f"  {printable(name)}: {printable(value)}")
    # It may be cut, or no JSON at all.
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    echo(f"\n{body[:_BODY_SHOWN]}")
    if len(body) > _BODY_SHOWN:
        echo(f"… {len(body) - _BODY_SHOWN:,} more characters")
    echo("")


@contextmanager
def typed_keys() -> Iterator["asyncio.Queue[str]"]:
    """Gives keys as they are typed, without an Enter: letters, `up`, `down`; `q` at the end of the
    input.
    """
    keys: asyncio.Queue[str] = asyncio.Queue()
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        try:
            content = os.read(number, 1024)
        # The terminal is gone.
        except OSError:
            content = b""
        if not content:
            loop.remove_reader(number)
        for key in split_keys(content.decode("ascii", "ignore")) if content else ["q"]:
            keys.put_nowait(key)

    before = termios.tcgetattr(number)
    # Not its usual way, which throws away what is typed already.
    tty.setcbreak(number, termios.TCSADRAIN)
    # A shell has changed the terminal while this was stopped (Ctrl-Z).
    loop.add_signal_handler(signal.SIGCONT, tty.setcbreak, number, termios.TCSADRAIN)
    loop.add_reader(number, read)
    try:
        yield keys
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def split_keys(content: str) -> list[str]:
    """Keys in what came at once, arrows among them.

    >>> split_keys("j\\x1b[Ar")
    ['down', 'up', 'r']
    """
    found = []
    while content:
        arrow = next((name for name in _ARROWS if content.startswith(name)), None)
        key = arrow or content[0]
        found.append(_ARROWS.get(key) or _LETTERS.get(key, key))
        content = content[len(key) :]
    return found
