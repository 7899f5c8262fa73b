"""Digest of a plan: equal for equal changes of an equal state by equal options. Called by planning.
Pure.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from hookline.form.equality import FOLDED_FIELDS, folded
from hookline.form.kinds import holds_unknown
from hookline.form.webhook_fields import SECRET_FIELDS
from hookline.sync.json_digest import json_digest
from hookline.sync.options import Options
from hookline.sync.plan.changes import Change, CreatedFields
from hookline.sync.plan.comparing import Values
from hookline.sync.plan.webhooks import Write
from hookline.sync.policy import ApplyLimits

_NOT_AS_THEY_ARE: Final = FOLDED_FIELDS | SECRET_FIELDS


# Of the base and the versions of what is written, too: a plan that was agreed to is stale once the
# set or one of its webhooks has changed.
def digest_of(
    set_name: str,
    base: int,
    options: Options,
    limits: ApplyLimits,
    policies: Sequence[str],
    changes: Sequence[Change],
    writes: Sequence[Write],
    unknown: Mapping[str, Container[str]],
) -> str:
    """`sha256:…` of all that the plan shows and does. policies: changes of the policy; unknown: by
    slug the fields in which the file has a secret that is not known.
    """
    new = {write.slug: write.applied for write in writes if write.live is None}
    value = [
        set_name,
        base,
        # A plan that was agreed to would else be applied with a check lifted that held it.
        options.flags,
        [limits.prune, limits.on_drift, limits.max_removals, *policies],
        [_digest_input(change, new.get(change.slug, {})) for change in changes],
        [_remembered(write, unknown.get(write.slug, ())) for write in writes],
    ]
    # Sorted keys, so that equal plans are equal bytes. By each change and each write.
    return f"sha256:{json_digest(value, levels=2)}"


def _digest_input(change: Change, applied: Values) -> list[Any]:
    """applied: of a new webhook, whose fields are told by its write, but for those that it ignores
    and for what stands beside a secret that is not known; empty for another.
    """
    if isinstance(change.fields, CreatedFields):
        # Few of 15, and there may be 10,000 webhooks.
        values, secret = change.fields.values, change.fields.secret_fields
        names = sorted((values.keys() - applied.keys()) | secret)
        fields = [[name, None, _folded(name, values[name]), None] for name in names]
    else:
        fields = [
            [item.field, *[folded(item.field, value) for value in item[1:4]]]
            if item.field in FOLDED_FIELDS
            else [*item[:4]]
            for item in change.fields
        ]
    key = change.webhook_id and str(change.webhook_id)
    return [change.kind, change.slug, change.moved_from, key, fields]


def _folded(name: str, value: Any) -> Any:
    return folded(name, value) if name in FOLDED_FIELDS else value


def _remembered(write: Write, unknown: Container[str]) -> list[Any]:
    """Parts of the digest beyond what is shown: the webhook's version, and secrets by their
    fingerprints.
    """
    applied = dict(write.applied)
    for name in _NOT_AS_THEY_ARE & applied.keys():
        # An unknown secret has no fingerprint: two plans without it are equal.
        is_unknown = name in unknown and holds_unknown(applied[name])
        applied[name] = "" if is_unknown else folded(name, applied[name])
    flags = [write.is_removed, write.is_deleted, write.is_released]
    version = write.live and write.live.version
    return [write.slug, version, applied, flags, *sorted(write.ignored)]
