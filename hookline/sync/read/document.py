"""The webhooks that a file wants, as commands and server pass them on. Made by file_decoding,
plain_file and received. Pure.
"""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field

from hookline.form.kinds import holds_unknown
from hookline.form.webhook_fields import SECRET_FIELDS
from hookline.sync.policy import NO_POLICY, FilePolicy
from hookline.sync.read.decoding import Path
from hookline.sync.read.file_fields import NO_LIFECYCLE, Lifecycle, Move
from hookline.sync.read.positions import FilePosition, Positions
from hookline.sync.read.problems import Position


@dataclass(frozen=True, slots=True)
class DocumentWebhook:
    """A webhook as the file wants it. values: canonical, of the fields that it mentions (defaults
    count); secrets in clear or UNKNOWN_SECRET.
    """

    slug: str
    values: MappingOf[str, object]
    position: Position
    lifecycle: Lifecycle = NO_LIFECYCLE


@dataclass(slots=True)
class Document:
    """A decoded file; to be used only when its problems hold no error.

    content, positions, secrets: what a command sends to the server, which decodes it to the same
    webhooks.
    """

    set_name: str
    webhooks: dict[str, DocumentWebhook] = field(default_factory=dict)
    content: dict[str, object] = field(default_factory=dict)
    positions: Positions = field(default_factory=Positions)
    secrets: dict[Path, str] = field(default_factory=dict)
    secret_positions: list[Position] = field(default_factory=list)
    set_position: Position | None = None
    """Place of the set's name, or the file's beginning; None where the set is not known."""
    policy: FilePolicy = NO_POLICY
    moves: tuple[Move, ...] = ()

    def has_unknown_secrets(self) -> bool:
        return any(
            holds_unknown(webhook.values[name])
            for webhook in self.webhooks.values()
            for name in SECRET_FIELDS
            if name in webhook.values
        )


def whole_content(document: Document, webhooks: object) -> dict[str, object]:
    """The document as it is sent. webhooks: the content of its webhooks by slug."""
    policy = document.policy.content
    moved = [{"from": move.source, "to": move.target} for move in document.moves]
    return {
        "version": 1,
        "set": document.set_name,
        **({"policy": policy} if policy else {}),
        **({"moved": moved} if moved else {}),
        "webhooks": webhooks,
    }


def place_moves(document: Document) -> None:
    """Notes where each of the document's moves stands, by its number."""
    document.positions.drop("moved")
    for number, move in enumerate(document.moves):
        at: FilePosition = (move.position.file, move.position.line, move.position.column)
        document.positions.put(f"moved.{number}", at)
