"""Inputs of a sync, and their problems beside those of the document. api/schema/sync reads them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import strawberry
from strawberry.scalars import JSON

from api.schema.enums import SyncDriftPolicy
from hookline.errors import Code, Problem
from hookline.form.kinds import Bounds, Findings, Text
from hookline.outbound.addresses import AddressPolicy
from hookline.sync.plan.policy import MOST_REMOVALS
from hookline.sync.request import Options, Source

LONGEST_WAIT: Final = timedelta(minutes=5)

_TEXTS: Final = {
    "commit": Text(200),
    "branch": Text(500),
    "author": Text(500),
    "run_url": Text(2_048),
    "repository": Text(2_048),
    "idempotency_key": Text(200),
    "message": Text(10_000, may_have_lines=True, may_be_empty=True),
}
_NAMES: Final = {"run_url": "runUrl", "idempotency_key": "idempotencyKey"}


@strawberry.input(description="What a reference to a secret stands for.")
class SyncSecretInput:
    path: list[str] = strawberry.field(
        description='Where it stands in the document: ["webhooks", "order-sync", "secretHeader", '
        '"value"].'
    )
    value: str = strawberry.field(description="The secret. It is stored sealed and never shown.")


@strawberry.input(description="What whoever applies allows.")
class SyncOptionsInput:
    adopt: bool | None = strawberry.field(
        default=False, description="Take over webhooks that exist and that no file manages."
    )
    on_drift: SyncDriftPolicy | None = strawberry.field(
        default=None, description="What to do with what was changed by hand; left out: BLOCK."
    )
    allow_empty: bool | None = strawberry.field(
        default=False, description="Accept a file without webhooks."
    )
    allow_removals: int | None = strawberry.field(
        default=None,
        description=f"How many webhooks may be taken out at once; left out: {MOST_REMOVALS}.",
    )
    allow_older: bool | None = strawberry.field(
        default=False, description="Accept a commit that is older than the one applied last."
    )
    reenable: list[str] | None = strawberry.field(
        default=None,
        description="Slugs of webhooks of the file that go on if they were turned off by "
        "themselves.",
    )
    lock_timeout: timedelta | None = strawberry.field(
        default=timedelta(seconds=30),
        description="How long to wait for another apply of the set, at most 5m.",
    )


@strawberry.input(description="Where the file comes from. It is kept with the revision.")
class SyncSourceInput:
    commit: str | None = strawberry.field(default=None, description="The commit.")
    branch: str | None = strawberry.field(default=None, description="The branch.")
    author: str | None = strawberry.field(default=None, description="Who wrote the commit.")
    repository: str | None = strawberry.field(default=None, description="Where the commit is kept.")
    run_url: str | None = strawberry.field(default=None, description="The page of the CI run.")
    dirty: bool | None = strawberry.field(
        default=None, description="Whether the file differs from the commit."
    )
    committed_at: datetime | None = strawberry.field(
        default=None,
        description="When the commit was made: one older than the one applied last is blocked.",
    )


@strawberry.input
class SyncFileInput:
    """The file of a plan or an apply, and all that goes with it."""

    set: str = strawberry.field(
        description="The set that the file owns; the document must name it too."
    )
    document: JSON = strawberry.field(
        description="The file as the command decoded it: version, set and webhooks, "
        "defaults filled in, secrets as the references that they are."
    )
    positions: JSON | None = strawberry.field(
        default=None,
        description="Where things stand: an object of [file, line, column] by dotted path, such as "
        "webhooks.order-sync.url. Problems and plans show it.",
    )
    secrets: list[SyncSecretInput] | None = strawberry.field(
        default=None,
        description="What the document's references stand for, resolved by the command.",
    )
    options: SyncOptionsInput | None = strawberry.field(
        default=None, description="What is allowed."
    )
    source: SyncSourceInput | None = strawberry.field(
        default=None, description="Where the file comes from."
    )


@strawberry.input(description="A file to compare with what is there.")
class SyncPlanInput(SyncFileInput):
    unresolved_secrets: bool | None = strawberry.field(
        default=False,
        description="Plan without the secrets that were not sent; they show as unknown.",
    )


@strawberry.input(description="A file to apply.")
class SyncApplyInput(SyncFileInput):
    plan_digest: str | None = strawberry.field(
        default=None, description="Apply exactly the plan with this digest, or nothing."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Of your own making: a repeated apply with it returns the first one's "
        "revision.",
    )
    message: str | None = strawberry.field(default=None, description="Why; kept with the revision.")


def secrets_of(given: list[SyncSecretInput] | None) -> dict[tuple[str, ...], str]:
    """By path, as the decoder asks for them."""
    return {tuple(secret.path): secret.value for secret in given or ()}


def options_of(given: SyncOptionsInput | None) -> tuple[Options, list[Problem]]:
    """The options, and what is wrong with them."""
    if given is None:
        return Options(), []
    problems = []
    if given.allow_removals is not None and given.allow_removals < 0:
        problems.append(
            Problem(
                Code.OUT_OF_RANGE,
                "allowRemovals must not be negative.",
                ("options", "allowRemovals"),
            )
        )
    patience = given.lock_timeout if given.lock_timeout is not None else Options().lock_timeout
    if patience > LONGEST_WAIT:
        problems.append(
            Problem(
                Code.OUT_OF_RANGE, "lockTimeout must be at most 5m.", ("options", "lockTimeout")
            )
        )
    options = Options(
        adopt=bool(given.adopt),
        on_drift=given.on_drift or SyncDriftPolicy.BLOCK,
        allow_empty=bool(given.allow_empty),
        allow_removals=given.allow_removals,
        allow_older=bool(given.allow_older),
        lock_timeout=patience,
        reenable=frozenset(given.reenable or ()),
    )
    return options, problems


def source_of(given: SyncSourceInput | None) -> tuple[Source, list[Problem]]:
    """The origin of the file, and what is wrong with its fields."""
    if given is None:
        return Source(), []
    source = Source(
        given.commit,
        given.branch,
        given.author,
        given.run_url,
        given.repository,
        given.dirty,
        given.committed_at,
    )
    texts = {
        "commit": given.commit,
        "branch": given.branch,
        "author": given.author,
        "run_url": given.run_url,
        "repository": given.repository,
    }
    return source, check_texts(texts, "source")


def check_texts(texts: Mapping[str, str | None], *around: str) -> list[Problem]:
    """Problems of texts that cannot be stored or shown. texts: by attribute; around: the path to
    their input.
    """
    findings = Findings(Bounds((), AddressPolicy((), frozenset())))
    for name, text in texts.items():
        if text is not None:
            _TEXTS[name].check(text, (*around, _NAMES.get(name, name)), findings)
    return list(findings.problems)
