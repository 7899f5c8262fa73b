"""A webhook's canonical form as columns, and back. Called by the verbs in webhooks.py and by the
sync, which write and compare in this form. Reads no database. Secrets leave the columns only as
fingerprints, except for the one that is to be revealed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hookline import clock
from hookline.errors import HooklineError
from hookline.form.durations import format_duration, parse_duration
from hookline.form.fields import is_sensitive_header
from hookline.form.rates import Rate, parse_rate
from hookline.models import Webhook
from hookline.outbound import signing
from hookline.secrets.vault import SecretLocation, Vault
from hookline.secrets.webhook_columns import (
    BASIC_AUTH,
    HEADERS,
    SECRET_HEADER,
    SIGNING,
    secret_location,
)

Form = Mapping[str, Any]  # the canonical form: JSON values by the API's field names
Seal = Callable[[str, str], str]  # plaintext, column

LIVE_SECRETS: Final = 10
"""The most that may sign at a time."""

_PLAIN: Final = {
    "name": "name",
    "description": "description",
    "url": "url",
    "active": "is_active",
    "concurrency": "concurrency",
    "filter": "event_filter",
    "payloadTemplate": "payload_template",
    "payloadContentType": "payload_content_type",
}
_LINES: Final = {
    "environments": "environments",
    "events": "events",
    "notificationEmails": "notification_emails",
    "notifyOn": "notify_on",
}


def columns(form: Form, webhook_id: UUID, workspace_id: UUID, vault: Vault) -> dict[str, Any]:
    """Model attributes and values for the fields that the form holds; secrets are sealed for this
    very webhook.

    A secretHeader or basicAuth without its secret leaves the sealed column out: the stored one
    stays.
    """

    def seal(text: str, column: str) -> str:
        return vault.seal(text, secret_location(workspace_id, webhook_id, column))

    made = {attribute: form[name] for name, attribute in _PLAIN.items() if name in form}
    made.update(
        {attribute: tuple(form[name]) for name, attribute in _LINES.items() if name in form}
    )
    if "labels" in form:
        made["labels"] = tuple(f"{label['key']}={label['value']}" for label in form["labels"])
    if "timeout" in form:
        made["timeout_ms"] = parse_duration(form["timeout"]) // timedelta(milliseconds=1)
    if "retry" in form:
        made["retry_schedule"] = [
            parse_duration(pause).total_seconds() for pause in form["retry"]["schedule"]
        ]
    if "rateLimit" in form:
        made["rate_per_minute"] = (
            parse_rate(form["rateLimit"]).per_minute if form["rateLimit"] else None
        )
    if "autoDisable" in form:
        policy = form["autoDisable"]
        made["auto_disable_failures"] = policy and policy["failures"]
        if policy:
            made["auto_disable_seconds"] = int(parse_duration(policy["over"]).total_seconds())
    return {**made, **_sealed_columns(form, seal)}


def canonical(webhook: Webhook, vault: Vault) -> dict[str, Any]:
    """The form that a row stands for, every field there; each secret is `{"fingerprint": …}`."""

    def print_of(sealed: str, column: str) -> dict[str, str]:
        return {
            "fingerprint": _fingerprint(
                sealed, secret_location(webhook.workspace_id, webhook.id, column), vault
            )
        }

    form: dict[str, Any] = {name: getattr(webhook, attribute) for name, attribute in _PLAIN.items()}
    form.update({name: list(getattr(webhook, attribute)) for name, attribute in _LINES.items()})
    form["headers"] = [
        {
            "name": h["name"],
            "value": print_of(h["sealed"], HEADERS) if "sealed" in h else h["value"],
        }
        for h in webhook.headers
    ]
    form["secretHeader"] = form["basicAuth"] = None
    if webhook.secret_header_name and webhook.secret_header_sealed:
        form["secretHeader"] = {
            "name": webhook.secret_header_name,
            "value": print_of(webhook.secret_header_sealed, SECRET_HEADER),
        }
    if webhook.basic_auth_username and webhook.basic_auth_sealed:
        form["basicAuth"] = {
            "username": webhook.basic_auth_username,
            "password": print_of(webhook.basic_auth_sealed, BASIC_AUTH),
        }
    form["timeout"] = format_duration(timedelta(milliseconds=webhook.timeout_ms))
    form["retry"] = {
        "schedule": [
            format_duration(timedelta(seconds=seconds)) for seconds in webhook.retry_schedule
        ]
    }
    form["rateLimit"] = str(Rate(webhook.rate_per_minute)) if webhook.rate_per_minute else None
    form["autoDisable"] = auto_disable_policy(webhook)
    form["labels"] = [{"key": key, "value": value} for key, value in labels_of(webhook)]
    form["signingAlgorithm"] = signing_algorithm(webhook)
    form["signingSecret"] = print_of(webhook.signing_secrets[0]["sealed"], SIGNING)
    return form


def fingerprinted(form: Form, vault: Vault) -> dict[str, Any]:
    """The same form with `{"fingerprint": …}` for each secret, so that it compares with
    `canonical`. Fingerprints in it stay.
    """

    def print_of(value: Any) -> Any:
        return {"fingerprint": vault.fingerprint(value)} if isinstance(value, str) else value

    made = dict(form)
    if "headers" in form:
        made["headers"] = [
            {**h, "value": print_of(h["value"]) if is_sensitive_header(h["name"]) else h["value"]}
            for h in form["headers"]
        ]
    for name, secret in (("secretHeader", "value"), ("basicAuth", "password")):
        if form.get(name) and secret in form[name]:
            made[name] = {**form[name], secret: print_of(form[name][secret])}
    if "signingSecret" in form:
        made["signingSecret"] = print_of(form["signingSecret"])
    return made


def auto_disable_policy(webhook: Webhook) -> dict[str, Any] | None:
    """The canonical form; None: never."""
    if webhook.auto_disable_failures is None:
        return None
    return {
        "failures": webhook.auto_disable_failures,
        "over": format_duration(timedelta(seconds=webhook.auto_disable_seconds)),
    }


def labels_of(webhook: Webhook) -> list[tuple[str, str]]:
    """Keys and values, by key. A key holds no equals sign."""
    return [(key, value) for key, _, value in (label.partition("=") for label in webhook.labels)]


def signing_algorithm(webhook: Webhook) -> str:
    """The newest secret's. An Ed25519 one is known by its public key, which is kept beside it."""
    return signing.ED25519 if webhook.signing_secrets[0].get("publicKey") else signing.HMAC_SHA256


def live_secrets(webhook: Webhook, now: datetime) -> list[dict[str, Any]]:
    """What signs now, newest first, as the column keeps it."""
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
    until = clock.rfc3339(now + overlap)
    old = (
        [
            {
                **kept,
                "expiresAt": min(kept["expiresAt"] or until, until, key=datetime.fromisoformat),
            }
            for kept in live_secrets(webhook, now)
        ]
        if overlap
        else []
    )
    return [
        _secret_entry(
            secret,
            lambda text, column: vault.seal(
                text, secret_location(webhook.workspace_id, webhook.id, column)
            ),
            now,
        ),
        *old[: LIVE_SECRETS - 1],
    ]


def _secret_entry(secret: str, seal: Seal, now: datetime) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "sealed": seal(secret, SIGNING),
        "createdAt": clock.rfc3339(now),
        "expiresAt": None,
    }
    public_key = signing.public_key(secret)
    return {**entry, "publicKey": public_key} if public_key else entry


def signing_secret(webhook: Webhook, vault: Vault) -> str:
    """The newest signing secret, `whsec_…`.

    Raises HooklineError UNKNOWN_KEY or UNREADABLE_SECRET.
    """
    return vault.unseal(
        webhook.signing_secrets[0]["sealed"],
        secret_location(webhook.workspace_id, webhook.id, SIGNING),
    )


def _sealed_columns(form: Form, seal: Seal) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "headers" in form:
        made[HEADERS] = [
            {"name": h["name"], "sealed": seal(h["value"], HEADERS)}
            if is_sensitive_header(h["name"])
            else {"name": h["name"], "value": h["value"]}
            for h in form["headers"]
        ]
    if "secretHeader" in form:
        made.update(
            _sealed_pair(
                form["secretHeader"], ("name", "secret_header_name"), ("value", SECRET_HEADER), seal
            )
        )
    if "basicAuth" in form:
        made.update(
            _sealed_pair(
                form["basicAuth"],
                ("username", "basic_auth_username"),
                ("password", BASIC_AUTH),
                seal,
            )
        )
    if "signingSecret" in form:
        made[SIGNING] = [_secret_entry(form["signingSecret"], seal, clock.now())]
    return made


def _sealed_pair(
    record: Form | None, open_part: tuple[str, str], secret_part: tuple[str, str], seal: Seal
) -> dict[str, Any]:
    (open_name, open_column), (secret_name, sealed_column) = open_part, secret_part
    if record is None:
        return {open_column: None, sealed_column: None}
    made = {open_column: record[open_name]}
    if secret_name in record:
        made[sealed_column] = seal(record[secret_name], sealed_column)
    return made


def _fingerprint(sealed: str, at: SecretLocation, vault: Vault) -> str:
    try:
        return vault.fingerprint(vault.unseal(sealed, at))
    except HooklineError:
        # unreadable: equal to nothing, so that saving the secret again is a change and mends it
        return ""
