"""Three-way comparison of one webhook's fields, for planning. Pure. docs/sync.md has the table.

L is last applied, V live, D wanted. Values are canonical, with `{"fingerprint": …}` for each secret
or UNKNOWN_SECRET for one that is not known here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hookline.form.equality import folded, means_same
from hookline.form.kinds import UNKNOWN_SECRET, inside
from hookline.form.webhook_fields import DEFAULTS, FIELDS, SECRET_FIELDS

# Canonical values by the API's field names.
Values = Mapping[str, Any]

MASK: Final = "(secret)"
UNKNOWN: Final = "(unknown)"


@dataclass(slots=True)
class Verdicts:
    """Fields by what the comparison says of them, with the value that they should get. released:
    names of fields that stay as they are.
    """

    updated: dict[str, Any] = field(default_factory=dict)
    drifted: dict[str, Any] = field(default_factory=dict)
    conflicting: dict[str, Any] = field(default_factory=dict)
    released: list[str] = field(default_factory=list)

    @property
    def disputed(self) -> dict[str, Any]:
        """Fields that were changed by hand and that the file wants otherwise."""
        return self.drifted | self.conflicting


def compare(
    slug: str,
    wanted: Values,
    live: Values,
    applied: Values,
    is_adopted: bool,
    old_slug: str | None = None,
) -> Verdicts:
    """wanted: of the fields that the file mentions; live: all fields; applied: of the fields that
    the set owns. is_adopted: nothing was owned yet. old_slug: of a webhook that is moved.
    """
    found = Verdicts()
    # In the table's order, whatever the file's: the digest of a plan must not depend on that.
    for name in FIELDS:
        if is_adopted and _is_guess(name, wanted.get(name), live[name]):
            found.updated[name] = wanted[name]
        elif name in wanted:
            default = None if is_adopted else old_slug or slug
            _judge_wanted(found, name, wanted[name], live[name], applied, default)
        elif name in applied:
            _judge_dropped(found, slug, name, live[name], applied[name])
        elif old_slug and name == "name" and live[name] == old_slug:
            # A name that nobody gave is the slug.
            found.updated[name] = slug
    return found


def _is_guess(name: str, wish: Any, value: Any) -> bool:
    """True for a secret where there is one that the set did not give. It counts as another one,
    equal or not: else a token of any set could ask whether a guess is right, of every webhook that
    no file owns.
    """
    # That one is random; written anew it would sign twice for a day.
    is_given = name in SECRET_FIELDS and name != "signingSecret"
    return is_given and holds_secret(wish) and holds_secret(value)


def _judge_wanted(
    found: Verdicts, name: str, wish: Any, value: Any, applied: Values, slug: str | None
) -> None:
    """slug: of a webhook that a file owned before; where it did not own the value, that is one that
    a person chose, unless it is the default.
    """
    if same(name, wish, value):
        return
    if name not in applied:
        may_be_taken = slug is None or _is_default(slug, name, value)
        (found.updated if may_be_taken else found.conflicting)[name] = wish
    elif same(name, applied[name], value):
        found.updated[name] = wish
    elif same(name, applied[name], wish):
        found.drifted[name] = wish
    else:
        found.conflicting[name] = wish


def _judge_dropped(found: Verdicts, slug: str, name: str, value: Any, last: Any) -> None:
    """A field that the file no longer mentions. A signing secret has no default to go back to."""
    if name == "signingSecret" or not same(name, last, value):
        found.released.append(name)
    elif not same(name, default := _default(slug, name), value):
        found.updated[name] = default


def _default(slug: str, name: str) -> Any:
    return slug if name == "name" else DEFAULTS.get(name)


def _is_default(slug: str, name: str, value: Any) -> bool:
    """True when no person has chosen this value. A signing secret that no file gave counts as made
    by Hookline.
    """
    return name == "signingSecret" or same(name, value, _default(slug, name))


def same(name: str, one: Any, other: Any) -> bool:
    """True when two canonical values of a field mean the same, as `folded` says; an unknown secret
    equals any secret.
    """
    if name == "filter":
        return means_same(name, one, other)
    # Equal values fold to equal ones: of 10,000 unchanged webhooks all.
    return bool(one == other) or _is_same(folded(name, one), folded(name, other))


def _is_same(one: Any, other: Any) -> bool:
    if one is UNKNOWN_SECRET or other is UNKNOWN_SECRET:
        # A plan without its secrets would else show every one of them as a change.
        return one is other or _is_print(one) or _is_print(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _is_print(value: Any) -> bool:
    # Exactly this key: no value of a field has one of this name. All mappings here are dicts, and
    # to ask for a Mapping took a third of the time of a plan of 10,000 webhooks (2026-11).
    return isinstance(value, dict) and len(value) == 1 and "fingerprint" in value


def holds_secret(value: Any) -> bool:
    """True when a secret, known or not, is in the value."""
    if type(value) is dict and len(value) == 1 and "fingerprint" in value:
        return True
    if (items := inside(value)) is None:
        return value is UNKNOWN_SECRET
    # By type, without a call for each text and without a generator, which takes as long as the
    # rest: a tenth of a plan of 10,000 webhooks (2026-11).
    for item in items:  # noqa: SIM110
        if type(item) is not str and holds_secret(item):
            return True
    return False


def secrets_in(name: str, value: Any) -> dict[str, Any]:
    """Fingerprints and UNKNOWN_SECRETs of a field's value by their paths: `headers.X-Api-Key`,
    `basicAuth.password`, `signingSecret`.
    """
    if name not in SECRET_FIELDS:
        return {}
    if value is UNKNOWN_SECRET or _is_print(value):
        return {name: value}
    if not isinstance(value, dict) and name != "headers":
        return {}
    pairs = (
        [(pair["name"], pair["value"]) for pair in value or ()]
        if name == "headers"
        else value.items()
    )
    return {
        f"{name}.{key}": item for key, item in pairs if type(item) is not str and holds_secret(item)
    }


def changed_secrets(name: str, before: Any, after: Any, is_guess: bool = False) -> tuple[str, ...]:
    """Paths of the secrets that both values have, and that differ. is_guess: as if all did."""
    old = {path.lower(): item for path, item in secrets_in(name, before).items()}
    return tuple(
        path
        for path, item in secrets_in(name, after).items()
        if path.lower() in old
        and item is not UNKNOWN_SECRET
        and (is_guess or not _is_same(old[path.lower()], item))
    )


def masked(value: Any) -> Any:
    """The value as people may see it."""
    if value is UNKNOWN_SECRET:
        return UNKNOWN
    if isinstance(value, dict):
        if _is_print(value):
            return MASK
        return {key: masked(item) for key, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value
