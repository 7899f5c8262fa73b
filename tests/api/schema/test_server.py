"""Fields that any token may read: itself and the server. A scope that is lacking costs no more than
its own field.
"""

from datetime import timedelta

from api.tokens import TokenAuthenticator
from hookline import __version__, clock, ids
from hookline.access import tokens
from hookline.runtime import Runtime
from tests.api.schema.asking import Asker
from tests.making import WORKSPACE

SERVER = """{ server { version environments largestEventBytes hasMailServer
    retention { eventDays attemptDays notificationDays } } }"""


async def test_server_tells_any_token_its_version_limits_and_environments(admin: Asker) -> None:
    settings = admin.runtime.settings
    assert (await admin.with_scopes().data(SERVER))["server"] == {
        "version": __version__,
        "environments": list(settings.environments),
        "largestEventBytes": settings.max_event_bytes,
        "hasMailServer": False,
        "retention": {
            "eventDays": settings.event_days,
            "attemptDays": settings.attempt_days,
            "notificationDays": settings.notification_days,
        },
    }


async def test_viewer_is_told_its_id_its_role_and_when_it_expires(admin: Asker) -> None:
    asked = "{ viewer { id role expiresAt } }"
    viewer = (await admin.as_role("editor").data(asked))["viewer"]
    assert ids.decode(viewer["id"])[0] == "tok"
    assert (viewer["role"], viewer["expiresAt"]) == ("EDITOR", None)
    chosen = (await admin.with_scopes("webhooks:read").data(asked))["viewer"]
    assert chosen["role"] is None


async def test_the_expiry_of_a_token_reaches_its_actor(runtime: Runtime) -> None:
    until = clock.now() + timedelta(days=1)
    token, text = await tokens.create(
        runtime.database, WORKSPACE, "expiring", ["webhooks:read"], until
    )
    authenticator = TokenAuthenticator(runtime.database, runtime.hub)
    try:
        actor = await authenticator.authenticate(f"Bearer {text}")
    finally:
        await authenticator.close()
    assert (actor.token_id, actor.expires_at) == (token.id, until)


async def test_a_scope_that_is_lacking_nulls_its_own_field_only(admin: Asker) -> None:
    reader = admin.with_scopes("webhooks:read")
    answer = await reader.answer(
        "{ webhooks { totalCount } events { totalCount } deliveries { totalCount } "
        "attempts { totalCount } notifications { totalCount } liveCursor eventTypes { totalCount } "
        "auditEntries { totalCount } tokens { totalCount } viewer { name } "
        'stats(since: "2026-01-01T00:00:00Z", step: DAY) { attempts } }'
    )
    assert set(answer.codes) == {"FORBIDDEN"}
    assert {name for name, value in (answer.data or {}).items() if value is not None} == {
        "webhooks",
        "eventTypes",
        "viewer",
    }
    assert {error["path"][0] for error in answer.errors} == {
        name for name, value in (answer.data or {}).items() if value is None
    }
