"""A small schema and authenticator, so that the transports are tested over something that they know
nothing of.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import strawberry
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from api.auth import Unauthenticated, bearer_token, require
from api.context import Context
from api.execution.errors import BadInput
from api.schema.scalars import SCALARS
from hookline import ids
from hookline.access.actor import Actor
from hookline.errors import Code, HooklineError, Misconfigured, Problem, Refused, Unavailable
from tests.waiting import eventually

SECRET_TEXT = "the password is hunter2"


class Loaders:
    """The loaders of one operation, which read nothing."""

    uses = 0

    def forget(self) -> None:
        """Keeps the count: tests ask for it."""


class Runtime:
    """State that the schema's resolvers reach: a log of the calls, and gates that tests open."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.cursor = 7
        self.reads = 0
        self.stock = asyncio.Condition()
        self.events: list[int] = []
        self.listeners = 0
        self.may_finish = asyncio.Event()

    async def announce(self, *numbers: int) -> None:
        async with self.stock:
            self.events.extend(numbers)
            self.stock.notify_all()

    async def until_listeners(self, count: int) -> None:
        async with self.stock:
            await self.stock.wait_for(lambda: self.listeners == count)


class Never(BasePermission):
    message = "never"
    error_extensions = {"code": "FORBIDDEN"}  # noqa: RUF012  # Strawberry's own convention

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


Info = strawberry.Info[Context, None]


@strawberry.type
class Item:
    name: str

    @strawberry.field
    def items(self, first: int | None = None, last: int | None = None) -> list["Item"]:
        return [Item(name="below")] * (first or 1)

    @strawberry.field
    def parent(self) -> "Item":
        return self


def failures() -> dict[str, Exception]:
    return {
        "refused": Refused(Problem(Code.INVALID, "Use another.", ("url",))),
        "bad": BadInput("first must be smaller."),
        "unavailable": Unavailable(retry_after_seconds=9),
        "cut": ConnectionResetError(SECRET_TEXT),
        "limited": HooklineError("RATE_LIMITED", "Wait a little."),
        "misconfigured": Misconfigured(SECRET_TEXT),
        "unexpected": RuntimeError(SECRET_TEXT),
        "id": ids.MalformedId("nonsense"),
    }


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, info: Info) -> str:
        info.context.runtime.calls.append("hello")
        return "world"

    @strawberry.field
    async def live_cursor(self, info: Info) -> str:
        return str(info.context.live_cursor)

    @strawberry.field
    def reads_before(self, info: Info) -> int:
        return int(info.context.runtime.reads)

    @strawberry.field
    def whoami(self, info: Info) -> str:
        return f"{info.context.actor.name} {info.context.request_id}"

    @strawberry.field
    def fails(self, how: str) -> str | None:
        raise failures()[how]

    @strawberry.field
    def fails_hard(self, how: str) -> str:
        raise failures()[how]

    @strawberry.field
    def admin_only(self, info: Info) -> str | None:
        require(info, "tokens:admin")
        return "secret"

    @strawberry.field(permission_classes=[Never])
    def never(self) -> str | None:
        return "never"

    @strawberry.field
    def echo(self, value: JSON) -> JSON:
        return value

    @strawberry.field
    def kinds(self, value: JSON) -> list[str]:
        # tests send lists
        return [f"{type(one).__name__} {one}" for one in value]  # type: ignore[attr-defined]

    @strawberry.field
    def moment(self, at: datetime) -> datetime:
        return at

    @strawberry.field
    def span(self, of: timedelta) -> timedelta:
        return of

    @strawberry.field
    def size(self, first: int = 20) -> int:
        return first

    @strawberry.field
    def nan(self) -> float:
        return float("nan")

    @strawberry.field
    def beyond(self) -> JSON:
        return JSON(2**70)

    @strawberry.field
    def items(self, first: int | None = None, last: int | None = None) -> list[Item]:
        return [Item(name=str(number)) for number in range(first or 1)]

    @strawberry.field
    async def slow(self, info: Info) -> str:
        info.context.runtime.calls.append("slow begins")
        await info.context.runtime.may_finish.wait()
        return "done"

    @strawberry.field
    async def slow_list(self, info: Info) -> str:
        info.context.runtime.calls.append("list begins")
        await info.context.runtime.may_finish.wait()
        return "done"


@strawberry.input
class PublishInput:
    type: str
    data: JSON


@strawberry.type
class Published:
    id: strawberry.ID
    size: int


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def publish(self, info: Info, input: PublishInput) -> Published | None:
        info.context.runtime.calls.append("publish")
        return Published(id=strawberry.ID("evt_1"), size=len(str(input.data)))

    @strawberry.mutation
    async def publish_all(self, info: Info, inputs: list[PublishInput] | None = None) -> int:
        return len(inputs or ())

    @strawberry.mutation
    async def slow(self, info: Info) -> bool:
        info.context.runtime.calls.append("slow begins")
        await info.context.runtime.may_finish.wait()
        info.context.runtime.calls.append("slow ends")
        return True


@strawberry.type
class Loaded:
    @strawberry.field
    def count(self, info: Info) -> int:
        """Number of times that this operation's loaders were used."""
        info.context.loaders.uses += 1
        uses: int = info.context.loaders.uses
        return uses


@strawberry.type
class Large:
    @strawberry.field
    async def slow_list(self, info: Info) -> str:
        info.context.runtime.calls.append("list begins")
        await info.context.runtime.may_finish.wait()
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def large(self) -> AsyncGenerator[Large, None]:
        yield Large()

    @strawberry.subscription
    async def numbers(
        self, info: Info, until: int = 1_000_000_000, padding: int = 0
    ) -> AsyncGenerator[str, None]:
        runtime: Runtime = info.context.runtime
        sent = 0
        await _listen(runtime, 1)
        try:
            while sent < until:
                async with runtime.stock:
                    # waited for at once
                    await runtime.stock.wait_for(lambda: len(runtime.events) > sent)  # noqa: B023
                yield str(runtime.events[sent]) + "x" * padding
                sent += 1
        finally:
            await _listen(runtime, -1)

    @strawberry.subscription
    async def endless(self, info: Info) -> AsyncGenerator[str, None]:
        while True:
            info.context.runtime.reads += 1
            yield os.urandom(5_000).hex()  # nothing that compresses

    @strawberry.subscription
    async def breaks(self, how: str) -> AsyncGenerator[str, None]:
        yield "one"
        raise failures()[how]

    @strawberry.subscription
    async def fresh(self, info: Info) -> AsyncGenerator[Loaded, None]:
        yield Loaded()
        yield Loaded()

    @strawberry.subscription(permission_classes=[Never])
    async def never(self) -> AsyncGenerator[str, None]:
        yield "never"


async def _listen(runtime: Runtime, change: int) -> None:
    async with runtime.stock:
        runtime.listeners += change
        runtime.stock.notify_all()


def make_schema() -> strawberry.Schema:
    return strawberry.Schema(
        Query, Mutation, Subscription, config=StrawberryConfig(scalar_map=SCALARS)
    )


VIEWER = Actor(
    UUID(int=9), "viewer", frozenset({"webhooks:read", "deliveries:read"}), token_id=UUID(int=1)
)
PUBLISHER = Actor(UUID(int=9), "publisher", frozenset({"events:publish"}), token_id=UUID(int=2))
ADMIN = Actor(
    UUID(int=9),
    "admin",
    frozenset({"events:publish", "tokens:admin", "deliveries:read"}),
    token_id=UUID(int=3),
)


class Tokens:
    """Three tokens that can be revoked; `is_down` is a database that does not answer."""

    def __init__(self) -> None:
        self.known = {f"hl_{actor.name}": actor for actor in (VIEWER, PUBLISHER, ADMIN)}
        self.is_down = False

    async def authenticate(self, header_value: str | None) -> Actor:
        token = bearer_token(header_value)
        if self.is_down:
            raise Unavailable
        actor = self.known.get(token)
        if actor is None:
            raise Unauthenticated
        return actor

    async def wait_until_ended(self, header_value: str | None) -> None:
        await eventually(lambda: bearer_token(header_value) not in self.known, 3_600)
