"""Bearer tokens: making, listing and revoking them. Called by the API's token fields and the
command line. The text of a token is shown once, when it is made; it must never be stored, logged or
put into an error.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor, system_actor
from hookline.access.scopes import SCOPES, in_order, is_scope, with_implied
from hookline.db.connection import Database
from hookline.db.faults import faults_as_unavailable
from hookline.errors import Code, Problem, Refused
from hookline.models import Token
from hookline.text import is_visible, look_of

TOPIC: Final = "token"
"""Topic of the hub under which revoked tokens are announced, by their ids."""
_PART: Final = 1_000


# There is one for each set, of which anybody may think of more: lists of tokens show them all.
SCOPES_LIMIT: Final = 100


async def create(
    database: Database,
    workspace_id: UUID,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    by: Actor | None = None,
    found: Sequence[Problem] = (),
) -> tuple[Token, str]:
    """Makes a token. Returns its row and its text, which can never be shown again. by: the token
    that asks; None: the command line. found: problems of the input so far, told with the others.

    Raises Refused: REQUIRED, TOO_LONG, INVALID or TAKEN for the name, REQUIRED, TOO_MANY or INVALID
    for scopes, OUT_OF_RANGE for a time that is over.
    """
    now = clock.now()
    wrong = [*_check_name(name), *_check_scopes(scopes), *_check_expiry(expires_at, now)]
    if problems := [*found, *wrong]:
        raise Refused(problems)
    text = "hl_" + urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    token = Token(
        id=ids.uuid7(),
        workspace_id=workspace_id,
        name=name,
        name_key=look_of(name),
        digest=digest_of(text),
        last_four=text[-4:],
        scopes=in_order(with_implied(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    try:
        async with database.unit_of_work():
            await _free_name(token, now)
            await token.save(force_create=True)
            shown = {"name": name, "scopes": list(token.scopes), "lastFour": token.last_four}
            await _audit(token, by, "token.create", None, shown)
    # Only the unique index knows: two creators may ask at once.
    except IntegrityError:
        raise Refused(_name_taken()) from None
    return token, text


async def _free_name(token: Token, now: datetime) -> None:
    """Takes the name from an expired token, which never lives again."""
    same = Token.filter(workspace_id=token.workspace_id, name_key=token.name_key)
    await same.filter(expires_at__lte=now).update(name_key=None)


async def revoke(
    database: Database,
    workspace_id: UUID,
    token_id: UUID,
    by: Actor | None = None,
    announce: Callable[[str, str], None] | None = None,
) -> Token:
    """Ends a token and what it has opened, in every process within a second. A revoked one stays as
    it is. by: as for create. announce: the hub's, for those at once; the others look.

    Raises Refused: NOT_FOUND.
    """
    async with database.unit_of_work() as work:
        token = (
            await Token.filter(id=token_id, workspace_id=workspace_id).select_for_update().first()
        )
        if token is None:
            raise Refused(
                Problem(
                    Code.NOT_FOUND,
                    "There is no such token. `hookline token list` shows them all.",
                    ("id",),
                )
            )
        if token.revoked_at is None:
            token.revoked_at, token.name_key = clock.now(), None
            await token.save(update_fields=["revoked_at", "name_key"])
            shown = {"name": token.name, "lastFour": token.last_four}
            await _audit(token, by, "token.revoke", shown, None)
            if announce is not None:
                work.after_commit(partial(announce, TOPIC, str(token_id)))
    return token


async def _audit(
    token: Token,
    by: Actor | None,
    action: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    actor = by or system_actor(token.workspace_id)
    await audit.record(token.workspace_id, actor.stored, action, ("tok", token.id), before, after)


async def living(token_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the tokens that are not revoked.

    Raises Unavailable.
    """
    found: set[UUID] = set()
    with faults_as_unavailable():
        # In parts: a statement takes 32,766 values on SQLite.
        for begin in range(0, len(token_ids), _PART):
            part = Token.filter(id__in=token_ids[begin : begin + _PART], revoked_at__isnull=True)
            found |= {row.id for row in await part.only("id")}
    return found


def of_workspace(workspace_id: UUID) -> QuerySet[Token]:
    """All tokens of a workspace, revoked ones too, without an order."""
    return Token.filter(workspace_id=workspace_id)


def digest_of(text: str) -> bytes:
    """The hash that is stored of a token. A plain one does: 256 random bits can't be guessed."""
    return sha256(text.encode()).digest()


def _check_name(name: str) -> list[Problem]:
    if not name.strip():
        return [
            Problem(
                Code.REQUIRED, "Give the token a name, so that people know who uses it.", ("name",)
            )
        ]
    if len(name) > 100:
        return [Problem(Code.TOO_LONG, "The name is at most 100 characters long.", ("name",))]
    if not is_visible(name):
        return [
            Problem(
                Code.INVALID,
                "The name must hold characters that show only: none that are invisible, change "
                "the direction of text or control a terminal, and no blanks but spaces.",
                ("name",),
            )
        ]
    return []


def _name_taken() -> Problem:
    return Problem(
        Code.TAKEN,
        "Another token that is valid has this name, or one that looks like it. Choose another "
        "name, or revoke that token.",
        ("name",),
    )


def _check_scopes(scopes: Sequence[str]) -> list[Problem]:
    if not scopes:
        return [Problem(Code.REQUIRED, "Give the token a role or at least one scope.", ("scopes",))]
    if len(scopes) > SCOPES_LIMIT:
        message = f"A token has at most {SCOPES_LIMIT} scopes."
        return [Problem(Code.TOO_MANY, message, ("scopes",))]
    message = (
        f"There is no such scope. Scopes are {', '.join(SCOPES)}; sync:plan and sync:apply may end "
        "with a set, such as sync:apply:team-a."
    )
    return [
        Problem(Code.INVALID, message, ("scopes", str(place)))
        for place, scope in enumerate(scopes)
        if not is_scope(scope)
    ]


def _check_expiry(expires_at: datetime | None, now: datetime) -> list[Problem]:
    if expires_at is not None and expires_at <= now:
        return [
            Problem(
                Code.OUT_OF_RANGE,
                "This time is over. Give a later one, or none for a token that does not expire.",
                ("expiresAt",),
            )
        ]
    return []
