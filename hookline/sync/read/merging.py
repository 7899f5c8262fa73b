"""Documents of several files to the one of their set. Called by file. Pure."""

from collections.abc import Sequence

from hookline.sync.policy import FilePolicy
from hookline.sync.read.document import (
    Document,
    DocumentWebhook,
    place_moves,
    whole_content,
)
from hookline.sync.read.file_fields import policy_of
from hookline.sync.read.problems import Position, Problems, SyncProblem


def merge(documents: Sequence[Document], problems: Problems) -> Document:
    """The webhooks of all documents, in the order of their slugs. Different sets or policies and a
    slug that is given twice are added to the problems. documents: in the order of their files'
    names, at least one.
    """
    if len(documents) == 1:
        return documents[0]
    known = [document for document in documents if document.set_position]
    whole = Document(known[0].set_name if known else documents[0].set_name)
    for document in known[1:]:
        if document.set_name != whole.set_name:
            _refuse_set(document, known[0], problems)
    whole.policy = _policy(documents, problems)
    whole.moves = tuple(move for document in documents for move in document.moves)
    webhooks = dict[str, DocumentWebhook]()
    content = dict[str, object]()
    for document in documents:
        for slug, webhook in document.webhooks.items():
            if slug in webhooks:
                _refuse_slug(webhook, webhooks[slug].position, problems)
                continue
            webhooks[slug] = webhook
            content[slug] = _webhooks_of(document)[slug]
        whole.positions.update(document.positions)
        whole.secrets.update(document.secrets)
        whole.secret_positions += document.secret_positions
    whole.webhooks = dict(sorted(webhooks.items()))
    # Each file counts its own from 0.
    place_moves(whole)
    whole.content = whole_content(whole, dict(sorted(content.items())))
    return whole


def _policy(documents: Sequence[Document], problems: Problems) -> FilePolicy:
    """The words of all files. A file may leave a word out, and gives no other one."""
    said = dict[str, tuple[object, Position]]()
    for document in documents:
        for name, word in document.policy.content.items():
            here = _position(document, f"policy.{name}")
            if name not in said:
                said[name] = (word, here)
            elif said[name][0] != word:
                first, there = said[name]
                message = f"{name} is {word} here, and {first} at {place_of(there)}"
                hint = "write the same policy in all files, or in one of them only"
                path = ("policy", name)
                problems.add(SyncProblem("mixed-policies", message, here, path, hint, len(name)))
    return policy_of({name: word for name, (word, _) in said.items()})


def _position(document: Document, path: str) -> Position:
    file, line, column = document.positions.get(path) or ("", 1, 1)
    return Position(line, column, file)


def _webhooks_of(document: Document) -> dict[str, object]:
    webhooks = document.content["webhooks"]
    assert isinstance(webhooks, dict)
    return webhooks


def _refuse_set(document: Document, first: Document, problems: Problems) -> None:
    here, there = document.set_position, first.set_position
    assert here is not None
    assert there is not None
    message = (
        f"this file is of set '{document.set_name}', and {place_of(there)} of '{first.set_name}'"
    )
    hint = "write the same set in all files, or give each set to a command of its own"
    problems.add(SyncProblem("mixed-sets", message, here, ("set",), hint))


def _refuse_slug(webhook: DocumentWebhook, first: Position, problems: Problems) -> None:
    message = f"{webhook.slug} stands at {place_of(first)} already"
    problems.add(
        SyncProblem(
            "duplicate-slug",
            message,
            webhook.position,
            ("webhooks", webhook.slug),
            "keep one of the two",
            len(webhook.slug),
        )
    )


def place_of(position: Position) -> str:
    return f"{position.file}:{position.line}:{position.column}"
