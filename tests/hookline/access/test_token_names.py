"""Names of tokens: each stands for one living token, and shows all that is in it."""

import asyncio
from datetime import timedelta

import pytest

from hookline import clock
from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.errors import Refused
from hookline.models import Token
from hookline.runtime import Runtime
from tests.making import WORKSPACE, ago, make_workspace, set_column
from tests.tables import each_of

READ = ROLES["viewer"]
INVISIBLE = (
    "ci\u200b",  # zero-width space
    "ci\u200d\u200c",  # joiners
    "\u202eci",  # right-to-left override
    "ci\u2066x\u2069",  # isolates
    "ci\u00ad",  # soft hyphen
    "ci\ufeff",  # byte order mark
    "ci\u3164",  # Hangul filler
    "ci\u2800",  # blank of Braille
    "ci\ufe0f",  # variation selector
    "ci\U000e0041",  # tag
    "ci\u00a0x",  # no-break space
    "ci\u2028x",  # line separator
    "ci\ue000",  # private use
    "ci\x1b[2J",  # of a terminal
)


async def refused(runtime: Runtime, name: str) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(Refused) as caught:
        await tokens.create(runtime.database, WORKSPACE, name, READ)
    [problem] = caught.value.problems
    return problem.code.value, problem.field


@pytest.mark.engines("sqlite")
@each_of("name", INVISIBLE)
async def test_a_name_holds_nothing_invisible(runtime: Runtime, name: str) -> None:
    assert await refused(runtime, name) == ("INVALID", ("name",))


@pytest.mark.engines("sqlite")
@each_of("name", ["CI (main)", "Änne's", "部署", "эдитор", "ops/eu-1"])
async def test_a_name_may_be_of_any_language(runtime: Runtime, name: str) -> None:
    assert (await tokens.create(runtime.database, WORKSPACE, name, READ))[0].name == name


@pytest.mark.parametrize("name", ["ci", "CI", " ci ", "ｃｉ"])
async def test_two_living_tokens_have_no_name_that_looks_the_same(
    runtime: Runtime, name: str
) -> None:
    await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    assert await refused(runtime, name) == ("TAKEN", ("name",))
    assert await Token.all().count() == 1


async def test_of_many_that_ask_for_a_name_at_once_one_gets_it(runtime: Runtime) -> None:
    made = await asyncio.gather(
        *(tokens.create(runtime.database, WORKSPACE, "ci", READ) for _ in range(8)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in made) == 1
    assert all(isinstance(one, Refused | tuple) for one in made)


async def test_a_revoked_or_expired_token_leaves_its_name(runtime: Runtime) -> None:
    first, _ = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    await tokens.revoke(runtime.database, WORKSPACE, first.id)
    soon = clock.now() + timedelta(hours=1)
    second, _ = await tokens.create(runtime.database, WORKSPACE, "ci", READ, soon)
    await set_column(runtime, "token", "expires_at", ago(1), [second.id])
    third, _ = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    assert third.name == "ci"
    assert await refused(runtime, "ci") == ("TAKEN", ("name",))


@pytest.mark.engines("sqlite")
async def test_another_workspace_has_names_of_its_own(runtime: Runtime) -> None:
    ours, _ = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    theirs, _ = await tokens.create(runtime.database, await make_workspace(runtime), "ci", READ)
    assert (ours.name, theirs.name) == ("ci", "ci")
    assert ours.workspace_id != theirs.workspace_id
