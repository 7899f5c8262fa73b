"""A shop's webhooks with a day behind them, for pictures: made by the API, but for the time that
has passed, which is written into the database of a server that stands still.
"""

import sqlite3
import time
from typing import Final

from hookline.deliveries.histogram import bucket_of
from tests.browser.console import Server

HOUR: Final = 3_600
ALL: Final = ["development", "staging", "production"]
SET: Final = {
    "crm": ("CRM", "Customers and what they agreed to", ["customer.*.*"]),
    "search-index": ("Search index", "Keeps the catalogue searchable", ["product.*.*"]),
    "warehouse": ("Warehouse", "Orders to pick", ["order.order.*", "stock.item.update"]),
}
BY_HAND: Final = {
    "analytics": ("Analytics", "Everything, for the data team", ["*.*.*"]),
    "billing": ("Billing", "Paid orders become invoices", ["order.payment.create"]),
    "partner-returns": ("Partner returns", "Parcels on their way back", ["order.return.*"]),
}
# Attempts of an hour of the day, and one of how many fails.
TRAFFIC: Final = {
    "crm": (40, 0),
    "search-index": (260, 90),
    "warehouse": (120, 14),
    "analytics": (420, 210),
    "billing": (35, 0),
    "partner-returns": (9, 1),
}
TEMPLATE: Final = """{
  "invoice": {{ event.data.id }},
  "total": {{ event.data.total }},
  "customer": {{ event.data.customer.name }}
}"""
ALERTS: Final = "stock-alerts"
SOURCE: Final = {
    "commit": "9f2c1ab0c0ffee9f2c1ab0c0ffee4d2e1b7a9c30",
    "branch": "main",
    "author": "Ines Okafor",
}
ORDER: Final = {"id": 4711, "total": 249.0, "customer": {"name": "Ada Byron"}}
CREATE: Final = """mutation($input: WebhookCreateInput!) { webhookCreate(input: $input) {
  webhook { id } userErrors { field message } } }"""
APPLY: Final = """mutation($input: SyncApplyInput!) { syncApply(input: $input) {
  revision { number } problems { message } userErrors { message } } }"""
CHANGE: Final = """mutation($input: WebhookUpdateInput!) { webhookUpdate(input: $input) {
  userErrors { field message } } }"""
SAVE_TYPE: Final = """mutation($input: EventTypeSaveInput!) { eventTypeSave(input: $input) {
  userErrors { field message } } }"""


def furnish(server: Server) -> dict[str, str]:
    """Fills a server that has the sample webhooks. Returns the ids of the webhooks by slug."""
    apply(server, timeout="20s", message="Warehouse, search and CRM")
    apply(server, timeout="15s", message="Answers within 15 s")
    ids = {slug: id_of(server, slug) for slug in ("echo", *SET)}
    for slug, (name, description, events) in BY_HAND.items():
        form: dict[str, object] = {"name": name, "slug": slug, "description": description}
        form |= {
            "events": events,
            "url": f"https://{slug}.example.com/hooks",
            "environments": ["production"],
        }
        ids[slug] = create(server, form)
    alerts: dict[str, object] = {
        "name": "Stock alerts",
        "slug": ALERTS,
        "description": "Tells the buyers",
    }
    alerts |= {"url": f"{server.url}/_echo/fail", "active": False, "environments": ["development"]}
    alerts |= {"events": ["stock.item.low"], "retry": {"schedule": ["5s", "1h"]}}
    ids[ALERTS] = create(server, alerts)
    force = {"force": True, "reason": "Incident 318: it answers slowly"}
    change(server, {"id": ids["warehouse"], "timeout": "25s", "concurrency": 4, **force})
    move = {"force": True, "reason": "Moves to the new cluster"}
    change(server, {"id": ids["crm"], "url": "https://crm.example.com/v2/hooks", **move})
    conditions = {"data.total": {"gte": 100}}
    change(server, {"id": ids["billing"], "payloadTemplate": TEMPLATE, "filter": conditions})
    paid = {"name": "order.payment.create", "sample": ORDER, "description": "An order was paid"}
    assert server.graphql(SAVE_TYPE, input=paid)["eventTypeSave"]["userErrors"] == []
    server.kill()
    let_a_day_pass(server)
    server.start()
    return ids


def apply(server: Server, timeout: str, message: str) -> None:
    webhooks = {
        slug: {
            "name": name,
            "description": description,
            "url": f"https://{slug}.example.com/hooks",
            "environments": ALL[2:],
            "events": events,
            "timeout": timeout,
        }
        for slug, (name, description, events) in SET.items()
    }
    document = {"version": 1, "set": "shop", "webhooks": webhooks}
    given = {"set": "shop", "document": document, "message": message, "source": SOURCE}
    given["positions"] = {
        f"webhooks.{slug}": ["config/shop.yaml", 8 + 9 * at, 3] for at, slug in enumerate(SET)
    }
    answer = server.graphql(APPLY, input=given)["syncApply"]
    assert answer["revision"] is not None, answer


def create(server: Server, form: dict[str, object]) -> str:
    made = server.graphql(CREATE, input=form)["webhookCreate"]
    assert made["userErrors"] == []
    return str(made["webhook"]["id"])


def change(server: Server, form: dict[str, object]) -> None:
    assert server.graphql(CHANGE, input=form)["webhookUpdate"]["userErrors"] == []


def id_of(server: Server, slug: str) -> str:
    query = "query($slug: String!) { webhookBySlug(slug: $slug) { id } }"
    return str(server.graphql(query, slug=slug)["webhookBySlug"]["id"])


def let_a_day_pass(server: Server) -> None:
    """Counters of the last day's attempts, and a webhook that failed until it was disabled."""
    now = int(time.time())
    connection = sqlite3.connect(server.folder / "var" / "hookline.db")
    keys = dict(connection.execute("select slug, id from webhook"))
    rows = [
        (keys[slug], 3_600, (now // HOUR - age) * HOUR * 1_000_000, *counts)
        for slug, (rate, every) in TRAFFIC.items()
        for age in range(1, 24)
        for counts in counters(rate, every, age)
    ]
    with connection:
        connection.executemany("insert into webhook_stat values (?, ?, ?, ?, ?, ?)", rows)
        connection.execute(
            "update webhook set auto_disabled_at = ?, auto_disabled_reason = 'FAILURES',"
            " failing_since = ?, consecutive_failures = 214, last_status_code = 503"
            " where slug = 'partner-returns'",
            ((now - 2 * HOUR) * 1_000_000, (now - 26 * HOUR) * 1_000_000),
        )
    connection.close()


def counters(rate: int, every: int, age: int) -> list[tuple[int, int, int]]:
    """An hour's attempts by class of duration; the day has its quiet hours."""
    attempts = rate * (30 + (age * 37) % 23 + 47 * abs(12 - age) // 12) // 100
    found = []
    for share, duration_ms in ((0.6, 40 + age), (0.35, 75 + 3 * age), (0.05, 240 + 9 * age)):
        number = round(attempts * share)
        failures = number // every if every else 0
        if number:
            found.append((bucket_of(duration_ms), number, failures))
    return found
