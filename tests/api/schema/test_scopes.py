"""Deny by default: every field at the top asks for the scope that API's table names, and gives
nothing without it.
"""

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from api.schema import make_schema
from hookline import ids
from hookline.access.scopes import SCOPES
from tests.api.schema.asking import Asker
from tests.making import WORKSPACE
from tests.tables import each_of

KEY = ids.encode("wh", WORKSPACE)
FORM = '{name: "a", url: "https://a.example.com/", events: ["a.b.c"], environments: ["production"]}'
NOW = "2026-01-01T00:00:00Z"
EVENT = '{type: "a.b.c", environment: "production", data: 1}'
ASKED = {
    "{ liveCursor }": "deliveries:read",
    f'{{ webhook(id: "{KEY}") {{ id }} }}': "webhooks:read",
    '{ webhookBySlug(slug: "a") { id } }': "webhooks:read",
    "{ webhooks { totalCount } }": "webhooks:read",
    f'{{ stats(since: "{NOW}", step: DAY) {{ attempts }} }}': "deliveries:read",
    f'{{ failureCounts(since: "{NOW}") {{ exact }} }}': "deliveries:read",
    "{ events { totalCount } }": "deliveries:read",
    '{ eventPatternCounts(patterns: ["a.b.c"]) { exact } }': "deliveries:read",
    "{ unlistedEventTypes { exact } }": "deliveries:read",
    "{ deliveries { totalCount } }": "deliveries:read",
    "{ attempts { totalCount } }": "deliveries:read",
    f'{{ job(id: "{KEY}") {{ id }} }}': "deliveries:read",
    "{ jobs { totalCount } }": "deliveries:read",
    f'mutation {{ jobCancel(input: {{id: "{KEY}"}}) {{ userErrors {{ code }} }} }}': "deliveries:retry",
    "{ auditEntries { totalCount } }": "webhooks:audit",
    "{ eventTypes { totalCount } }": "webhooks:read",
    "{ notifications { totalCount } }": "deliveries:read",
    "{ syncSets { totalCount } }": "webhooks:read",
    "{ syncSources { totalCount } }": "webhooks:read",
    '{ syncSet(name: "a") { name } }': "webhooks:read",
    '{ syncFile(yaml: "a") { set } }': "webhooks:read",
    '{ syncRevisions(set: "a") { totalCount } }': "webhooks:read",
    '{ syncRevision(set: "a", number: 1) { id } }': "webhooks:read",
    '{ syncDrift(set: "a") { totalCount } }': "webhooks:read",
    '{ syncExport(set: "a") { head } }': "webhooks:read",
    "{ tokens { totalCount } }": "tokens:admin",
    f"mutation {{ webhookCreate(input: {FORM}) {{ webhook {{ id }} }} }}": "webhooks:write",
    f'mutation {{ webhookUpdate(input: {{id: "{KEY}"}}) {{ webhook {{ id }} }} }}': "webhooks:write",
    f'mutation {{ webhookSetActive(input: {{id: "{KEY}", active: true}}) {{ webhook {{ id }} }} }}': "webhooks:write",
    f'mutation {{ webhookDelete(input: {{id: "{KEY}"}}) {{ webhook {{ id }} }} }}': "webhooks:write",
    f'mutation {{ webhooksSetActive(input: {{webhooks: [{{id: "{KEY}"}}], active: true}}) '
    "{ results { webhook { id } } } }": "webhooks:write",
    f'mutation {{ webhooksDelete(input: {{webhooks: [{{id: "{KEY}"}}]}}) '
    "{ results { webhook { id } } } }": "webhooks:write",
    f'mutation {{ webhookRelease(input: {{id: "{KEY}"}}) {{ webhook {{ id }} }} }}': "webhooks:write",
    f'mutation {{ webhookSecretReveal(input: {{id: "{KEY}"}}) {{ secret }} }}': "secrets:read",
    f'mutation {{ webhookSecretRotate(input: {{id: "{KEY}"}}) {{ secret }} }}': "webhooks:write",
    'mutation { eventTypeSave(input: {name: "a.b.c"}) { userErrors { code } } }': "webhooks:write",
    'mutation { eventTypeDelete(input: {name: "a.b.c"}) { userErrors { code } } }': "webhooks:write",
    "mutation { workspaceUpdate(input: {}) { userErrors { code } } }": "tokens:admin",
    f'mutation {{ webhookTest(input: {{id: "{KEY}"}}) {{ delivery {{ id }} }} }}': "webhooks:write",
    f'mutation {{ webhookTestMail(input: {{id: "{KEY}"}}) {{ userErrors {{ code }} }} }}': "webhooks:write",
    f'mutation {{ webhookDryRun(input: {{id: "{KEY}"}}) {{ matches }} }}': "webhooks:read",
    'mutation { listenerCreate(input: {name: "a", events: ["a.b.c"], environments: ["production"]}) '
    "{ webhook { id } } }": "webhooks:listen",
    f'mutation {{ listenerRenew(input: {{id: "{KEY}"}}) {{ expiresAt }} }}': "webhooks:listen",
    f'mutation {{ listenerDelete(input: {{id: "{KEY}"}}) {{ expiresAt }} }}': "webhooks:listen",
    f'mutation {{ listenerAnswer(input: {{id: "{KEY}", durationMs: 1, statusCode: 200}}) '
    "{ userErrors { code } } }": "webhooks:listen",
    f"mutation {{ eventPublish(input: {EVENT}) {{ duplicate }} }}": "events:publish",
    f"mutation {{ eventPublishBatch(input: {{events: [{EVENT}]}}) {{ userErrors {{ code }} }} }}": "events:publish",
    f'mutation {{ deliveryRetry(input: {{id: "{KEY}"}}) {{ userErrors {{ code }} }} }}': "deliveries:retry",
    f'mutation {{ deliveryCancel(input: {{id: "{KEY}"}}) {{ userErrors {{ code }} }} }}': "deliveries:retry",
    f'mutation {{ deliveriesRetry(input: {{webhookId: "{KEY}", which: FAILED, since: "{NOW}"}}) '
    "{ job { id } } }": "deliveries:retry",
    'mutation { tokenCreate(input: {name: "a", role: VIEWER}) { secret } }': "tokens:admin",
    f'mutation {{ tokenRevoke(input: {{id: "{KEY}"}}) {{ userErrors {{ code }} }} }}': "tokens:admin",
}
BY_KIND = {
    "wh": "webhooks:read",
    "evt": "deliveries:read",
    "dlv": "deliveries:read",
    "att": "deliveries:read",
    "tok": "tokens:admin",
    "rev": "webhooks:read",
}
OF_ANY_TOKEN = {"node", "viewer", "server", "environments"}
ELSEWHERE = {"syncPlan", "syncApply", "syncRollbackPlan", "syncRollback"}
"""Tested beside what they do."""


@pytest.mark.engines("sqlite")
@each_of("text, scope", ASKED.items())
async def test_a_field_gives_nothing_without_its_scope(admin: Asker, text: str, scope: str) -> None:
    others = admin.with_scopes(*(SCOPES.keys() - {scope}))
    answer = await others.answer(text)
    assert answer.codes == ["FORBIDDEN"]
    assert scope in answer.errors[0]["message"]
    assert not answer.data or all(value is None for value in answer.data.values())
    assert await admin.codes(text) == []


@pytest.mark.engines("sqlite")
@each_of("prefix, scope", BY_KIND.items())
async def test_a_node_asks_for_the_scope_of_its_kind(admin: Asker, prefix: str, scope: str) -> None:
    text = f'{{ node(id: "{ids.encode(prefix, WORKSPACE)}") {{ id }} }}'
    assert await admin.with_scopes(*(SCOPES.keys() - {scope})).codes(text) == ["FORBIDDEN"]
    assert await admin.with_scopes(scope).codes(text) == []


@pytest.mark.engines("sqlite")
async def test_viewer_and_environments_need_no_scope(admin: Asker) -> None:
    assert (
        await admin.with_scopes().data("{ viewer { name scopes workspace { slug } } environments }")
    )["viewer"]["scopes"] == []


def test_every_field_at_the_top_stands_in_this_list() -> None:
    schema = make_schema()._schema
    roots = [root for root in (schema.query_type, schema.mutation_type) if root]
    fields = {name for root in roots for name in root.fields} - OF_ANY_TOKEN - ELSEWHERE
    assert fields == {name for name in fields if any(f" {name}" in text for text in ASKED)}


def test_no_list_is_without_its_page_arguments() -> None:
    schema = make_schema()._schema
    lists = [
        (kind.name, name)
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
        and not is_leaf_type(get_named_type(field.type))
        if not {"first", "after", "last", "before"} <= field.args.keys()
    ]
    assert lists == []
