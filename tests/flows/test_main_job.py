"""The job that Hookline exists for: a webhook kept in a YAML file, an event, a signed request, the
attempt in the log and live.
"""

from pathlib import Path

import orjson
from standardwebhooks import Webhook as Verifier

from tests.flows.installation import Installation
from tests.receivers import Receiver

FILE = """
version: 1
set: shop
webhooks:
  order-sync:
    name: Order sync
    url: {url}
    environments: [production]
    events: [order.*.create]
    headers: {{ X-Source: shop }}
    secretHeader: {{ name: X-Webhook-Secret, value: "${{env:CRM_KEY}}" }}
"""
LIVE = (
    "subscription($after: String) { attempts(after: $after) { cursor gap node { outcome "
    "statusCode webhook { slug } event { id } } } }"
)
LOG = (
    "{ attempts(first: 1) { nodes { number outcome cause statusCode requestBody requestHeaders "
    "{ name value } delivery { status } } } }"
)


async def test_an_event_becomes_a_signed_request_an_attempt_and_a_live_event(
    hookline: Installation, tmp_path: Path
) -> None:
    async with Receiver() as receiver:
        # a file in git says what is wanted, a command makes it so
        config = tmp_path / "webhooks.yaml"
        config.write_text(FILE.format(url=receiver.url))
        applied = hookline.run("sync", "apply", "-f", str(config), "--yes", CRM_KEY="s3cr3t")
        assert "1 create" in applied.stdout

        # somebody watches
        cursor = (await hookline.graphql("{ liveCursor }"))["liveCursor"]
        async with hookline.subscription(LIVE, after=cursor) as live:
            # a program publishes
            published = await hookline.publish({"total": 120})
            assert published["deliveryCount"] == 1

            # the receiver gets it, signed
            await receiver.wait_for(1)
            request = receiver.requests[0]
            assert orjson.loads(request.body)["data"] == {"total": 120}
            assert request.header("X-Source") == "shop"
            assert request.header("X-Webhook-Secret") == "s3cr3t"
            assert Verifier(await secret_of(hookline, "order-sync")).verify(
                request.body, dict(request.headers)
            )

            # whoever watches sees it
            event = (await live.next())["attempts"]
            assert event["gap"] is False
            assert event["node"] == {
                "outcome": "SUCCEEDED",
                "statusCode": 200,
                "webhook": {"slug": "order-sync"},
                "event": {"id": published["event"]["id"]},
            }

        # and support finds it in the log, without the secret
        attempt = (await hookline.graphql(LOG))["attempts"]["nodes"][0]
        assert (attempt["number"], attempt["cause"]) == (1, "PUBLISH")
        assert attempt["delivery"]["status"] == "SUCCEEDED"
        assert orjson.loads(attempt["requestBody"]) == orjson.loads(request.body)
        assert {"name": "X-Webhook-Secret", "value": None} in attempt["requestHeaders"]
        assert b"s3cr3t" not in hookline.log.read_bytes()


async def secret_of(hookline: Installation, slug: str) -> str:
    webhook = (
        await hookline.graphql(
            "query($slug: String!) { webhookBySlug(slug: $slug) { id } }", slug=slug
        )
    )["webhookBySlug"]
    return str((await hookline.mutate("webhookSecretReveal", "secret", id=webhook["id"]))["secret"])
