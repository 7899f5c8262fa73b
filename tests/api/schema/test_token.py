"""Tokens and the viewer by GraphQL: who may make which, and what is shown of them."""

from typing import Any

import pytest

from hookline import ids
from hookline.access import tokens
from hookline.access.scopes import ROLES
from hookline.models import Token
from tests.api.schema.asking import Asker, told
from tests.making import WORKSPACE, make_workspace
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite")

CREATE = """mutation ($input: TokenCreateInput!) { tokenCreate(input: $input) {
    token { id name lastFour scopes expiresAt revokedAt } secret userErrors { field message code } }
      }"""
REVOKE = (
    "mutation ($id: ID!) { tokenRevoke(input: {id: $id}) { token { revokedAt } userErrors { "
    "field code } } }"
)


async def test_a_token_shows_its_secret_once(admin: Asker) -> None:
    payload = (await admin.data(CREATE, input={"name": "ci", "role": "PUBLISHER"}))["tokenCreate"]
    assert payload["secret"].startswith("hl_")
    assert (payload["token"]["scopes"], payload["token"]["lastFour"]) == (
        ["events:publish"],
        payload["secret"][-4:],
    )
    listed = (
        await admin.data(
            "{ tokens { nodes { name lastFour scopes createdAt lastUsedAt } totalCount } }"
        )
    )["tokens"]
    assert [node["name"] for node in listed["nodes"]] == ["ci"]
    assert payload["secret"] not in str(listed)


@each_of(
    "wanted, expected",
    [
        ({"name": "a"}, {("REQUIRED", "input.scopes")}),
        ({"name": "a", "scopes": []}, {("REQUIRED", "input.scopes")}),
        ({"name": "a", "scopes": ["audit:read"] * 101}, {("TOO_MANY", "input.scopes")}),
        ({"name": "a", "role": "VIEWER", "scopes": ["webhooks:read"]}, {("INVALID", "input.role")}),
        (
            {"name": "", "scopes": ["nonsense"], "expiresAt": "2020-01-01T00:00:00Z"},
            {
                ("REQUIRED", "input.name"),
                ("INVALID", "input.scopes.0"),
                ("OUT_OF_RANGE", "input.expiresAt"),
            },
        ),
    ],
)
async def test_every_mistake_is_told_with_its_path(
    admin: Asker, wanted: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert told((await admin.data(CREATE, input=wanted))["tokenCreate"]) == expected


@pytest.mark.engines("sqlite", "postgres")
async def test_nobody_gives_a_scope_that_they_lack(admin: Asker) -> None:
    small = admin.with_scopes("tokens:admin", "events:publish")
    assert told(
        (await small.data(CREATE, input={"name": "a", "role": "ADMIN"}))["tokenCreate"]
    ) == {("NOT_ALLOWED", "input.role")}
    refused = (
        await small.data(CREATE, input={"name": "a", "scopes": ["events:publish", "secrets:read"]})
    )["tokenCreate"]
    assert told(refused) == {("NOT_ALLOWED", "input.scopes.1")}
    assert not await Token.exists()
    assert (await small.data(CREATE, input={"name": "a", "role": "PUBLISHER"}))["tokenCreate"][
        "secret"
    ]


async def test_a_token_of_one_set_gives_away_no_other(admin: Asker) -> None:
    bound = admin.with_scopes("tokens:admin", "sync:apply:team-a")
    for scope, expected in (
        ("sync:apply:team-a", set()),
        ("sync:apply:team-b", {("NOT_ALLOWED", "input.scopes.0")}),
        ("sync:apply", {("NOT_ALLOWED", "input.scopes.0")}),
    ):
        given = {"name": scope, "scopes": [scope]}
        assert told((await bound.data(CREATE, input=given))["tokenCreate"]) == expected
    given = {"name": "b", "scopes": ["sync:plan:team-b"]}
    made = (await admin.data(CREATE, input=given))["tokenCreate"]
    assert made["token"]["scopes"] == ["sync:plan:team-b"]


async def test_a_name_that_is_taken_is_told_at_its_path(admin: Asker) -> None:
    given = {"name": "ci", "role": "VIEWER"}
    await admin.data(CREATE, input=given)
    assert told((await admin.data(CREATE, input=given))["tokenCreate"]) == {("TAKEN", "input.name")}


@pytest.mark.engines("sqlite", "postgres")
async def test_a_token_is_revoked_once_and_for_all(admin: Asker) -> None:
    row, _ = await tokens.create(admin.runtime.database, WORKSPACE, "ci", ROLES["viewer"])
    first = (await admin.data(REVOKE, id=ids.encode("tok", row.id)))["tokenRevoke"]
    assert first["token"]["revokedAt"]
    assert (await admin.data(REVOKE, id=ids.encode("tok", row.id)))["tokenRevoke"] == first
    assert told((await admin.data(REVOKE, id=ids.encode("tok", ids.uuid7())))["tokenRevoke"]) == {
        ("NOT_FOUND", "input.id")
    }


@pytest.mark.engines("sqlite", "postgres")
async def test_another_workspaces_tokens_are_nowhere(admin: Asker) -> None:
    row, _ = await tokens.create(
        admin.runtime.database, await make_workspace(admin.runtime), "theirs", ROLES["viewer"]
    )
    key = ids.encode("tok", row.id)
    assert await admin.data(
        "query ($id: ID!) { node(id: $id) { id } tokens { totalCount } }", id=key
    ) == {"node": None, "tokens": {"totalCount": 0}}
    assert told((await admin.data(REVOKE, id=key))["tokenRevoke"]) == {("NOT_FOUND", "input.id")}


async def test_the_viewer_is_the_token_and_its_workspace(admin: Asker) -> None:
    viewer = admin.as_role("publisher")
    found = await viewer.data(
        "{ viewer { name scopes workspace { id slug name createdAt } } environments }"
    )
    assert (found["viewer"]["name"], found["viewer"]["scopes"]) == ("tester", ["events:publish"])
    assert (found["viewer"]["workspace"]["slug"], found["environments"]) == (
        "default",
        ["development", "staging", "production"],
    )
    text = "query ($id: ID!) { node(id: $id) { ... on Workspace { slug } } }"
    assert (await viewer.data(text, id=found["viewer"]["workspace"]["id"]))["node"] == {
        "slug": "default"
    }
    assert (await viewer.data(text, id=ids.encode("ws", await make_workspace(admin.runtime))))[
        "node"
    ] is None
