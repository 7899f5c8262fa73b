"""Inputs of a sync, and their problems beside those of the document. api/schema/sync reads them."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import strawberry
from strawberry.scalars import JSON

from api.execution.malformed import taken
from api.schema.enums import SyncDriftPolicy
from hookline.errors import Code, Problem
from hookline.form.kinds import Bounds, Validation
from hookline.form.text_kind import Text
from hookline.outbound.addresses import AddressPolicy
from hookline.sync.options import Options
from hookline.sync.policy import MOST_REMOVALS
from hookline.sync.request import Source

LONGEST_WAIT: Final = timedelta(minutes=5)
# webhooks, slug, headers and the name: no secret stands deeper.
_LONGEST_PATH: Final = 4

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


@strawberry.input(description="The value of a secret that the file refers to.")
class SyncSecretInput:
    path: list[str] = strawberry.field(
        description='Path of the reference in the document, such as ["webhooks", '
        '"order-sync", "secretHeader", "value"].'
    )
    value: str = strawberry.field(
        description="Value of the secret. It is stored encrypted and never returned."
    )


@strawberry.input(description="Options of a plan or an apply.")
class SyncOptionsInput:
    adopt: bool | None = strawberry.field(
        default=False,
        description="True to take over webhooks that exist and that no file owns. Otherwise "
        "they block the apply.",
    )
    on_drift: SyncDriftPolicy | None = strawberry.field(
        default=None,
        description="Policy for fields that were changed by hand. Defaults to the policy of the "
        "file, else BLOCK.",
    )
    allow_empty: bool | None = strawberry.field(
        default=False, description="True to accept a file without webhooks."
    )
    allow_removals: int | None = strawberry.field(
        default=None,
        description="Maximum number of webhooks that may be deactivated or deleted because they "
        f"are no longer in the file. Defaults to the policy of the file, else {MOST_REMOVALS}.",
    )
    allow_older: bool | None = strawberry.field(
        default=False,
        description="True to accept a commit that is older than the one applied last.",
    )
    reenable: list[str] | None = strawberry.field(
        default=None,
        description="Slugs of webhooks in the file that are to be activated again if they "
        "were disabled automatically.",
    )
    only: list[str] | None = strawberry.field(
        default=None,
        description="Slugs of the webhooks to plan or apply. The others, the policy and the commit "
        "of the set stay as they are. Defaults to all.",
    )
    allow_lost_secrets: bool | None = strawberry.field(
        default=False,
        description="True to leave out the secrets of a revision that are not stored any more. "
        "Otherwise they block its rollback. Without effect on a file.",
    )
    lock_timeout: timedelta | None = strawberry.field(
        default=timedelta(seconds=30),
        description="Maximum time to wait for another apply of the same set. At most 5m.",
    )


@strawberry.input(description="Origin of the file. It is stored with the revision.")
class SyncSourceInput:
    commit: str | None = strawberry.field(
        default=None, description="Commit of the file. At most 200 characters."
    )
    branch: str | None = strawberry.field(
        default=None, description="Branch of the commit. At most 500 characters."
    )
    author: str | None = strawberry.field(
        default=None, description="Author of the commit. At most 500 characters."
    )
    repository: str | None = strawberry.field(
        default=None, description="Repository of the commit. At most 2,048 characters."
    )
    run_url: str | None = strawberry.field(
        default=None, description="URL of the CI run. At most 2,048 characters."
    )
    dirty: bool | None = strawberry.field(
        default=None, description="True if the file differs from the commit."
    )
    committed_at: datetime | None = strawberry.field(
        default=None,
        description="Time of the commit. A commit older than the one applied last blocks the "
        "apply, unless `allowOlder` is true.",
    )


@strawberry.input
class SyncFileInput:
    """The file of a plan or an apply, and all that goes with it."""

    set: str = strawberry.field(
        description="Name of the set that the file owns. Must be the one in the document."
    )
    document: JSON | None = strawberry.field(
        default=None,
        description="Content of the file as JSON: version, set and webhooks, with defaults "
        "filled in and secrets left as references. The command line sends it. May be left out "
        "with `contentDigest`.",
    )
    content_digest: str | None = strawberry.field(
        default=None,
        description="Digest of document, positions and secrets, to ask with first instead of them: "
        "answered like the file itself if it was applied last and no webhook of the set was "
        "changed since; otherwise with the user error REQUIRED of `document`. sha256: and the hex "
        "digits of the SHA-256 of the JSON array [document, positions, secrets], with sorted keys "
        "and without blanks, each secret as [path, value], sorted. With `document` it says that "
        "`syncPlan` was asked with it before: the file is compared at once.",
    )
    positions: JSON | None = strawberry.field(
        default=None,
        description="Positions in the file, as an object of [file, line, column] by dotted "
        "path, such as webhooks.order-sync.url. Shorter for large files: under the key files, "
        "[line, column] by file, path of the owner and name, or all names of an owner as one text, "
        "such as url:5:10 events:6:12. Used in plans and problems.",
    )
    secrets: list[SyncSecretInput] | None = strawberry.field(
        default=None,
        description="Values of the secrets that the document refers to.",
    )
    secrets_json: JSON | None = strawberry.field(
        default=None,
        description="Same as `secrets`, as one JSON value: objects like those of the document, "
        "with the values of the secrets alone. For files of thousands of webhooks, at a fraction "
        "of the time. Of a path that both have, the value in `secrets` counts.",
    )
    options: SyncOptionsInput | None = strawberry.field(
        default=None, description="Options of the plan or apply."
    )
    source: SyncSourceInput | None = strawberry.field(
        default=None, description="Origin of the file."
    )


@strawberry.input(description="Input of `syncPlan`.")
class SyncPlanInput(SyncFileInput):
    unresolved_secrets: bool | None = strawberry.field(
        default=False,
        description="True to plan without the secrets that are not given. They are shown as "
        "unknown.",
    )


@strawberry.input(description="Input of `syncApply`.")
class SyncApplyInput(SyncFileInput):
    plan_digest: str | None = strawberry.field(
        default=None,
        description="Digest of a plan. The apply is blocked unless its plan has the same digest, "
        "which takes the same options, too.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Key that makes a repeated apply safe. An apply with the key and content "
        "of an earlier one returns the earlier revision. At most 200 characters.",
    )
    message: str | None = strawberry.field(
        default=None, description="Message to store with the revision. At most 10,000 characters."
    )


@strawberry.input(description="Input of `syncRollbackPlan`.")
class SyncRollbackPlanInput:
    set: str = strawberry.field(description="Name of the set.")
    revision: int = strawberry.field(description="Number of the revision to bring back.")
    options: SyncOptionsInput | None = strawberry.field(
        default=None, description="Options, as of a file's plan or apply."
    )


@strawberry.input(description="Input of `syncRollback`.")
class SyncRollbackInput(SyncRollbackPlanInput):
    plan_digest: str | None = strawberry.field(
        default=None,
        description="Digest of a plan of `syncRollbackPlan`. The rollback is blocked unless its "
        "plan has the same digest, which takes the same options, too.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Key that makes a repeated rollback safe, as of `syncApply`. At most 200 "
        "characters.",
    )
    message: str | None = strawberry.field(
        default=None, description="Message to store with the revision. At most 10,000 characters."
    )


def check_document(given: SyncFileInput) -> list[Problem]:
    """Returns the problem of an input without a document."""
    if given.document is not None:
        return []
    message = "document is required."
    if given.content_digest is not None:
        message = (
            "document is required: what the digest stands for was not applied last, or a webhook "
            "of the set was changed since."
        )
    return [Problem(Code.REQUIRED, message, ("document",))]


def secrets_of(given: SyncFileInput) -> dict[tuple[str, ...], str]:
    """Returns the secrets by path, as the decoder asks for them."""
    found = dict(_secrets_in(given.secrets_json, ()))
    found.update({tuple(secret.path): secret.value for secret in given.secrets or ()})
    return found


def _secrets_in(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts of nested objects by their paths; what is none of either is passed over."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict) and len(path) < _LONGEST_PATH:
        for name, inner in value.items():
            yield from _secrets_in(inner, (*path, name))


def options_of(given: SyncOptionsInput | None) -> tuple[Options, list[Problem]]:
    """Returns the options, and the problems with them."""
    if given is None:
        return Options(), []
    problems = list[Problem]()
    if given.allow_removals is not None and given.allow_removals < 0:
        problems.append(
            Problem(
                Code.OUT_OF_RANGE,
                "allowRemovals must not be negative.",
                ("options", "allowRemovals"),
            )
        )
    patience = taken(given.lock_timeout, problems, "options", "lockTimeout")
    patience = Options().lock_timeout if patience is None else patience
    if patience > LONGEST_WAIT:
        problems.append(
            Problem(
                Code.OUT_OF_RANGE, "lockTimeout must be at most 5m.", ("options", "lockTimeout")
            )
        )
    options = Options(
        adopt=bool(given.adopt),
        on_drift=given.on_drift,
        allow_empty=bool(given.allow_empty),
        allow_removals=given.allow_removals,
        allow_older=bool(given.allow_older),
        lock_timeout=patience,
        reenable=frozenset(given.reenable or ()),
        only=frozenset(given.only or ()),
        allow_lost_secrets=bool(given.allow_lost_secrets),
    )
    return options, problems


def source_of(given: SyncSourceInput | None) -> tuple[Source, list[Problem]]:
    """Returns the origin of the file, and the problems with its fields."""
    if given is None:
        return Source(), []
    problems = list[Problem]()
    source = Source(
        given.commit,
        given.branch,
        given.author,
        given.run_url,
        given.repository,
        given.dirty,
        taken(given.committed_at, problems, "source", "committedAt"),
    )
    texts = {
        "commit": given.commit,
        "branch": given.branch,
        "author": given.author,
        "run_url": given.run_url,
        "repository": given.repository,
    }
    return source, [*problems, *check_texts(texts, "source")]


def check_texts(texts: Mapping[str, str | None], *around: str) -> list[Problem]:
    """Problems of texts that cannot be stored or shown. texts: by attribute; around: the path to
    their input.
    """
    validation = Validation(Bounds((), AddressPolicy((), frozenset())))
    for name, text in texts.items():
        if text is not None:
            _TEXTS[name].check(text, (*around, _NAMES.get(name, name)), validation)
    return list(validation.problems)
