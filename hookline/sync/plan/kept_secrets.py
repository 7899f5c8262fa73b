"""Secrets of a revision that is brought back: a revision has their fingerprints alone, so each is
as it is stored now, or lost. Called by apply/restoring. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hookline.form.codecs import HeaderList, SealedPair
from hookline.form.kinds import UNKNOWN_SECRET
from hookline.form.origins import origin_of
from hookline.form.webhook_fields import DEFAULTS, FIELDS
from hookline.sync.plan.comparing import Values, secrets_in
from hookline.sync.plan.webhooks import StoredWebhook, WantedWebhook

_SIGNING: Final = "signingSecret"
_ALGORITHM: Final = "signingAlgorithm"
NOTHING: Final[Mapping[str, str]] = {}
_UNREADABLE: Final = {"fingerprint": ""}


@dataclass(slots=True)
class Settled:
    """A webhook as a rollback can make it. kept: paths of the secrets that were changed since and
    stay as they are now; lost: of those that are nowhere any more, and are left out.
    """

    webhook: WantedWebhook
    kept: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def settle(
    wanted: WantedWebhook,
    live: StoredWebhook | None,
    set_name: str,
    deleted: Mapping[str, str] = NOTHING,
) -> Settled:
    """wanted: with the revision's fingerprints, and without secrets in its values. live: the
    webhook as it is now; None where it is no more.

    A secret that was changed since stays at its place, unless the webhook goes back to another
    scheme, host or port: it was never given for that. deleted: secrets in clear, by their paths in
    lower case, of a webhook that is no more.
    """
    found = Settled(wanted)
    prints, stored = dict(wanted.prints), _secrets(live.form) if live else {}
    applied = _secrets(live.applied) if live and live.set_name == set_name else {}
    is_elsewhere = live is None or origin_of(live.form["url"]) != origin_of(prints["url"])
    for name, value in wanted.prints.items():
        for path, old in secrets_in(name, value).items():
            now = stored.get(path.lower(), _UNREADABLE)
            is_lost = is_elsewhere if name != _SIGNING else _has_other_algorithm(wanted, live)
            if path.lower() in deleted or (now == old and not (name == _SIGNING and is_lost)):
                continue
            if now == _UNREADABLE or is_lost:
                found.lost.append(path)
                _drop(prints, name, path)
                continue
            found.kept.append(path)
            # One that people changed by hand is drift, which the policy judges.
            if applied.get(path.lower(), now) == now:
                _put(prints, name, path, now)
    values = {name: _matched(name, value, prints) for name, value in wanted.values.items()}
    given = {name: value for name, value in values.items() if name in prints}
    whole = {name: _with_clear(name, value, deleted) for name, value in given.items()}
    if _SIGNING.lower() in deleted:
        whole[_SIGNING] = deleted[_SIGNING.lower()]
    found.webhook = replace(wanted, prints=prints, values=whole)
    return found


def _with_clear(name: str, value: Any, secrets: Mapping[str, str]) -> Any:
    """A field's value with those of its secrets that are at hand."""
    codec = FIELDS[name].codec
    if isinstance(codec, SealedPair) and value:
        clear = secrets.get(f"{name}.{codec.secret_key}".lower())
        return value if clear is None else {**value, codec.secret_key: clear}
    if isinstance(codec, HeaderList):
        paths = {header["name"]: f"{name}.{header['name']}".lower() for header in value}
        return (
            [
                header if "value" in header else {**header, "value": secrets[paths[header["name"]]]}
                for header in value
                if "value" in header or paths[header["name"]] in secrets
            ]
            if secrets
            else value
        )
    return value


def without_secrets(form: Values) -> dict[str, Any]:
    """The values without their secrets, for the stored ones to take their places. A signing secret
    is None.
    """
    return {name: _bare(name, value) for name, value in form.items()}


def with_unknown(form: Values) -> dict[str, Any]:
    """The values with UNKNOWN_SECRET for each fingerprint, as the checks of a file take them."""
    return {
        name: FIELDS[name].codec.replace_secrets(value, lambda _: UNKNOWN_SECRET)
        for name, value in form.items()
    }


def _secrets(form: Values) -> dict[str, Any]:
    return {
        path.lower(): secret
        for name, value in form.items()
        for path, secret in secrets_in(name, value).items()
    }


def _has_other_algorithm(wanted: WantedWebhook, live: StoredWebhook | None) -> bool:
    """True where the stored signing secret is none of the wanted algorithm."""
    if live is None:
        return True
    last = DEFAULTS[_ALGORITHM] if _ALGORITHM in live.applied else live.form[_ALGORITHM]
    return bool(wanted.prints.get(_ALGORITHM, last) != live.form[_ALGORITHM])


def _drop(prints: dict[str, Any], name: str, path: str) -> None:
    """Takes a secret out with what is nothing without it: a header, or the whole field."""
    if not isinstance(FIELDS[name].codec, HeaderList):
        del prints[name]
        return
    gone = path.removeprefix(f"{name}.")
    prints[name] = [header for header in prints[name] if header["name"] != gone]


def _put(prints: dict[str, Any], name: str, path: str, secret: Any) -> None:
    codec, value = FIELDS[name].codec, prints[name]
    if isinstance(codec, SealedPair):
        prints[name] = {**value, codec.secret_key: secret}
    elif isinstance(codec, HeaderList):
        changed = path.removeprefix(f"{name}.")
        prints[name] = [
            {**header, "value": secret} if header["name"] == changed else header for header in value
        ]
    else:
        prints[name] = secret


def _matched(name: str, value: Any, prints: Mapping[str, Any]) -> Any:
    """A field's value without the headers that were dropped."""
    if name not in prints or not isinstance(FIELDS[name].codec, HeaderList):
        return value
    names = {header["name"] for header in prints[name]}
    return [header for header in value if header["name"] in names]


def _bare(name: str, value: Any) -> Any:
    codec = FIELDS[name].codec
    if isinstance(codec, SealedPair) and value:
        return {key: part for key, part in value.items() if key != codec.secret_key}
    if isinstance(codec, HeaderList):
        return [
            {key: part for key, part in header.items() if isinstance(part, str)} for header in value
        ]
    return None if name == _SIGNING else value
