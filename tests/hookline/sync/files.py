"""Webhooks files for tests of the sync: YAML as people write it, through the real loader and
decoder.
"""

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

from hookline.access.actor import Actor
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.runtime import Runtime
from hookline.sync.apply import applying
from hookline.sync.apply.applying import ApplyOutcome
from hookline.sync.options import Options
from hookline.sync.plan.changes import Plan
from hookline.sync.read import file_decoding, loader
from hookline.sync.read.document import Document
from hookline.sync.read.references import LocalReferences, References, UnresolvedReferences
from hookline.sync.request import Source, SyncRequest
from tests.making import WORKSPACE

FILE = "config/webhooks.yaml"
BOUNDS = Bounds(("development", "staging", "production"), AddressPolicy((), frozenset()))
SOMEBODY = Actor(WORKSPACE, "ci")
NOTHING_SET: Mapping[str, str] = {}
ORDERS = """url: https://crm.example.com/in
events: [order.*.create]
environments: [production]
"""


def document(text: str, environment: Mapping[str, str] | None = None) -> Document:
    """The document of a file that must be without errors. environment: what its references find;
    without one they stay unknown.
    """
    references: References = (
        UnresolvedReferences()
        if environment is None
        else LocalReferences(environment, Path("/nowhere"), Path("/nowhere"))
    )
    loaded = loader.load(text.encode(), FILE)
    assert loaded.root is not None, loaded.problems.found
    decoded = file_decoding.decode(loaded.root, BOUNDS, references, loaded.problems)
    assert not loaded.problems.has_errors(), loaded.problems.found
    return decoded


def webhooks(
    text: str = "",
    set_name: str = "storefront",
    environment: Mapping[str, str] | None = NOTHING_SET,
    /,
    **bodies: str,
) -> Document:
    """A file with these webhooks. text: lines before them; bodies: the lines of each by
    its slug.
    """
    lines = [f"  {slug}:\n{indent(body.strip(), '    ')}\n" for slug, body in bodies.items()]
    listed = "webhooks:\n" + "".join(lines) if lines else "webhooks: {}\n"
    return document(f"version: 1\nset: {set_name}\n{text}{listed}", environment)


async def apply(
    runtime: Runtime,
    wanted: Document,
    options: Options | None = None,
    source: Source | None = None,
    **more: Any,
) -> ApplyOutcome:
    """Applies as somebody with a token."""
    return await applying.apply(
        runtime, SOMEBODY, SyncRequest(wanted, options or Options(), source or Source(), **more)
    )


async def preview(
    runtime: Runtime, wanted: Document, options: Options | None = None, source: Source | None = None
) -> ApplyOutcome:
    return await applying.preview(
        runtime, SOMEBODY, SyncRequest(wanted, options or Options(), source or Source())
    )


def told(plan: Plan) -> list[str]:
    """The changes of a plan, each as one word: `UPDATE orders url,timeout`."""
    changes = [
        (change.kind, change.slug, ",".join(field.field for field in change.fields))
        for change in plan.changes
    ]
    return [f"{kind} {slug} {fields}".strip() for kind, slug, fields in changes]


def codes(outcome: ApplyOutcome) -> set[str]:
    return {block.code for block in outcome.blocked}
