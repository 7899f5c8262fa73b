"""The reference's example of each operation: valid, and run against one server, with its ids."""

import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest
from graphql import parse, validate

from tests.flows.installation import Installation, Json
from tests.receivers import Received, Receiver, Reply
from tests.waiting import eventually
from tools.docs_site.reference.examples import examples
from tools.docs_site.reference.graphql import root_fields, served_schema

pytestmark = pytest.mark.engines("sqlite")
_ID: Final = re.compile(r"\b[a-z]+_01m8a79hmre5xb6zsfmbk1\w{4}\b")
SCHEMA: Final = served_schema()


def of_kind(kind: str) -> dict[str, str]:
    return {name: text for (found, name), text in examples().items() if found == kind}


def test_each_operation_has_an_example_that_is_valid_and_asks_for_it() -> None:
    assert set(examples()) == {(kind, name) for kind, name, _ in root_fields()}
    for (_, name), text in examples().items():
        assert validate(SCHEMA, parse(text)) == [], name
        assert re.search(rf"\b{name}\b", text.partition("{")[2]), name


def reply(got: Received) -> Reply:
    return Reply(500 if got.path.endswith("/down") else 200)


class Server:
    """An installation with what the examples name. ids: real ones for those of the examples."""

    def __init__(self, hookline: Installation) -> None:
        self.hookline = hookline
        self.ids: dict[str, str] = {}

    async def run(self, name: str, text: str) -> Json:
        """Data of an example's answer, which must be without errors of any kind."""
        answer = await self.hookline.graphql(self.real(text))
        payload = answer[name]
        if isinstance(payload, Mapping):
            told = [error["code"] for error in payload.get("userErrors", [])]
            # A job of two deliveries may have ended before it is cancelled.
            assert told in ([], ["NOT_ALLOWED"] if name == "jobCancel" else []), (name, payload)
            assert payload.get("problems", []) == [], (name, payload)
        return payload

    def real(self, text: str) -> str:
        return _ID.sub(lambda found: self.ids[found[0]], text)

    def know(self, kind: str, last: str, real: str) -> None:
        self.ids[f"{kind}_01m8a79hmre5xb6zsfmbk1wa{last}"] = real


async def furnished(hookline: Installation, receiver: Receiver) -> Server:
    """Webhooks, of which one has an open delivery, and a token."""
    server = Server(hookline)
    more = {"notificationEmails": ["ops@example.com"]}
    server.know("wh", "17", await hookline.create_webhook(receiver.url, slug="orders", **more))
    for last in ("18", "19"):
        server.know("wh", last, await hookline.create_webhook(receiver.url, events=["a.b.c"]))
    down = f"{receiver.url}/down"
    retry = {"schedule": ["1h"]}
    failing = await hookline.create_webhook(down, events=["held.held.held"], retry=retry)
    await hookline.publish({}, "held.held.held")
    made = await hookline.mutate("tokenCreate", "token { id }", name="old", role="PUBLISHER")
    server.know("tok", "17", made["token"]["id"])
    form = {"name": "Laptop", "events": ["*.*.*"], "environments": ["production"]}
    made = await hookline.mutate("listenerCreate", "listenerId", **form)
    server.know("wh", "1d", made["listenerId"])
    await hookline.publish({"id": 0})
    query = "query($id: ID!) { deliveries(filter: {webhookId: $id}) { nodes { id attemptCount } } }"
    for last, webhook in (("17", server.ids["wh_01m8a79hmre5xb6zsfmbk1wa17"]), ("18", failing)):

        async def attempted(webhook: str = webhook) -> str | None:
            [found] = (await hookline.graphql(query, id=webhook))["deliveries"]["nodes"]
            return str(found["id"]) if found["attemptCount"] else None

        server.know("dlv", last, str(await eventually(attempted)))
    return server


async def test_all_examples_do_what_they_say(sqlite_database: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        hookline = await stack.enter_async_context(Installation(tmp_path, sqlite_database))
        receiver = await stack.enter_async_context(Receiver([reply]))
        await hookline.start()
        server = await furnished(hookline, receiver)
        following = {
            name: await stack.enter_async_context(hookline.subscription(server.real(text)))
            for name, text in of_kind("Subscription").items()
        }
        handed = await following["listenerRequests"].next()
        server.know("lrq", "17", handed["listenerRequests"]["request"]["id"])
        for name, text in of_kind("Mutation").items():
            payload = await server.run(name, text)
            if name == "deliveriesRetry":
                server.know("job", "17", payload["job"]["id"])
            if name == "syncApply":
                found = await hookline.graphql('{ webhookBySlug(slug: "crm") { id } }')
                server.know("wh", "1c", found["webhookBySlug"]["id"])
                await server.run(name, text.replace("crm.example.com/in", "crm.example.com/new"))
        for name, text in of_kind("Query").items():
            await server.run(name, text)
        for name, subscription in following.items():
            assert (await subscription.next())[name]
