"""Secrets that a webhook's move to another scheme, host or port must not take along. Called by the
verbs and by the planning of a sync.

Pure. Canonical forms with `{"fingerprint": …}` for each secret, or UNKNOWN_SECRET.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from hookline.errors import Code
from hookline.form.codecs import HeaderList, SealedPair
from hookline.form.kinds import UNKNOWN_SECRET, FieldProblem, Path, label
from hookline.form.webhook_fields import FIELDS

Form = Mapping[str, object]

_WHY: Final = (
    "the URL leads to another scheme, host or port, and what was secret for the old place does "
    "not go along. Give it again in the same change, or take it out"
)


def origin_of(url: object) -> str:
    """Scheme, host and port of a canonical URL, as it begins: equal texts for equal places, since
    hosts are in lower case and ASCII and default ports are left out.
    """
    return "/".join(str(url).split("/", 3)[:3])


def left_behind(stored: Form, whole: Form, given: Form) -> list[FieldProblem]:
    """A problem for each secret that would be sent to another origin than it was stored for, and
    whose value the change does not give. None without another origin.

    whole: the form after the change; given: the fields of the change. Signing secrets go along:
    they are never sent.
    """
    if origin_of(stored["url"]) == origin_of(whole["url"]):
        return []
    known = {place: value for place, _, value in _secrets_of(given)}
    return [
        FieldProblem(Code.REQUIRED, f"{label(path)} is required: {_WHY}.", path, "secret-required")
        for place, path, value in _secrets_of(whole)
        # One that is not known here was named, at least; an apply has its value.
        if known.get(place) not in (value, UNKNOWN_SECRET)
    ]


def given_secrets(given: Form) -> list[str]:
    """Names of the fields that give the value of a secret that is sent."""
    return list(dict.fromkeys(path[0] for _, path, _ in _secrets_of(given)))


def _secrets_of(form: Form) -> Iterator[tuple[Path, Path, object]]:
    """Secrets that are sent: the field with the header's name in lower case, whatever its place in
    the list; the path; the fingerprint.
    """
    for name, value in form.items():
        codec = FIELDS[name].codec
        if isinstance(codec, SealedPair) and isinstance(value, Mapping):
            if codec.secret_key in value:
                yield (name,), (name, codec.secret_key), value[codec.secret_key]
        elif isinstance(codec, HeaderList) and isinstance(value, list):
            for place, header in enumerate(value):
                if not isinstance(header.get("value", ""), str):
                    path = (name, str(place), "value")
                    yield (name, str(header["name"]).lower()), path, header["value"]
