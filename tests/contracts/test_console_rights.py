"""The console explains roles and scopes in its own words: it must know the same ones."""

import re

from hookline.access.scopes import ROLES, SCOPES, SET_SCOPES
from tests.processes import PROJECT

RIGHTS = (PROJECT / "web" / "console" / "src" / "tokens" / "rights.ts").read_text("utf-8")


def quoted(text: str) -> list[str]:
    return re.findall(r'"([a-z]+:[a-z]+)"', text)


def section(begin: str) -> str:
    return RIGHTS.split(begin)[1].split(";\n")[0]


def test_console_knows_the_scopes_and_roles_of_the_server() -> None:
    assert quoted(section("export const SCOPES")) == list(SCOPES)
    assert tuple(quoted(section("export const SET_SCOPES"))) == SET_SCOPES
    reading = tuple(quoted(section("const READ")))
    held = {
        role.lower(): (*(reading if "READ" in named else ()), *quoted(named))
        for role, named in re.findall(r"([A-Z]+): (\[.*\]|READ|SCOPES.*),", section("const HELD"))
    }
    expected = dict(ROLES)
    assert held.pop("sync") == reading
    assert expected.pop("sync") == (*reading, *SET_SCOPES)
    # Admin is made of SCOPES themselves.
    assert held.pop("admin") == ()
    assert expected.pop("admin") == tuple(SCOPES)
    assert held == expected
