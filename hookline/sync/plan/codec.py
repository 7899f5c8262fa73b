"""A plan as JSON and back, under the API's field names: one form for the GraphQL answer, a saved
plan and `--format json`. Nothing secret is in it.

api/schema/sync_plan builds its types of the encoded parts; the commands decode what it answers.
"""

from datetime import datetime
from typing import Any, Final

from hookline.clock import rfc3339
from hookline.sync.options import DEFAULT_OPTIONS, Options
from hookline.sync.plan.changes import (
    Block,
    Change,
    ChangeKind,
    CreatedFields,
    FieldAuthor,
    FieldChange,
    Plan,
)
from hookline.sync.policy import ApplyLimits, DriftPolicy, Prune
from hookline.sync.read.problems import Position, SyncProblem

# Any: values of webhook fields, as JSON has them.
Json = dict[str, Any]
# The levels of a value; a webhook's filter has 8 of groups. Showing one takes the stack by levels.
_LEVELS_LIMIT: Final = 100
_COLLECTIONS: Final = (dict, list)
# Of a field's change, where its name is left out.
_EMPTY: Final[Json] = {
    **dict.fromkeys(("before", "after", "live", "changedBy", "changedAt", "reason")),
    "secret": False,
    "changedSecrets": [],
}

PROBLEM_FIELDS: Final = "code message severity path file line column hint"
CHANGE_FIELDS: Final = """kind slug version movedFrom openDeliveries file line hint
    fields { field before after live secret changedSecrets changedBy changedAt reason }"""
"""Selection of a SyncChange that `decode_change` reads."""
PLAN_FIELDS: Final = f"""digest set unchanged restores base {{ number commit dirty }}
    blocked {{ code message slug flag file line }} warnings {{ {PROBLEM_FIELDS} }}
    unknownSecrets policy {{ prune onDrift maxRemovals stricter }} policyChanges
    changesJson"""
"""Selection of a SyncPlan that `decode` reads. The changes in one value: executing a field of each
took a server ten seconds for 10,000 new webhooks (2026-11).
"""


def encode(plan: Plan) -> Json:
    """Encodes a plan as JSON. server, options and revision are known to the caller only: a SyncPlan
    of the API is without them.
    """
    return {
        "set": plan.set_name,
        "server": plan.server,
        "commit": plan.commit,
        "options": encode_options(plan.options),
        "base": {
            "number": plan.base,
            "commit": plan.base_commit,
            "dirty": plan.is_base_dirty,
        }
        if plan.base
        else None,
        "digest": plan.digest,
        "restores": plan.restores,
        "policy": encode_limits(plan.limits),
        "policyChanges": list(plan.policy_changes),
        "changes": [encode_change(change) for change in plan.changes],
        "unchanged": plan.unchanged,
        "blocked": [encode_block(block) for block in plan.blocked],
        "unknownSecrets": list(plan.unknown_secrets),
        "warnings": [encode_problem(problem) for problem in plan.warnings],
        # The API's shape, an object, so that `decode` reads both.
        "revision": plan.revision and {"number": plan.revision},
    }


def decode(content: Json) -> Plan:
    """The plan that `encode` or the API's answer holds, with every part of its type: the answer is
    a server's word, and a saved plan a file that anybody may have changed.

    Raises KeyError, TypeError, ValueError or AttributeError for anything else.
    """
    # A SyncPlan of the API has neither revision, server nor options.
    base, revision = content["base"] or {}, content.get("revision") or {}
    return Plan(
        set_name=text(content["set"]),
        base=number(base.get("number", 0)),
        base_commit=_text_or_none(base.get("commit")),
        is_base_dirty=None if base.get("dirty") is None else _flag(base["dirty"]),
        changes=tuple(map(decode_change, _changes(content))),
        unchanged=number(content["unchanged"]),
        digest=text(content["digest"]),
        blocked=tuple(_block(block) for block in content["blocked"]),
        unknown_secrets=tuple(map(text, content["unknownSecrets"])),
        warnings=tuple(decode_problem(problem) for problem in content["warnings"]),
        revision=number(revision["number"]) if revision else None,
        server=text(content.get("server", "")),
        commit=_text_or_none(content.get("commit")),
        limits=_limits(content["policy"]),
        policy_changes=tuple(map(text, content["policyChanges"])),
        restores=_number_or_none(content.get("restores")),
        options=_options(content["options"]) if "options" in content else DEFAULT_OPTIONS,
    )


def _changes(content: Json) -> list[Json]:
    # Under the API's name, or under that of a saved plan.
    return list(content["changesJson" if "changesJson" in content else "changes"])


def encode_options(options: Options) -> Json:
    """The options that decide what is planned, under the names of SyncOptionsInput."""
    return {
        "adopt": options.adopt,
        "onDrift": options.on_drift and options.on_drift.name,
        "allowEmpty": options.allow_empty,
        "allowRemovals": options.allow_removals,
        "allowOlder": options.allow_older,
        "reenable": sorted(options.reenable),
        "only": sorted(options.only),
        "allowLostSecrets": options.allow_lost_secrets,
    }


def encode_limits(limits: ApplyLimits) -> Json:
    return {
        "prune": limits.prune.name,
        "onDrift": limits.on_drift.name,
        "maxRemovals": limits.max_removals,
        "stricter": list(limits.kept),
    }


def encode_change(change: Change) -> Json:
    return {**_encoded_head(change), "fields": [_encoded_field(item) for item in change.fields]}


def short_change(change: Change) -> Json:
    """The change as `encode_change` has it, without what is null, false or empty of its fields. Of
    a new webhook with `values` by their field and `secretFields` in place of `fields`: each has
    nothing else, and there may be 150,000.
    """
    head = _encoded_head(change)
    if isinstance(change.fields, CreatedFields):
        head["values"] = change.fields.values
        head["secretFields"] = sorted(change.fields.secret_fields)
        return head
    return {**head, "fields": [_short_field(item) for item in change.fields]}


def _encoded_head(change: Change) -> Json:
    file, line, _ = _where(change.position)
    return {
        "kind": str(change.kind),
        "slug": change.slug,
        "version": change.version,
        "movedFrom": change.moved_from,
        "openDeliveries": change.open_deliveries,
        "file": file,
        "line": line,
        "hint": change.hint,
    }


def _encoded_field(item: FieldChange) -> Json:
    return {
        "field": item.field,
        "before": item.before,
        "after": item.after,
        "live": item.live,
        "secret": item.is_secret,
        "changedSecrets": list(item.changed_secrets),
        "changedBy": item.author and item.author.name,
        "changedAt": item.author and rfc3339(item.author.at),
        "reason": item.author and item.author.reason,
    }


def _short_field(item: FieldChange) -> Json:
    return {
        name: value
        for name, value in _encoded_field(item).items()
        if name not in _EMPTY or value != _EMPTY[name]
    }


def encode_block(block: Block) -> Json:
    file, line, _ = _where(block.position)
    return {
        "code": block.code,
        "message": block.message,
        "slug": block.slug,
        "flag": block.flag,
        "file": file,
        "line": line,
    }


def encode_problem(problem: SyncProblem) -> Json:
    file, line, column = _where(problem.position)
    return {
        "file": file,
        "line": line,
        "column": column,
        "code": problem.code,
        "severity": problem.severity,
        "path": list(problem.path) or None,
        "message": problem.message,
        "hint": problem.hint,
    }


def decode_problem(content: Json) -> SyncProblem:
    """width is not carried: an excerpt then underlines one character."""
    severity = content["severity"]
    if severity not in ("error", "warning"):
        raise ValueError("no severity")
    line, column = number(content["line"] or 1), number(content["column"] or 1)
    return SyncProblem(
        text(content["code"]),
        text(content["message"]),
        Position(line, column, text(content["file"] or "")),
        tuple(map(text, content["path"] or ())),
        _text_or_none(content["hint"]),
        severity=severity,
    )


def decode_change(content: Json) -> Change:
    """Raises what `decode` raises."""
    kind = ChangeKind(content["kind"])
    fields = _created(content) if kind is ChangeKind.CREATE else _changed(content)
    # Plans are shown by file and line alone: the column is not carried.
    position, hint = _position(content), _text_or_none(content["hint"])
    moved_from = _text_or_none(content["movedFrom"])
    slug, version = text(content["slug"]), _number_or_none(content["version"])
    waiting = _number_or_none(content["openDeliveries"])
    return Change(kind, slug, None, fields, position, hint, moved_from, waiting, version)


def _changed(content: Json) -> tuple[FieldChange, ...]:
    return tuple(map(_decode_field, content["fields"]))


def _created(content: Json) -> CreatedFields:
    """The fields of a new webhook as `short_change` has them, or one by one."""
    if "values" not in content:
        fields = _changed(content)
        secret = frozenset(item.field for item in fields if item.is_secret)
        return CreatedFields({item.field: item.after for item in fields}, secret)
    # The levels of all values at once: one by one they took as long as all the rest (2026-11).
    values = value(content["values"])
    if not isinstance(values, dict):
        raise TypeError("no values by field")
    return CreatedFields(values, frozenset(map(text, content["secretFields"])))


def _decode_field(item: Json) -> FieldChange:
    return FieldChange(
        text(item["field"]),
        value(item.get("before")),
        value(item.get("after")),
        value(item.get("live")),
        bool(item.get("secret")),
        tuple(map(text, item.get("changedSecrets", ()))),
        _author(item),
    )


def _position(content: Json) -> Position | None:
    line, file = number(content["line"] or 1), _text_or_none(content["file"])
    return Position(line, 1, file) if file else None


def _author(item: Json) -> FieldAuthor | None:
    if item.get("changedBy") is None:
        return None
    at = datetime.fromisoformat(text(item["changedAt"]))
    return FieldAuthor(text(item["changedBy"]), at, _text_or_none(item.get("reason")))


def _limits(content: Json) -> ApplyLimits:
    return ApplyLimits(
        Prune(content["prune"]),
        DriftPolicy(content["onDrift"]),
        number(content["maxRemovals"]),
        tuple(map(text, content["stricter"])),
    )


def _options(content: Json) -> Options:
    return Options(
        adopt=_flag(content["adopt"]),
        on_drift=None if content["onDrift"] is None else DriftPolicy(content["onDrift"]),
        allow_empty=_flag(content["allowEmpty"]),
        allow_removals=_number_or_none(content["allowRemovals"]),
        allow_older=_flag(content["allowOlder"]),
        reenable=frozenset(map(text, content["reenable"])),
        only=frozenset(map(text, content["only"])),
        allow_lost_secrets=_flag(content.get("allowLostSecrets", False)),
    )


def _block(content: Json) -> Block:
    return Block(
        text(content["code"]),
        text(content["message"]),
        _text_or_none(content["slug"]),
        _text_or_none(content["flag"]),
        _position(content),
    )


def text(value: Any) -> str:
    """The value, a text. Raises TypeError for another."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else text(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("no flag")
    return value


def number(value: Any) -> int:
    """The value, a whole number. Raises TypeError for another."""
    if not isinstance(value, int):
        raise TypeError("no number")
    return value


def _number_or_none(value: Any) -> int | None:
    return None if value is None else number(value)


def value(given: Any) -> Any:
    """The value of a field. Raises ValueError for one of too many levels."""
    if not isinstance(given, _COLLECTIONS):
        return given
    level: list[Any] = [given]
    for _ in range(_LEVELS_LIMIT):
        inside = list[Any]()
        for item in level:
            inside += item.values() if type(item) is dict else item
        level = [item for item in inside if isinstance(item, _COLLECTIONS)]
        if not level:
            return given
    raise ValueError("too many levels")


def _where(position: Position | None) -> tuple[str | None, int | None, int | None]:
    """File, line and column; none of them where no position was sent."""
    if not position or not position.file:
        return None, None, None
    return position.file, position.line, position.column
