"""A webhook's canonical form as columns, and back, by the table of fields. For verbs and the sync.

Reads no database. Secrets leave the columns only as fingerprints, except for the one that is to be
revealed and those that are sealed anew beside another name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hookline import clock
from hookline.errors import HooklineError
from hookline.form.codecs import HeaderList, SealedPair, Sealing, SigningSecrets
from hookline.form.webhook_fields import FIELDS, SECRET_FIELDS
from hookline.models import Webhook
from hookline.secrets.vault import Vault
from hookline.secrets.webhook_columns import SIGNING, secret_location

# The canonical form: JSON values by the API's field names.
Form = Mapping[str, Any]

# Each makes a signature of every request.
LIVE_SECRETS: Final = 10
"""The most that may sign at a time."""


def columns(form: Form, webhook_id: UUID, workspace_id: UUID, vault: Vault) -> dict[str, Any]:
    """Model attributes and values for the fields that the form holds; secrets are sealed for this
    very webhook.

    A secretHeader or basicAuth without its secret leaves the sealed column out: the stored one
    stays, and opens only beside its old name (see `with_kept_secrets`).
    """
    sealing = _sealing(webhook_id, workspace_id, vault, clock.now())
    made: dict[str, Any] = {}
    for name, value in form.items():
        made.update(FIELDS[name].codec.encode(value, sealing))
    return made


def with_kept_secrets(form: Form, webhook: Webhook, vault: Vault) -> Form:
    """The form with the stored value, secrets in clear, in each record and header that leaves its
    own out: for `columns`, which seals it for the new name.

    Raises HooklineError UNKNOWN_KEY or UNREADABLE_SECRET.
    """

    def open_secret(sealed: str, column: str, name: str) -> str:
        return vault.unseal(sealed, secret_location(webhook.workspace_id, webhook.id, column, name))

    kept = dict[str, Any]()
    for name, value in form.items():
        codec = FIELDS[name].codec
        if isinstance(codec, SealedPair) and value and codec.secret_key not in value:
            kept[name] = {**codec.decode(webhook, open_secret), **value}
        elif isinstance(codec, HeaderList) and any("value" not in header for header in value):
            kept[name] = with_kept_values(value, codec.decode(webhook, open_secret))
    return {**form, **kept}


def with_stored_parts(given: Form, stored: Form) -> dict[str, Any]:
    """The given fields, with the stored part in each record and header that leaves its own out.
    stored: a whole canonical form.
    """
    whole = dict(given)
    for name, value in given.items():
        codec = FIELDS[name].codec
        if isinstance(codec, SealedPair) and value and stored[name]:
            whole[name] = {**stored[name], **value}
        elif isinstance(codec, HeaderList):
            whole[name] = with_kept_values(value, stored[name])
    return whole


def with_kept_values(
    headers: Sequence[Mapping[str, Any]], stored: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The headers, with the stored value of the same name in each that leaves its own out; one
    without a stored value stays without.
    """
    values = {header["name"].lower(): header["value"] for header in stored}
    return [
        {"name": header["name"], "value": values[header["name"].lower()]}
        if "value" not in header and header["name"].lower() in values
        else dict(header)
        for header in headers
    ]


def canonical(webhook: Webhook, vault: Vault, names: Iterable[str] = FIELDS) -> dict[str, Any]:
    """The form that a row stands for, each of the fields there; each secret is
    `{"fingerprint": …}`. Opens the secrets of these fields alone.
    """

    def open_secret(sealed: str, column: str, name: str) -> dict[str, str]:
        at = secret_location(webhook.workspace_id, webhook.id, column, name)
        try:
            return {"fingerprint": vault.fingerprint(vault.unseal(sealed, at))}
        except HooklineError:
            # unreadable: equal to nothing, so that saving the secret again is a change and mends it
            return {"fingerprint": ""}

    return {name: FIELDS[name].codec.decode(webhook, open_secret) for name in names}


def without_secrets(webhook: Webhook) -> dict[str, Any]:
    """The form that a row stands for, every field there; each secret is None. Opens none."""
    return {name: row.codec.decode(webhook, lambda *_: None) for name, row in FIELDS.items()}


def fingerprinted(form: Form, fingerprint: Callable[[str], str]) -> dict[str, Any]:
    """Returns a form with `{"fingerprint": …}` for each secret, so that it compares with
    `canonical`. Fingerprints in it stay. fingerprint: the vault's.
    """

    def replace(value: Any) -> Any:
        return {"fingerprint": fingerprint(value)} if isinstance(value, str) else value

    prints = dict(form)
    for name in SECRET_FIELDS:
        if name in prints:
            prints[name] = FIELDS[name].codec.replace_secrets(prints[name], replace)
    return prints


def signing_algorithm(webhook: Webhook) -> str:
    """The algorithm of the newest signing secret."""
    algorithm: str = FIELDS["signingAlgorithm"].codec.decode(webhook, lambda *_: None)
    return algorithm


def live_secrets(webhook: Webhook, now: datetime) -> list[dict[str, Any]]:
    """The entries that sign now, newest first, as the column keeps them."""
    return [
        secret
        for secret in webhook.signing_secrets
        if not secret["expiresAt"] or datetime.fromisoformat(secret["expiresAt"]) > now
    ]


def with_new_secret(
    webhook: Webhook, secret: str, overlap: timedelta, now: datetime, vault: Vault
) -> list[dict[str, Any]]:
    """The column's value with a new secret before those that sign now, which go on for the overlap
    at most; of them the newest nine.
    """
    sealing = _sealing(webhook.id, webhook.workspace_id, vault, now)
    entry = SigningSecrets(SIGNING).entry(secret, sealing)
    # Without an overlap the old secrets end at once: one of them may have leaked.
    if not overlap:
        return [entry]
    until = clock.rfc3339(now + overlap)
    old = [
        # A later rotation never lengthens the life of a secret that was to end sooner. As times:
        # two texts may have the same time in different forms.
        {**kept, "expiresAt": min(kept["expiresAt"] or until, until, key=datetime.fromisoformat)}
        for kept in live_secrets(webhook, now)
    ]
    return [entry, *old[: LIVE_SECRETS - 1]]


def signing_secret(webhook: Webhook, vault: Vault) -> str:
    """The newest signing secret, `whsec_…`.

    Raises HooklineError UNKNOWN_KEY or UNREADABLE_SECRET.
    """
    return vault.unseal(
        webhook.signing_secrets[0]["sealed"],
        secret_location(webhook.workspace_id, webhook.id, SIGNING),
    )


def _sealing(webhook_id: UUID, workspace_id: UUID, vault: Vault, now: datetime) -> Sealing:
    def seal(text: str, column: str, name: str) -> str:
        return vault.seal(text, secret_location(workspace_id, webhook_id, column, name))

    return Sealing(seal, now)
