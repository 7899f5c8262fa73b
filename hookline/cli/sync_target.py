"""The target that plans and applies a file: a server over GraphQL, or this process on its own
database. Called by sync_session.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from hookline.cli.client import ServerFault, execute
from hookline.cli.connection import Endpoint
from hookline.cli.server_choice import ServerChoice
from hookline.cli.sync_validate import ANY_ADDRESS
from hookline.clock import rfc3339
from hookline.errors import HooklineError
from hookline.form.durations import format_duration
from hookline.form.kinds import Bounds
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Plan
from hookline.sync.read.content_digest import content_digest
from hookline.sync.read.problems import SyncProblem
from hookline.sync.request import SyncRequest
from hookline.text import printable

if TYPE_CHECKING:
    from hookline.access.actor import Actor
    from hookline.runtime import Runtime
    from hookline.settings.fields import Settings
    from hookline.sync.apply.applying import ApplyOutcome

ENVIRONMENTS: Final = "{ environments }"
PAYLOAD: Final = (
    f"plan {{ {codec.PLAN_FIELDS} }} problems {{ {codec.PROBLEM_FIELDS} }} "
    "userErrors { field message code }"
)
PLAN: Final = f"mutation Plan($input: SyncPlanInput!) {{ syncPlan(input: $input) {{ {PAYLOAD} }} }}"
APPLY: Final = (
    "mutation Apply($input: SyncApplyInput!) { syncApply(input: $input) { revision "
    f"{{ number }} {PAYLOAD} }} }}"
)
# On top of the lock's patience, which the server may use up before it begins.
WORK_SECONDS: Final = 60.0
# Sending fewer is as fast as asking first.
_WORTH_ASKING: Final = 100
# 10,000 webhooks take 4 to 6 s of CPU, and on a busy server half a minute (2026-11).
_SECONDS_OF_A_WEBHOOK: Final = 0.02
_ROLE: Final = "sync"
_MAY_BE_APPLIED: Final = (
    "An answer was lost before: it may have been applied. Run the command again, which then "
    "changes nothing, or see `hookline sync history`."
)


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """plan: None when there are problems. problems: what is wrong with the file, as it is
    shown at the terminal.
    """

    plan: Plan | None
    problems: list[SyncProblem]

    @property
    def told(self) -> list[SyncProblem]:
        """The problems, and the warnings of the plan."""
        return [*self.problems, *(self.plan.warnings if self.plan else ())]


class SyncTarget(Protocol):
    """Raises HooklineError for everything that keeps it from answering."""

    checks_files: ClassVar[bool]
    """It checks a file itself, and tells what is wrong with it."""

    def bounds(self) -> Bounds:
        """Limits that a file is checked with before it is sent."""

    def plan(self, request: SyncRequest, is_unresolved: bool) -> SyncAnswer: ...
    def apply(self, request: SyncRequest) -> SyncAnswer: ...


def target_at(place: ServerChoice) -> SyncTarget:
    """Raises Misconfigured."""
    return LocalTarget(place.settings()) if place.is_local else ServerTarget(place.access())


@dataclass(frozen=True, slots=True)
class ServerTarget:
    checks_files: ClassVar[bool] = True
    access: Endpoint

    def bounds(self) -> Bounds:
        environments = execute(self.access, ENVIRONMENTS, {}, _environments, role=_ROLE)
        return Bounds(environments, ANY_ADDRESS)

    def plan(self, request: SyncRequest, is_unresolved: bool) -> SyncAnswer:
        def ask(given: dict[str, Any]) -> SyncAnswer:
            return execute(
                self.access,
                PLAN,
                {"input": {**given, "unresolvedSecrets": is_unresolved}},
                lambda content: answer_of(content["syncPlan"], self.access.server),
                _work_seconds(request),
                role=_ROLE,
            )

        digest = None if is_unresolved else _digest_of(request)
        if digest and (answer := _of_digest(request, digest, ask)):
            return answer
        return ask({**_input(request), "contentDigest": digest})

    def apply(self, request: SyncRequest) -> SyncAnswer:
        """The key makes it safe to ask again when the answer was lost."""
        seconds = request.options.lock_timeout.total_seconds() + _work_seconds(request)
        more = {
            "planDigest": request.plan_digest,
            "idempotencyKey": request.idempotency_key,
            "message": request.message,
        }

        def ask(given: dict[str, Any]) -> SyncAnswer:
            return execute(
                self.access,
                APPLY,
                {"input": {**given, **more}},
                lambda content: answer_of(content["syncApply"], self.access.server),
                seconds,
                role=_ROLE,
            )

        if (digest := _digest_of(request)) and (answer := _of_digest(request, digest, ask)):
            return answer
        return applied(lambda: ask(_input(request)))


def applied(ask: Callable[[], SyncAnswer]) -> SyncAnswer:
    """The answer to an apply or a rollback, which is asked for once more where it was lost. ask:
    with an idempotency key, which makes the second answer the first one's.

    Raises HooklineError.
    """
    try:
        return ask()
    except ServerFault as fault:
        # Only where it may have been applied.
        if fault.code != "ANSWER_LOST":
            raise
    try:
        return ask()
    except ServerFault as fault:
        if fault.code not in ("ANSWER_LOST", "CANNOT_REACH"):
            raise
        raise ServerFault(fault.code, f"{fault.message} {_MAY_BE_APPLIED}") from None


@dataclass(frozen=True, slots=True)
class LocalTarget:
    checks_files: ClassVar[bool] = False
    settings: "Settings"

    def bounds(self) -> Bounds:
        """Limits with the addresses that `hookline dev` allows: here no server checks the file
        again.
        """
        from hookline.cli import dev_home

        return Bounds(self.settings.environments, dev_home.addresses(self.settings))

    def plan(self, request: SyncRequest, is_unresolved: bool) -> SyncAnswer:
        from hookline.sync.apply import applying

        return self._run(lambda runtime, actor: applying.preview(runtime, actor, request))

    def apply(self, request: SyncRequest) -> SyncAnswer:
        from hookline.sync.apply import applying

        return self._run(lambda runtime, actor: applying.apply(runtime, actor, request))

    def _run(self, work: "Callable[[Runtime, Actor], Awaitable[ApplyOutcome]]") -> SyncAnswer:
        # 30 ms that a plan by a server would pay.
        import asyncio

        from hookline.cli.lock import local_lock

        outcomes: list[ApplyOutcome] = []
        with local_lock(self.settings):
            asyncio.run(self._put(work, outcomes))
        [outcome] = outcomes
        plan = replace(outcome.plan, server=str(self.settings.sqlite_path))
        return SyncAnswer(plan, list(outcome.problems))

    async def _put(
        self,
        work: "Callable[[Runtime, Actor], Awaitable[ApplyOutcome]]",
        outcomes: "list[ApplyOutcome]",
    ) -> None:
        # Not as the task's result: at its end asyncio asks `signal` for the repr of the task, and
        # with it of a plan of 10,000 webhooks, twice (3.3 s of 24; Python 3.11, 2026-11).
        outcomes.append(await self._in_runtime(work))

    async def _in_runtime(
        self, work: "Callable[[Runtime, Actor], Awaitable[ApplyOutcome]]"
    ) -> "ApplyOutcome":
        from hookline.access.actor import system_actor
        from hookline.cli.database import workspace_id_of
        from hookline.wiring import open_runtime

        async with open_runtime(self.settings) as runtime:
            workspace_id = await workspace_id_of(runtime.database)
            return await work(runtime, system_actor(workspace_id, "hookline sync --local"))


class _DocumentNeeded(HooklineError):
    """The server has to see the file: it does not know the digest."""


def _digest_of(request: SyncRequest) -> str | None:
    """The digest by which a server knows a large file if it was applied last; None where the file
    itself is to be sent.
    """
    document = request.document
    is_whole = not (request.options.only or request.options.reenable)
    if len(document.webhooks) < _WORTH_ASKING or not is_whole or document.has_unknown_secrets():
        return None
    places = document.positions.packed()
    return content_digest(document.content, places, document.secrets, levels=1)


def _of_digest(
    request: SyncRequest, digest: str, ask: Callable[[dict[str, Any]], SyncAnswer]
) -> SyncAnswer | None:
    """The answer to the digest; None where the file has to be sent."""
    try:
        return ask({**_about(request), "contentDigest": digest})
    except _DocumentNeeded:
        return None
    except ServerFault as fault:
        # Of what was applied already a lost answer changes nothing: the file is sent.
        if fault.code != "ANSWER_LOST":
            raise
        return None


def answer_of(payload: dict[str, Any], server: str) -> SyncAnswer:
    """The answer of a payload of the API.

    Raises HooklineError for its user errors, and what `codec.decode` raises.
    """
    if errors := payload["userErrors"]:
        sentence = printable("; ".join(error["message"] for error in errors))
        is_needed = [(one["code"], one["field"]) for one in errors] == [
            ("REQUIRED", ["input", "document"])
        ]
        raise (_DocumentNeeded if is_needed else HooklineError)("FAILED", sentence)
    problems = [codec.decode_problem(problem) for problem in payload["problems"]]
    if payload["plan"] is None:
        return SyncAnswer(None, problems)
    plan = codec.decode({**payload["plan"], "revision": payload.get("revision")})
    return SyncAnswer(replace(plan, server=server), problems)


def _work_seconds(request: SyncRequest) -> float:
    """Seconds that a server may work on a file."""
    return WORK_SECONDS + _SECONDS_OF_A_WEBHOOK * len(request.document.webhooks)


def _environments(content: dict[str, Any]) -> tuple[str, ...]:
    """Raises TypeError where they are no list of texts."""
    return tuple(codec.text(name) for name in [*content["environments"]])


def _input(request: SyncRequest) -> dict[str, Any]:
    """The parts that SyncPlanInput and SyncApplyInput share."""
    document = request.document
    return {
        **_about(request),
        "document": document.content,
        "positions": document.positions.packed(),
        "secretsJson": _nested(document.secrets),
    }


def _nested(secrets: Mapping[tuple[str, ...], str]) -> dict[str, Any]:
    """Secrets as objects like those of the document."""
    whole: dict[str, Any] = {}
    for path, secret in secrets.items():
        around = whole
        for step in path[:-1]:
            around = around.setdefault(step, {})
        around[path[-1]] = secret
    return whole


def _about(request: SyncRequest) -> dict[str, Any]:
    """The same without the file."""
    options, source = request.options, request.source
    return {
        "set": request.document.set_name,
        "options": {
            **codec.encode_options(options),
            "lockTimeout": format_duration(options.lock_timeout),
        },
        "source": {
            "commit": source.commit,
            "branch": source.branch,
            "author": source.author,
            "repository": source.repository,
            "runUrl": source.run_url,
            "dirty": source.is_dirty,
            "committedAt": source.committed_at and rfc3339(source.committed_at),
        },
    }
