"""Who plans and applies a file: a server over GraphQL, or this process on its own database. Called
by sync_session.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from typing import Any, Final, Protocol
from uuid import UUID

from hookline.access.actor import system_actor
from hookline.cli.client import ServerFault, execute
from hookline.clock import rfc3339
from hookline.errors import HooklineError
from hookline.form.durations import format_duration
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.settings import Settings
from hookline.sync.apply.applying import Outcome
from hookline.sync.plan.planning import Change, ChangeKind, FieldChange
from hookline.sync.plan.policy import Block
from hookline.sync.read.document import Document
from hookline.sync.read.problems import Position, SyncProblem
from hookline.sync.request import Options, Source
from hookline.sync.show.report import PlanView

ENVIRONMENTS: Final = "{ environments }"
_PROBLEM = "code message severity path file line column hint"
_PLAN = f"""plan {{
    digest set unchanged base {{ number commit }} blocked {{ code message slug flag }}
    warnings {{ {_PROBLEM} }}
    changes {{ kind slug file line hint fields {{ field before after live secret }} }}
  }} problems {{ {_PROBLEM} }} userErrors {{ field message }}"""
PLAN: Final = f"mutation Plan($input: SyncPlanInput!) {{ syncPlan(input: $input) {{ {_PLAN} }} }}"
APPLY: Final = (
    "mutation Apply($input: SyncApplyInput!) { syncApply(input: $input) { revision "
    f"{{ number }} {_PLAN} }} }}"
)
_WORK_SECONDS: Final = 60.0
ANY_ADDRESS: Final = AddressPolicy((ip_network("0.0.0.0/0"), ip_network("::/0")), frozenset())
"""Where may be sent to is for a server to say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """view: None when there are problems. problems: what is wrong with the file, as whoever applies
    it sees it.
    """

    view: PlanView | None
    problems: list[SyncProblem]


class Target(Protocol):
    """Raises HooklineError for everything that keeps it from answering."""

    def bounds(self) -> Bounds:
        """What a file is checked with before it is sent."""

    def plan(
        self, document: Document, is_unresolved: bool, allowed: Options, source: Source
    ) -> Answer: ...
    def apply(
        self,
        document: Document,
        allowed: Options,
        source: Source,
        digest: str | None,
        key: str,
        message: str | None,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class ServerTarget:
    settings: Settings

    def bounds(self) -> Bounds:
        return Bounds(tuple(execute(self.settings, ENVIRONMENTS, {})["environments"]), ANY_ADDRESS)

    def plan(
        self, document: Document, is_unresolved: bool, allowed: Options, source: Source
    ) -> Answer:
        given = {**_input(document, allowed, source), "unresolvedSecrets": is_unresolved}
        return self._answer(
            execute(self.settings, PLAN, {"input": given}, _WORK_SECONDS)["syncPlan"]
        )

    def apply(
        self,
        document: Document,
        allowed: Options,
        source: Source,
        digest: str | None,
        key: str,
        message: str | None,
    ) -> Answer:
        """The key makes it safe to ask again when the answer was lost."""
        given = {
            **_input(document, allowed, source),
            "planDigest": digest,
            "idempotencyKey": key,
            "message": message,
        }
        seconds = allowed.lock_timeout.total_seconds() + _WORK_SECONDS
        try:
            content = execute(self.settings, APPLY, {"input": given}, seconds)
        except ServerFault as fault:
            if fault.code != "ANSWER_LOST":
                raise
            content = execute(self.settings, APPLY, {"input": given}, seconds)
        return self._answer(content["syncApply"])

    def _answer(self, payload: dict[str, Any]) -> Answer:
        if payload["userErrors"]:
            raise HooklineError(
                "FAILED", "; ".join(str(error["message"]) for error in payload["userErrors"])
            )
        problems = [_problem(told) for told in payload["problems"]]
        told = payload["plan"]
        return Answer(
            _view(told, self.settings.server, payload.get("revision")) if told else None, problems
        )


@dataclass(frozen=True, slots=True)
class LocalTarget:
    settings: Settings

    def bounds(self) -> Bounds:
        """Nobody checks again: the addresses are those that `hookline dev` allows."""
        from hookline.cli import dev_home

        return Bounds(self.settings.environments, dev_home.addresses(self.settings))

    def plan(
        self, document: Document, is_unresolved: bool, allowed: Options, source: Source
    ) -> Answer:
        from hookline.sync.apply import applying

        return self._run(
            lambda runtime, workspace_id: applying.preview(
                runtime, workspace_id, document, allowed, source
            )
        )

    def apply(
        self,
        document: Document,
        allowed: Options,
        source: Source,
        digest: str | None,
        key: str,
        message: str | None,
    ) -> Answer:
        from hookline.sync.apply import applying

        who = partial(system_actor, name="hookline sync --local")
        return self._run(
            lambda runtime, workspace_id: applying.apply(
                runtime, who(workspace_id), document, allowed, source, digest, key, message
            )
        )

    def _run(self, work: Callable[[Runtime, UUID], Awaitable[Outcome]]) -> Answer:
        from hookline.cli.lock import alone
        from hookline.errors import Misconfigured

        if not self.settings.is_sqlite:
            raise Misconfigured(
                "--local works on SQLite only: HOOKLINE_DATABASE_URL names PostgreSQL. Ask a "
                "server, with --server."
            )
        with alone(self.settings):
            outcome = asyncio.run(self._in_runtime(work))
        return Answer(view_of(outcome, str(self.settings.sqlite_path)), list(outcome.problems))

    async def _in_runtime(self, work: Callable[[Runtime, UUID], Awaitable[Outcome]]) -> Outcome:
        from hookline.cli.database import workspace_id_of
        from hookline.wiring import open_runtime

        async with open_runtime(self.settings) as runtime:
            return await work(runtime, await workspace_id_of(runtime.database))


def view_of(outcome: Outcome, where: str) -> PlanView:
    """What a verb of this process answered, as it is told."""
    plan, base = outcome.plan, outcome.base
    return PlanView(
        set_name=plan.set_name,
        where=where,
        base=plan.base,
        base_commit=base.commit if base else None,
        changes=plan.changes,
        unchanged=plan.unchanged,
        blocked=outcome.blocked,
        digest=plan.digest,
        revision=outcome.revision.number if outcome.revision else None,
    )


def _input(document: Document, allowed: Options, source: Source) -> dict[str, Any]:
    return {
        "set": document.set_name,
        "document": document.content,
        "positions": document.positions,
        "secrets": [
            {"path": list(path), "value": value} for path, value in document.secrets.items()
        ],
        "options": {
            "adopt": allowed.adopt,
            "onDrift": allowed.on_drift.name,
            "allowEmpty": allowed.allow_empty,
            "allowRemovals": allowed.allow_removals,
            "allowOlder": allowed.allow_older,
            "reenable": sorted(allowed.reenable),
            "lockTimeout": format_duration(allowed.lock_timeout),
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


def _view(told: dict[str, Any], where: str, revision: dict[str, Any] | None) -> PlanView:
    base = told["base"] or {"number": 0, "commit": None}
    return PlanView(
        set_name=told["set"],
        where=where,
        base=base["number"],
        base_commit=base["commit"],
        changes=tuple(_change(change) for change in told["changes"]),
        unchanged=told["unchanged"],
        blocked=tuple(
            Block(block["code"], block["message"], block["slug"], block["flag"])
            for block in told["blocked"]
        ),
        digest=told["digest"],
        warnings=tuple(_problem(warning) for warning in told["warnings"]),
        revision=revision["number"] if revision else None,
    )


def _change(told: dict[str, Any]) -> Change:
    fields = tuple(
        FieldChange(item["field"], item["before"], item["after"], item["live"], item["secret"])
        for item in told["fields"]
    )
    place = Position(told["line"] or 1, 1, told["file"]) if told["file"] else None
    return Change(ChangeKind(told["kind"]), told["slug"], None, fields, place, told["hint"])


def _problem(told: dict[str, Any]) -> SyncProblem:
    place = Position(told["line"] or 1, told["column"] or 1, told["file"] or "")
    return SyncProblem(
        told["code"],
        told["message"],
        place,
        tuple(told["path"] or ()),
        told["hint"],
        1,
        told["severity"],
    )
