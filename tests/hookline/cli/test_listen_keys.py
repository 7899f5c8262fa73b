"""`hookline listen` at a terminal: keys, the line at the bottom; texts of others stay text."""

import re
from uuid import uuid4

import pytest

from tests.hookline.cli.local_program import LocalProgram, reply
from tests.hookline.cli.stand import Stand, Terminal, wait_for
from tests.hookline.cli.test_terminal import HARMFUL

pytestmark = pytest.mark.engines("sqlite")


class Keys:
    """The command at a terminal, with keys."""

    def __init__(self, stand: Stand, target: str, width: int = 80) -> None:
        self.name, self.stand = f"l{uuid4().hex[:8]}", stand
        self.terminal: Terminal = stand.at_terminal(
            *("listen", target, "--events", f"{self.name}.*.*"),
            width=width,
            # As the desktop has it: a program that shows the page in a window of its own.
            BROWSER=f"sh -c 'echo %s > {stand.folder}/{self.name}' &",
        )
        self.terminal.shows("r resend")

    def publish(self, data: object = 1) -> str:
        return self.stand.publish(self.name, data)

    def shows_answer(self, event_id: str) -> None:
        self.terminal.shows(rf"<-- .* {event_id} \d+ ms")


def test_keys_show_send_again_open_and_quit(stand: Stand) -> None:
    evil = b"\x1b]0;owned\x07\xe2\x80\xae\x9b2J::error::forged"
    answered = reply(b"200 OK\r\nx-evil: " + evil[1:5] + b"\xe2\x80\xae", evil)
    with LocalProgram(lambda taken: answered) as program:
        keys = Keys(stand, program.url)
        terminal = keys.terminal
        terminal.type("d")
        terminal.shows("Nothing has come yet.")
        first = keys.publish({"n": "\x1b[2J\u202e"})
        keys.shows_answer(first)
        second = keys.publish({"n": 2})
        keys.shows_answer(second)
        # Below the latest, nothing is selected; one up from the latest is the first.
        terminal.type("j\x1b[A")
        terminal.shows(f"▸ 200 {keys.name}.order.created …{first[-6:]}")
        terminal.type("d")
        terminal.shows("answer  200")
        terminal.type("r")
        terminal.shows(f"{first} is sent again.")
        wait_for(lambda: len(program.taken) == 3)
        terminal.type("o")
        url = terminal.shows(r"Opening (http\S+)")[1]
        terminal.type("q")
        assert terminal.end() == 0
    ids = [taken.headers["webhook-id"] for taken in program.taken]
    assert ids == [first, second, first]
    page = stand.folder / keys.name
    assert wait_for(lambda: page.exists() and page.read_text().strip()) == url
    assert "/activity?object=dlv_" in url
    # Its own are those that begin a line anew, and those of colours.
    own = re.sub(r"\r\x1b\[K|\x1b\[\d*m|\r\n", "", terminal.text)
    assert not HARMFUL.search(own), ascii(own)
    assert r"\u001b]0;owned\u0007" in own.replace("\\x", "\\u00")


def test_a_narrow_terminal_keeps_its_last_line_to_one_line(stand: Stand) -> None:
    with LocalProgram() as program:
        keys = Keys(stand, program.url, width=24)
        keys.shows_answer(keys.publish())
        keys.terminal.interrupt()
        assert keys.terminal.end() == 130
    status = re.findall(r"\r\x1b\[K([^\r\n]*)(?=\r\x1b\[K)", keys.terminal.text)
    assert any(line.endswith("…") for line in status)
    assert max(map(len, status)) <= 23


def test_keys_that_a_token_may_not_use_say_so_and_it_goes_on(stand: Stand) -> None:
    scopes = ("webhooks:listen", "deliveries:read")
    options = [part for scope in scopes for part in ("--scope", scope)]
    token = stand.run("tokens", "create", f"n{uuid4().hex[:6]}", *options).stdout.strip()
    with LocalProgram() as program:
        keys = Keys(stand.seen_with(HOOKLINE_TOKEN=token), program.url)
        event_id = stand.publish(keys.name)
        keys.shows_answer(event_id)
        keys.terminal.type("r")
        keys.terminal.shows("lacks the scope deliveries:retry")
        again = stand.publish(keys.name)
        keys.shows_answer(again)
        keys.terminal.type("\x04")
        assert keys.terminal.end() == 0
