"""Tokens on both databases: made, looked up, forgotten within a second, revoked."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextvars import Context
from datetime import timedelta

import pytest

from hookline import clock, ids
from hookline.access import tokens
from hookline.access.authenticator import CACHE_SECONDS, CACHE_SIZE, Authenticator
from hookline.access.scopes import ROLES, SCOPES
from hookline.errors import Refused
from hookline.models import Token
from hookline.runtime import Runtime
from tests.making import WORKSPACE, make_workspace
from tests.tables import each_of
from tests.waiting import eventually

pytestmark = pytest.mark.engines("sqlite")

READ = ROLES["viewer"]


@pytest.fixture
async def authenticator(runtime: Runtime) -> AsyncIterator[Authenticator]:
    made = Authenticator(runtime.database)
    yield made
    await made.close()


def told(refused: pytest.ExceptionInfo[Refused]) -> set[tuple[str, str]]:
    return {(problem.code.value, ".".join(problem.field)) for problem in refused.value.problems}


@pytest.mark.engines("sqlite", "postgres")
async def test_a_token_is_looked_up_while_a_transaction_writes(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    async with runtime.database.unit_of_work():
        # As another request: in this context the models use the transaction's connection.
        asked = asyncio.create_task(authenticator.find(text), context=Context())
        async with asyncio.timeout(20):
            assert await asked


@pytest.mark.engines("sqlite", "postgres")
async def test_a_token_is_shown_once_and_rests_as_its_hash(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    row, text = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    assert re.fullmatch("hl_[A-Za-z0-9_-]{43}", text)
    assert text not in str(await runtime.database.reader().rows("select * from token"))
    caller = await authenticator.find(text)
    assert caller is not None
    assert (caller.token_id, caller.name, caller.scopes, caller.workspace_id) == (
        row.id,
        "ci",
        frozenset(READ),
        WORKSPACE,
    )
    assert row.last_four == text[-4:]


async def test_all_that_is_wrong_with_a_new_token_is_told_at_once(runtime: Runtime) -> None:
    with pytest.raises(Refused) as refused:
        await tokens.create(
            runtime.database,
            WORKSPACE,
            "",
            ["webhooks:read", "root"],
            clock.now() - timedelta(seconds=1),
        )
    assert told(refused) == {
        ("REQUIRED", "name"),
        ("INVALID", "scopes.1"),
        ("OUT_OF_RANGE", "expiresAt"),
    }
    with pytest.raises(Refused) as refused:
        await tokens.create(runtime.database, WORKSPACE, "n" * 101, [])
    assert told(refused) == {("TOO_LONG", "name"), ("REQUIRED", "scopes")}
    with pytest.raises(Refused) as refused:
        await tokens.create(runtime.database, WORKSPACE, "a\x00b", READ)
    assert told(refused) == {("INVALID", "name")}


def test_roles_hold_known_scopes_and_only_admin_has_the_strong_ones() -> None:
    assert all(set(scopes) <= SCOPES.keys() for scopes in ROLES.values())
    strong = {"secrets:read", "tokens:admin", "audit:read", "webhooks:force"}
    assert [role for role, scopes in ROLES.items() if strong & set(scopes)] == ["admin"]


@each_of(
    "text", ["", "hl_", "hl_" + "a" * 43, "hl_" + "ü" * 43, "a" * 100_000, "hl_\x00" + "a" * 42]
)
async def test_a_strange_token_stands_for_nobody(authenticator: Authenticator, text: str) -> None:
    assert await authenticator.find(text) is None


@pytest.mark.engines("sqlite", "postgres")
async def test_a_revoked_token_works_for_a_second_at_most(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    row, text = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    assert await authenticator.find(text)
    began = clock.monotonic()
    revoked = await tokens.revoke(runtime.database, WORKSPACE, row.id)
    await refused_at_last(authenticator, text)
    assert clock.monotonic() - began < CACHE_SECONDS + 0.5
    assert (
        await tokens.revoke(runtime.database, WORKSPACE, row.id)
    ).revoked_at == revoked.revoked_at


async def refused_at_last(authenticator: Authenticator, text: str) -> None:
    async def is_refused() -> bool:
        return await authenticator.find(text) is None

    await eventually(is_refused)


async def test_an_expired_token_stands_for_nobody_even_while_it_is_remembered(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    _, text = await tokens.create(
        runtime.database, WORKSPACE, "ci", READ, clock.now() + timedelta(milliseconds=200)
    )
    began = clock.monotonic()
    assert await authenticator.find(text)
    await refused_at_last(authenticator, text)
    assert clock.monotonic() - began < CACHE_SECONDS


async def test_another_workspace_cannot_revoke_a_token(runtime: Runtime) -> None:
    row, _ = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    with pytest.raises(Refused) as refused:
        await tokens.revoke(runtime.database, await make_workspace(runtime), row.id)
    assert told(refused) == {("NOT_FOUND", "id")}
    assert (await Token.get(id=row.id)).revoked_at is None


@pytest.mark.engines("sqlite", "postgres")
async def test_the_last_use_is_noted_once_a_minute(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    row, text = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    assert await authenticator.find(text)
    while authenticator._notes:
        await asyncio.gather(*authenticator._notes.values())
    first = await last_use(row)
    assert first is not None
    other = Authenticator(runtime.database)
    assert await other.find(text)
    await other.close()
    assert await last_use(row) == first


async def last_use(row: Token) -> object:
    return (await Token.get(id=row.id)).last_used_at


@pytest.mark.engines("sqlite", "postgres")
async def test_many_that_ask_at_once_share_one_read(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    callers = await asyncio.gather(*(authenticator.find(text) for _ in range(50)))
    assert callers[0] is not None
    assert all(caller is callers[0] for caller in callers)


async def test_guesses_neither_fill_memory_nor_push_out_who_is_known(
    runtime: Runtime, authenticator: Authenticator
) -> None:
    _, text = await tokens.create(runtime.database, WORKSPACE, "ci", READ)
    known = await authenticator.find(text)
    authenticator._strange.update(
        {ids.uuid7().bytes: (clock.monotonic(), None) for _ in range(CACHE_SIZE)}
    )
    assert await authenticator.find("hl_" + "b" * 43) is None
    assert len(authenticator._strange) == CACHE_SIZE
    assert await authenticator.find(text) == known
