"""A short answer for what was applied last: nothing to do. Called by applying, before anything of
the file is decoded or compared.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from hookline import __version__, clock
from hookline.access.actor import Actor
from hookline.models import SyncRevision
from hookline.models.column_types import JsonColumn
from hookline.runtime import Runtime
from hookline.sync.apply import store
from hookline.sync.apply.origin import moved_origin
from hookline.sync.apply.store import SetState
from hookline.sync.options import Options
from hookline.sync.plan import policy
from hookline.sync.plan.changes import ChangeKind
from hookline.sync.plan.digest import digest_of
from hookline.sync.plan.webhooks import Planned
from hookline.sync.policy import NO_POLICY, DriftPolicy, Rules, limits_of
from hookline.sync.request import Source, SyncRequest
from hookline.webhooks.saving import bounds_of

# An apply leaves a receipt with its set: a keyed digest of what was sent and of all that decided
# what it meant, the number of the set's webhooks, and the sum of their versions. Each change of a
# webhook raises its version, and without an apply the set only loses webhooks: where both figures
# are the same, so is every webhook.

# As `store.READ_SET`, of a set whose receipt is this one and still true.
_READ: Final = f"""
select {store.SET_COLUMNS}, s.source, w.listed
from sync_set s
join (
  select count(*) as found, coalesce(sum(version), 0) as versions,
    count(*) - count(sync_removed_at) as listed
  from webhook where workspace_id = $1 and sync_set = $2 and deleted_at is null
) w on w.found = s.receipt_webhooks and w.versions = s.receipt_versions
{store.JOINED_REVISION} {store.OF_SET} and s.receipt = $4"""
_SAVE: Final = """
update sync_set set "commit" = $2, committed_at = $3, last_applied_at = $4, source = $5
where id = $1"""


@dataclass(frozen=True, slots=True)
class DigestRequest:
    """A plan or an apply by the digest of its content alone. The rest as of SyncRequest."""

    set_name: str
    digest: str
    options: Options
    source: Source
    plan_digest: str | None = None
    idempotency_key: str | None = None

    @property
    def may_be_short(self) -> bool:
        """False where the answer depends on more than the webhooks that the file gives."""
        return not (self.options.only or self.options.reenable)


Answer = tuple[Planned, SyncRevision | None] | None
"""The empty plan and the set's newest revision; None where all has to be compared."""


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A set with the number of webhooks that its file has, and where it was applied from."""

    state: SetState
    count: int
    origin: dict[str, Any] | None


def question_of(request: SyncRequest) -> DigestRequest | None:
    """The question of a request; None of one whose answer is never short."""
    if request.content_digest is None or request.restored is not None:
        return None
    question = DigestRequest(
        request.document.set_name,
        request.content_digest,
        request.options,
        request.source,
        request.plan_digest,
        request.idempotency_key,
    )
    return question if question.may_be_short else None


def receipt_of(runtime: Runtime, request: SyncRequest, plan: Planned) -> str | None:
    """The receipt to leave with an apply; None where applying the same again could mean anything
    else than nothing.
    """
    if (question := question_of(request)) is None or request.has_warnings:
        return None
    disputed = plan.count(ChangeKind.DRIFT) + plan.count(ChangeKind.CONFLICT)
    # What was kept by hand is drift again at the next apply.
    if disputed and plan.limits.on_drift is not DriftPolicy.OVERWRITE:
        return None
    return _receipt(runtime, question.digest)


def owned_after(set_name: str, state: SetState, plan: Planned) -> tuple[int, int]:
    """The number of the set's webhooks after an apply, and the sum of their versions: what a
    receipt is true for. By the plan: counted in the database, it would hold what somebody changes
    while the apply is written.
    """
    written = {write.live.id: write for write in plan.writes if write.live}
    versions = list[int]()
    for live in state.stored:
        write = written.get(live.id)
        if write is None:
            is_owned = live.set_name == set_name
        else:
            is_owned = not (write.is_deleted or write.is_released)
        if is_owned:
            versions.append(live.version + bool(write and write.is_visible))
    versions += [1 for write in plan.writes if write.live is None]
    return len(versions), sum(versions)


def _receipt(runtime: Runtime, digest: str) -> str:
    bounds = bounds_of(runtime)
    hosts, networks = bounds.addresses.hosts, bounds.addresses.networks
    decided_by = [
        digest,
        __version__,
        bounds.environments,
        bounds.mail_domains,
        sorted(hosts),
        sorted(map(str, networks)),
        # Without its key a secret does not open, which an apply mends.
        runtime.vault.key_ids,
    ]
    # Keyed: the digest is one of secrets, too.
    return runtime.vault.fingerprint(orjson.dumps(decided_by).decode())


async def planned(runtime: Runtime, actor: Actor, question: DigestRequest) -> Answer:
    """Raises Unavailable."""
    async with store.reading(runtime) as reads:
        return _answer(question, await _read(runtime, reads, actor, question))


async def applied(runtime: Runtime, actor: Actor, question: DigestRequest) -> Answer:
    """The same for an apply: the set's commit moves along, and where it comes from.

    Raises LockNotObtained, Unavailable.
    """
    patience = question.options.lock_timeout
    async with store.locked(
        runtime.database, actor.workspace_id, question.set_name, patience
    ) as work:
        found = await _read(runtime, work, actor, question)
        answer = _answer(question, found)
        if found is not None and answer is not None:
            commit = moved_commit(question.source, found.state)
            origin = orjson.dumps(moved_origin(actor, question.source, found.origin)).decode()
            await work.execute(_SAVE, found.state.id, *commit, clock.now(), origin)
        return answer


def moved_commit(source: Source, state: SetState) -> tuple[str | None, datetime | None]:
    """The set's commit and its time after an apply that changed nothing."""
    # Uncommitted edits that change nothing prove no commit right.
    if source.is_dirty:
        return state.commit, state.committed_at
    # A file outside of a checkout lets what was known of the last one stand: the check for
    # older commits goes on.
    return source.recorded_commit or state.commit, source.committed_at or state.committed_at


async def _read(
    runtime: Runtime, reads: store.RowReader, actor: Actor, question: DigestRequest
) -> KnownSet | None:
    """The set, where its receipt is true."""
    receipt, key = _receipt(runtime, question.digest), question.idempotency_key
    rows = await reads.rows(_READ, actor.workspace_id, question.set_name, key, receipt)
    if not rows:
        return None
    origin = JsonColumn(null=True).to_python_value(rows[0]["source"])
    return KnownSet(store.state_of(rows, [], {}, key), rows[0]["listed"], origin)


def _answer(question: DigestRequest, found: KnownSet | None) -> Answer:
    if found is None:
        return None
    state, revision = found.state, found.state.revision
    # A repeated key is answered with its revision; a dirty one is put right by a clean commit.
    is_clean = question.source.commit is not None and question.source.is_dirty is False
    if state.repeated is not None or (is_clean and revision is not None and revision.is_dirty):
        return None
    plan = _empty_plan(question, found)
    if question.plan_digest not in (None, plan.digest):
        return None
    newest, committed_at = state.committed_at, question.source.committed_at
    is_blocked = policy.check(plan, not found.count, question.options, newest, committed_at)
    return None if is_blocked else (plan, revision)


def _empty_plan(question: DigestRequest, found: KnownSet) -> Planned:
    options, state, revision = question.options, found.state, found.state.revision
    # The file's policy is the one that was applied with the same content.
    rules = Rules(state.policy or NO_POLICY, state.policy, state.protected)
    limits = limits_of(rules, options.on_drift, options.allow_removals, found.count)
    return Planned(
        set_name=question.set_name,
        base=state.number,
        changes=(),
        unchanged=found.count,
        limits=limits,
        protected=state.protected,
        digest=digest_of(question.set_name, state.number, options, limits, (), (), (), {}),
        base_commit=revision.commit if revision else None,
        is_base_dirty=revision.is_dirty if revision else None,
    )
