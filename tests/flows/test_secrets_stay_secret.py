"""Every secret that is set, looked for afterwards in all that Hookline wrote: database files, log,
answers, exports, what commands print.
"""

import asyncio
import json
import os
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hookline.db.migrate import migrate
from hookline.outbound.signing import new_secret
from hookline.settings.fields import read_settings
from tests.flows.installation import JSON, Installation
from tests.postgresql import PostgreSQL
from tests.receivers import Received, Receiver, Reply
from tests.waiting import eventually

FILE = """version: 1
set: shop
webhooks:
  by-file:
    url: {url}
    environments: [production]
    events: [order.*.*]
    headers: {{ X-Shop-Token: "${{env:TOKEN_IN_FILE}}" }}
    secretHeader: {{ name: X-Webhook-Secret, value: "${{env:HEADER_IN_FILE}}" }}
    basicAuth: {{ username: shop, password: "${{env:PASSWORD_IN_FILE}}" }}
    signingSecret: "${{env:SIGNING_IN_FILE}}"
"""
ALL_WEBHOOKS = """{ webhooks { nodes { name url headers { name value } secretHeader { name } basicAuth { username } signing { algorithm publicKey
    secrets { createdAt expiresAt } } labels { key value } } } }"""
ALL_ATTEMPTS = """{ attempts(first: 100) { nodes { requestUrl requestHeaders { name value } requestBody responseHeaders { name value } responseBody
    errorMessage } } }"""
CREATE = (
    "mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { id } "
    "userErrors { field message code } } }"
)
ALL_NEWS = """{ notifications { nodes { kind message emails { address status error } } } auditEntries(first: 100) { nodes { action before after } }
    webhooks { nodes { health { backlog } stats(since: "2026-01-01T00:00:00Z", step: DAY) { attempts } } } }"""
DRY_RUN = """mutation($input: WebhookDryRunInput!) { webhookDryRun(input: $input) { matches reasons
  request { method url headers { name value } body }
    userErrors { field message } } }"""
TEST = """mutation($input: WebhookTestInput!) { webhookTest(input: $input) {
    attempt { requestHeaders { name value } requestBody responseBody errorMessage }
    userErrors { field message } } }"""
SMTP = "smtp://hookline:hush-smtp-5up3r@127.0.0.1:9?from=hooks@example.com"
TALKATIVE = {"HOOKLINE_SMTP_URL": SMTP, "HOOKLINE_LOG_LEVEL": "debug"}
BROKEN = "mutation($input: Int!) { webhookCreate(input: $input) { webhook { id } } }"


class Place:
    """The data of an installation: its files, and the server's."""

    def __init__(self, installation: Installation, server: PostgreSQL | None) -> None:
        self.installation, self._server = installation, server

    def files(self) -> list[Path]:
        """All that is on the disk, once the server has written it down."""
        if self._server:
            self._server.stop("fast")
        roots = [self.installation.folder, *([self._server.home] if self._server else [])]
        return [path for root in roots for path in root.rglob("*") if path.is_file()]


@pytest.fixture(params=["sqlite", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/hookline.db"
        await asyncio.to_thread(lambda: asyncio.run(migrate(read_settings(database_url=url))))
        async with Installation(tmp_path, url) as installation:
            installation.environment |= TALKATIVE
            await installation.start()
            yield Place(installation, None)
        return
    (folder := tmp_path / "server").mkdir()
    with PostgreSQL(folder) as server:
        await asyncio.to_thread(
            lambda: asyncio.run(migrate(read_settings(database_url=server.url)))
        )
        async with Installation(tmp_path, server.url) as installation:
            installation.environment |= TALKATIVE
            await installation.start()
            yield Place(installation, server)


def secret(name: str) -> str:
    return f'hush-{name}-"5up3r"'


SIGNING = {
    "set": new_secret("HMAC_SHA256"),
    "rotated": new_secret("ED25519"),
    "file": new_secret("HMAC_SHA256"),
}
REFERENCES = {
    f"{name}_IN_FILE": secret(name.lower()) for name in ("TOKEN", "HEADER", "PASSWORD")
} | {"SIGNING_IN_FILE": SIGNING["file"]}
FORM: dict[str, Any] = {
    "events": ["order.*.*"],
    "environments": ["production"],
    "headers": [{"name": "X-Api-Key", "value": secret("key")}, {"name": "X-Shop", "value": "7"}],
    "secretHeader": {"name": "X-Webhook-Secret", "value": secret("value")},
    "basicAuth": {"username": "shop", "password": secret("password")},
}
NOISY = {
    "payloadTemplate": '{"n": {{ event.data.n }}}',
    "retry": {"schedule": ["1s"]},
    "notifyOn": ["DELIVERY_FAILED"],
    "notificationEmails": ["ops@example.com"],
    "filter": {"data.n": {"gte": 0}},
}
REFUSED = {**FORM, "name": "c", "url": "ftp://nowhere", "signingSecret": SIGNING["set"][:-1] + "!"}


class Asked:
    """Answers and output of an installation. made: the secret that it made."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.texts: list[bytes] = []

    async def see(self, query: str, **variables: object) -> Any:
        """Asks for what there is to see."""
        await self.ask(query, **variables)
        answer = orjson.loads(self.texts[-1])
        assert "errors" not in answer, answer
        return answer["data"]

    async def ask(self, query: str, **variables: object) -> None:
        content = orjson.dumps({"query": query, "variables": variables})
        self.texts.append(
            (
                await self._installation.client.post("/graphql", content=content, headers=JSON)
            ).content
        )

    def run(self, *arguments: str) -> None:
        done = self._installation.run(*arguments)
        self.texts.append((done.stdout + done.stderr).encode())

    async def save_by_hand(self, url: str) -> None:
        await self.ask(
            CREATE,
            input={**FORM, "name": "a", "url": url, "signingSecret": SIGNING["set"], **NOISY},
        )
        await self.ask(
            CREATE, input={**FORM, "name": "b", "url": url, "signingAlgorithm": "ED25519"}
        )
        key = (await self._installation.graphql('{ webhookBySlug(slug: "b") { id } }'))[
            "webhookBySlug"
        ]["id"]
        await self._installation.mutate(
            "webhookSecretRotate", "expiresAt", id=key, secret=SIGNING["rotated"]
        )
        self.made = (await self._installation.mutate("webhookSecretRotate", "secret", id=key))[
            "secret"
        ]

    def save_by_file(self, url: str) -> None:
        file = self._installation.folder / "hooks.yaml"
        file.write_text(FILE.format(url=url))
        for verb in ("validate", "plan", "apply", "plan"):
            self.run("sync", verb, "-f", str(file))
        self.run("sync", "plan", "-f", str(file), "--format", "json")

    async def try_out(self) -> None:
        [one, *_] = (await self._installation.graphql("{ webhooks { nodes { id } } }"))["webhooks"][
            "nodes"
        ]
        draft = {
            **FORM,
            "name": "d",
            "url": "https://example.com/in",
            "signingSecret": SIGNING["set"],
        }
        for given in (
            {"id": one["id"]},
            {"draft": draft},
            {"draft": {**draft, "payloadTemplate": "{{ broken"}},
        ):
            await self.see(DRY_RUN, input=given)
        await self.see(TEST, input={"id": one["id"]})

    async def be_refused(self) -> None:
        for variables in (
            REFUSED,
            {**REFUSED, "secretHeader": secret("value")},
            {**REFUSED, "headers": {"name": secret("key")}},
        ):
            await self.ask(CREATE, input=variables)
            await self.ask(BROKEN, input=variables)


async def shake_hands(hookline: Installation) -> None:
    """Opens a WebSocket with the token in its handshake, which libraries log whole at debug."""
    bearer = f"Bearer {hookline.token}"
    async with connect(
        f"{hookline.url.replace('http', 'ws', 1)}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers={"Authorization": bearer},
    ) as socket:
        opening = {"type": "connection_init", "payload": {"Authorization": bearer}}
        await socket.send(json.dumps(opening))
        assert "connection_ack" in str(await socket.recv())


async def test_no_secret_is_found_anywhere_afterwards(place: Place) -> None:
    hookline = place.installation
    asked = Asked(hookline)
    hookline.environment |= REFERENCES
    async with Receiver(replies=[echo]) as receiver:
        await asked.save_by_hand(receiver.url)
        asked.save_by_file(receiver.url)
        await asked.be_refused()
        await hookline.publish({"n": 1})
        await receiver.wait_for(3)
        await eventually(lambda: recorded(hookline, 4))
        await asked.try_out()
        await eventually(lambda: tried_to_mail(hookline))
    await shake_hands(hookline)
    news = await asked.see(ALL_NEWS)
    assert {entry["action"] for entry in news["auditEntries"]["nodes"]} >= {
        "webhook.create",
        "webhook.secretRotate",
        "token.create",
    }
    await asked.see(ALL_WEBHOOKS)
    await asked.see(ALL_ATTEMPTS)
    asked.run("settings")

    sent = [value for request in receiver.requests for _, value in request.headers]
    assert sent.count(secret("key")) >= 3  # they were in use
    await hookline.__aexit__()
    everything = [*asked.texts, *(path.read_bytes() for path in place.files())]
    assert sum(map(len, everything)) > 100_000
    secrets = [
        "hush-smtp-5up3r",
        *REFERENCES.values(),
        *SIGNING.values(),
        asked.made,
        *(secret(name) for name in ("key", "value", "password")),
        hookline.token,
    ]
    for text in secrets:
        forms = {*forms_of(text), text[text.find("_") + 1 :].encode()}
        assert not [part[:200] for part in everything if any(form in part for form in forms)], text


async def test_the_key_is_changed_while_deliveries_go_on(own_hookline: Installation) -> None:
    hookline = own_hookline
    old, new = (
        (hookline.folder / "home/key").read_text().strip(),
        b64encode(os.urandom(32)).decode(),
    )

    async def restart(keys: str) -> None:
        for name in list(hookline.processes):
            await hookline.kill(name)
        hookline.environment["HOOKLINE_SECRET_KEYS"] = keys
        await hookline.start()

    async with Receiver() as receiver:
        await hookline.create_webhook(receiver.url, secretHeader=FORM["secretHeader"])
        await restart(f"{new},{old}")
        rotated = hookline.run("keys", "rotate")
        assert "1 of 1 webhooks had secrets under an older key" in rotated.stdout
        assert "0 of 1 webhooks" in hookline.run("keys", "rotate").stdout
        await hookline.publish({"n": 1})
        await receiver.wait_for(1)

        await restart(new)
        await hookline.publish({"n": 2})
        await receiver.wait_for(2)
    assert [request.header("X-Webhook-Secret") for request in receiver.requests] == [
        secret("value")
    ] * 2
    refused = hookline.run("keys", "rotate", exit_code=1, HOOKLINE_SECRET_KEYS=old)
    assert "HOOKLINE_SECRET_KEYS" in refused.stderr
    assert old not in refused.stderr


def echo(request: Received) -> Reply:
    """A failure with all that came, as it is and as gateways and functions wrap it."""
    plain = "\n".join(f"{k}: {v}" for k, v in request.headers)
    wrapped = json.dumps({"event": json.dumps({"headers": dict(request.headers)})})
    forms = [
        plain,
        wrapped,
        *(quote(text, safe="") for text in (plain, wrapped)),
        *(b64encode(text.encode()).decode() for text in (plain, wrapped)),
        # Each value alone, which begins at another third of a byte than in the whole.
        *(b64encode(value.encode()).decode() for _, value in request.headers),
    ]
    secret_value = request.header("X-Webhook-Secret") or ""
    return Reply(
        400,
        [("X-Echo", secret_value), ("X-Wrapped", quote(json.dumps(json.dumps(secret_value))))],
        "\n".join(forms).encode(),
    )


def forms_of(text: str) -> Iterator[bytes]:
    """A secret as it may stand in what was written: plain, in JSON once and twice, encoded for a
    URL, and in base64 from each third of a byte on.
    """
    once = json.dumps(text)[1:-1]
    for form in (text, once, json.dumps(once)[1:-1]):
        yield form.encode()
        yield quote(form, safe="").encode()
        for before in range(3):
            encoded = b64encode(b"\0" * before + form.encode())
            yield encoded[-(-before * 8 // 6) : (before + len(form)) * 8 // 6]


async def recorded(hookline: Installation, count: int) -> bool:
    return bool(
        (await hookline.graphql("{ attempts { totalCount } }"))["attempts"]["totalCount"] >= count
    )


async def tried_to_mail(hookline: Installation) -> bool:
    found = await hookline.graphql("{ notifications { nodes { emails { error } } } }")
    return any(mail["error"] for node in found["notifications"]["nodes"] for mail in node["emails"])
