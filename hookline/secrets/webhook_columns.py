"""Columns of a webhook that hold secrets, and the location of each secret. Pure."""

from uuid import UUID

from hookline.secrets.vault import SecretLocation

HEADERS, SECRET_HEADER, BASIC_AUTH, SIGNING = (
    "headers",
    "secret_header_sealed",
    "basic_auth_sealed",
    "signing_secrets",
)


def secret_location(
    workspace_id: UUID, webhook_id: UUID, column: str, name: str = ""
) -> SecretLocation:
    """The location of a sealed text of a webhook. name: of the header or user that it belongs to,
    in any case; none for a signing secret.
    """
    return SecretLocation(workspace_id, "webhook", webhook_id, column, name.lower())
