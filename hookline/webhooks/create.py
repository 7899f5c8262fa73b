"""Creation of webhooks, with a slug made from the name where none is given. Called by the API; the
sync writes rows by itself.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from tortoise.exceptions import IntegrityError

from hookline import clock, ids
from hookline.access import audit
from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.errors import Code, Problem, Refused, Unavailable
from hookline.form.check import check_create, check_slug, slug_of
from hookline.models import Webhook
from hookline.outbound import signing
from hookline.runtime import Runtime
from hookline.webhooks.columns import Form, canonical, columns
from hookline.webhooks.samples import check_template
from hookline.webhooks.saving import Values, announce_change, bounds_of

# The column's length, and a file's slug has the same.
SLUG_LENGTH: Final = 63
SLUG_TRIES: Final = 20
ColumnsOf = Callable[[UUID], dict[str, Any]]
"""Columns and their values, by the new webhook's key."""


async def create_webhook(runtime: Runtime, actor: Actor, values: Values) -> Webhook:
    """Creates a webhook. values: the fields of the form, and `slug`, which is made from
    the name when left out.

    Raises Refused with all that is wrong: TAKEN for a given slug, and the form's own problems.
    """
    return await insert_webhook(runtime, actor, values, lambda key: {})


async def insert_webhook(
    runtime: Runtime,
    actor: Actor,
    values: Values,
    columns_of: ColumnsOf,
    check_made: Callable[[], Awaitable[None]] | None = None,
) -> Webhook:
    """Creates a webhook as `create_webhook` does. columns_of: columns in place of the form's.
    check_made: looks at what is there once the webhook is made, in its transaction, which no other
    creation of the workspace shares; what it raises undoes it.
    """
    bounds = bounds_of(runtime)
    given = {name: value for name, value in values.items() if name != "slug"}
    for _ in range(SLUG_TRIES):
        form, problems = check_create(given, bounds)
        # Before the transaction: a child process renders.
        problems += await check_template(runtime, actor, form)
        try:
            async with runtime.database.unit_of_work() as work:
                name = str(form.get("name") or "")
                slug = await _slug(actor.workspace_id, values.get("slug"), name, problems)
                if problems:
                    raise Refused(problems)
                webhook = await _insert(runtime, actor, slug, form, columns_of)
                await announce_change(runtime, work, webhook, [ActivityKind.WEBHOOK_CREATED])
                if check_made is not None:
                    await check_made()
                return webhook
        except IntegrityError:
            # Another creator committed the same slug meanwhile: look again. Only the unique index
            # knows.
            continue
    raise Unavailable("Too many webhooks of this name are being made at once. Try again.")


async def _insert(
    runtime: Runtime, actor: Actor, slug: str, form: Form, columns_of: ColumnsOf
) -> Webhook:
    webhook = _new(runtime, actor, slug, form)
    webhook.update_from_dict(columns_of(webhook.id))
    await webhook.save(force_create=True)
    whole = {"slug": slug, **canonical(webhook, runtime.vault)}
    at = ("wh", webhook.id)
    await audit.record(actor.workspace_id, actor.stored, "webhook.create", at, None, whole)
    return webhook


def _new(runtime: Runtime, actor: Actor, slug: str, form: Form) -> Webhook:
    key, now = ids.uuid7(), clock.now()
    whole = {
        **form,
        "signingSecret": form.get("signingSecret") or signing.new_secret(form["signingAlgorithm"]),
    }
    made = columns(whole, key, actor.workspace_id, runtime.vault)
    return Webhook(
        id=key,
        workspace_id=actor.workspace_id,
        slug=slug,
        created_at=now,
        created_by=actor.stored,
        modified_at=now,
        modified_by=actor.stored,
        **made,
    )


async def _slug(workspace_id: UUID, given: str | None, name: str, problems: list[Problem]) -> str:
    """The slug to use: the given one, or the first free one that the name suggests. Adds the
    problem of a given one that can't be had.
    """
    base = given if given is not None else slug_of(name)
    if given is not None and (wrong := check_slug(given)):
        problems += wrong
        return base
    # A deleted webhook gives its slug back: the unique index holds the others only.
    undeleted = Webhook.filter(workspace_id=workspace_id, deleted_at__isnull=True)
    if not await undeleted.filter(slug=base).exists():
        return base
    if given is not None:
        problems.append(
            Problem(
                Code.TAKEN,
                f"Another webhook has the slug {given}. Choose another one, or leave it out.",
                ("slug",),
            )
        )
        return base
    # a suffix may push the end of a long base out, so all that begin like its shortest form are
    # looked at
    rows = await undeleted.filter(slug__startswith=base[: SLUG_LENGTH - 12]).values_list(
        "slug", flat=True
    )
    taken = set(map(str, rows))
    return next(
        slug
        for number in range(2, len(taken) + 3)
        if (slug := _numbered(base, number)) not in taken
    )


def _numbered(base: str, number: int) -> str:
    suffix = f"-{number}"
    return base[: SLUG_LENGTH - len(suffix)].rstrip("-") + suffix
