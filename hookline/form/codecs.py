"""Codecs between a field's canonical value and the columns of a webhook: one for each way in which
a value is stored. Called by the table in webhook_fields.

Pure: sealing and opening secrets is handed in, so a codec never sees a key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol

from hookline import clock
from hookline.form.durations import format_duration, parse_duration
from hookline.form.rates import Rate, parse_rate
from hookline.form.webhook_kinds import is_sensitive_header
from hookline.outbound import signing

# Any: canonical values and column values are JSON of whatever shape the field has
Columns = dict[str, Any]
Replace = Callable[[Any], Any]
"""A secret in a canonical value to what stands for it, such as its fingerprint."""
Open = Callable[[str, str, str], Any]
"""Sealed text, its column and the name beside it to what stands for the secret in the canonical
value.
"""
Reseal = Callable[[str, str, str], str]
"""Sealed text, its column and the name beside it to the same secret under another key."""

_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sealing:
    """Encryption for one webhook. seal: plaintext, its column and the name beside it to sealed
    text; now: the time that secrets are stored with.
    """

    seal: Callable[[str, str, str], str]
    now: datetime


class Codec(Protocol):
    """A field's way to its columns and back. holds_secrets: some of its values are sealed."""

    @property
    def holds_secrets(self) -> bool: ...

    def resealed(self, row: Any, reseal: Reseal) -> Columns:
        """Columns that hold sealed texts, each text re-encrypted; none for a field without secrets.
        A key rotation writes them.
        """

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        """Columns of the model with their values."""

    def decode(self, row: Any, open_secret: Open) -> Any:
        """The canonical value that a row stands for."""

    def replace_secrets(self, value: Any, replace: Replace) -> Any:
        """Returns a canonical value with each secret in it replaced."""


@dataclass(frozen=True, slots=True)
class Plain:
    """The canonical value itself in one column."""

    column: str
    holds_secrets: ClassVar[bool] = False

    def resealed(self, row: Any, reseal: Reseal) -> Columns:
        return {}

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: value}

    def decode(self, row: Any, open_secret: Open) -> Any:
        return getattr(row, self.column)

    def replace_secrets(self, value: Any, replace: Replace) -> Any:
        return value


class Lines(Plain):
    """A list of texts in a column of lines."""

    __slots__ = ()

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: tuple(value)}

    def decode(self, row: Any, open_secret: Open) -> Any:
        return list(getattr(row, self.column))


class LabelLines(Plain):
    """Keys and values in a column of lines, `key=value` each. A key holds no equals sign."""

    __slots__ = ()

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: tuple(f"{label['key']}={label['value']}" for label in value)}

    def decode(self, row: Any, open_secret: Open) -> Any:
        pairs = (line.partition("=") for line in getattr(row, self.column))
        return [{"key": key, "value": value} for key, _, value in pairs]


class Milliseconds(Plain):
    """A duration in a column of whole milliseconds."""

    __slots__ = ()

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: parse_duration(value) // _MILLISECOND}

    def decode(self, row: Any, open_secret: Open) -> Any:
        return format_duration(getattr(row, self.column) * _MILLISECOND)


class RetrySchedule(Plain):
    """The pauses of a retry schedule in a JSON column of seconds."""

    __slots__ = ()

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        pauses = [parse_duration(pause).total_seconds() for pause in value["schedule"]]
        return {self.column: pauses}

    def decode(self, row: Any, open_secret: Open) -> Any:
        pauses = (timedelta(seconds=seconds) for seconds in getattr(row, self.column))
        return {"schedule": [format_duration(pause) for pause in pauses]}


class PerMinute(Plain):
    """A rate, or none, in a column of requests per minute."""

    __slots__ = ()

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: parse_rate(value).per_minute if value else None}

    def decode(self, row: Any, open_secret: Open) -> Any:
        per_minute = getattr(row, self.column)
        return str(Rate(per_minute)) if per_minute else None


@dataclass(frozen=True, slots=True)
class FailurePolicy:
    """A number of failures and a time in two columns; null failures: never, and the time stays."""

    failures: str
    seconds: str
    holds_secrets: ClassVar[bool] = False

    def resealed(self, row: Any, reseal: Reseal) -> Columns:
        return {}

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        if value is None:
            # The other column stays: it has a default and may not be null.
            return {self.failures: None}
        seconds = int(parse_duration(value["over"]).total_seconds())
        return {self.failures: value["failures"], self.seconds: seconds}

    def decode(self, row: Any, open_secret: Open) -> Any:
        if (failures := getattr(row, self.failures)) is None:
            return None
        over = timedelta(seconds=getattr(row, self.seconds))
        return {"failures": failures, "over": format_duration(over)}

    def replace_secrets(self, value: Any, replace: Replace) -> Any:
        return value


class HeaderList(Plain):
    """Headers in a JSON column, values of sensitive names sealed."""

    __slots__ = ()
    holds_secrets: ClassVar[bool] = True

    def resealed(self, row: Any, reseal: Reseal) -> Columns:
        stored = [
            {**header, "sealed": reseal(header["sealed"], self.column, header["name"])}
            if "sealed" in header
            else header
            for header in getattr(row, self.column)
        ]
        return {self.column: stored}

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: [self._stored(header, sealing) for header in value]}

    def _stored(self, header: Mapping[str, str], sealing: Sealing) -> dict[str, str]:
        name, value = header["name"], header["value"]
        # By the name at the time of saving: `sealed` in the entry says later whether it was.
        if is_sensitive_header(name):
            return {"name": name, "sealed": sealing.seal(value, self.column, name)}
        return {"name": name, "value": value}

    def decode(self, row: Any, open_secret: Open) -> Any:
        return [
            {
                "name": header["name"],
                "value": open_secret(header["sealed"], self.column, header["name"])
                if "sealed" in header
                else header["value"],
            }
            for header in getattr(row, self.column)
        ]

    def replace_secrets(self, value: Any, replace: Replace) -> Any:
        return [
            {**header, "value": replace(header["value"])}
            if is_sensitive_header(header["name"]) and "value" in header
            else dict(header)
            for header in value
        ]


@dataclass(frozen=True, slots=True)
class SealedPair:
    """A record of a plain and a secret value in two columns, or none of both. The secret is sealed
    for its plain value, so a change of that alone needs the secret too, sealed anew
    (hookline.webhooks.columns); a record without its secret leaves the sealed column out.
    """

    plain_key: str
    plain_column: str
    secret_key: str
    sealed_column: str
    holds_secrets: ClassVar[bool] = True

    def resealed(self, row: Any, reseal: Reseal) -> Columns:
        shown, sealed = getattr(row, self.plain_column), getattr(row, self.sealed_column)
        # None stays None: the webhook has no such secret.
        return {self.sealed_column: sealed and reseal(sealed, self.sealed_column, shown or "")}

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        if value is None:
            return {self.plain_column: None, self.sealed_column: None}
        made = {self.plain_column: value[self.plain_key]}
        if self.secret_key in value:
            made[self.sealed_column] = sealing.seal(
                value[self.secret_key], self.sealed_column, value[self.plain_key]
            )
        return made

    def decode(self, row: Any, open_secret: Open) -> Any:
        shown, sealed = getattr(row, self.plain_column), getattr(row, self.sealed_column)
        if not shown or not sealed:
            return None
        secret = open_secret(sealed, self.sealed_column, shown)
        return {self.plain_key: shown, self.secret_key: secret}

    def replace_secrets(self, value: Any, replace: Replace) -> Any:
        if not value or self.secret_key not in value:
            return value
        return {**value, self.secret_key: replace(value[self.secret_key])}


class SigningSecrets(Plain):
    """The newest of the secrets that sign, in a JSON column of entries. Encoding begins the list
    anew; a rotation keeps older entries beside it (hookline.webhooks.columns).
    """

    __slots__ = ()
    holds_secrets: ClassVar[bool] = True

    def resealed(self, row: Any, reseal: Reseal) -> Columns:
        entries = getattr(row, self.column)
        return {
            self.column: [
                {**entry, "sealed": reseal(entry["sealed"], self.column, "")} for entry in entries
            ]
        }

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        return {self.column: [self.entry(value, sealing)]}

    def entry(self, secret: str, sealing: Sealing) -> dict[str, Any]:
        """One secret as the column keeps it. The public key stands beside an Ed25519 one, which is
        known by it.
        """
        entry: dict[str, Any] = {
            "sealed": sealing.seal(secret, self.column, ""),
            "createdAt": clock.rfc3339(sealing.now),
            "expiresAt": None,
        }
        public_key = signing.public_key(secret)
        return {**entry, "publicKey": public_key} if public_key else entry

    def decode(self, row: Any, open_secret: Open) -> Any:
        # The newest stands first; those behind it only go on for their overlap.
        return open_secret(getattr(row, self.column)[0]["sealed"], self.column, "")

    def replace_secrets(self, value: Any, replace: Replace) -> Any:
        return replace(value)


class NewestAlgorithm(Plain):
    """The algorithm of the newest signing secret: it has no column of its own."""

    __slots__ = ()

    def encode(self, value: Any, sealing: Sealing) -> Columns:
        # The secret's own prefix says it: a column could contradict the secret.
        return {}

    def decode(self, row: Any, open_secret: Open) -> Any:
        newest = getattr(row, self.column)[0]
        return signing.ED25519 if newest.get("publicKey") else signing.HMAC_SHA256
