"""One class, one name: what a name stands for must not depend on the file that it is read in."""

import ast
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]

MIRRORS = {
    "Actor",
    "Attempt",
    "AuditEntry",
    "Delivery",
    "Event",
    "EventType",
    "Job",
    "ListenerRequest",
    "Notification",
    "SecretHeader",
    "SigningSecret",
    "SyncEvent",
    "SyncProblem",
    "SyncRevision",
    "SyncSet",
    "SyncSource",
    "Token",
    "Webhook",
    "Workspace",
}
"""GraphQL types (api/schema) of the same thing as the core's class. Their names are the API's."""
IMPLEMENTATIONS = {
    # the API's protocol, and the class of the core that it is given
    "Authenticator",
}


def classes(*folders: str) -> Counter[str]:
    """Numbers of the top-level classes of each name."""
    return Counter(
        node.name
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    )


def test_no_two_unrelated_classes_share_a_name() -> None:
    counts = classes("hookline", "api", "workers")

    assert {name for name, count in counts.items() if count > 1} == MIRRORS | IMPLEMENTATIONS
    assert {name for name in MIRRORS | IMPLEMENTATIONS if counts[name] != 2} == set()


def test_a_mirror_stands_in_the_schema_of_the_api() -> None:
    assert set(classes("api/schema")) >= MIRRORS
    assert set(classes("hookline")) >= MIRRORS
