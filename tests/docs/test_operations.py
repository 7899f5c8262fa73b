"""The guides for those who run Hookline: followed on PostgreSQL, from the first start to a restored
copy; and what no program here reads (units, proxies, alarms) compared with the code.
"""

import os
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import yaml

from api.transport.requests import LARGE_BODY_LIMIT_BYTES
from hookline.settings.fields import Settings
from hookline.shutdown import GRACE_SECONDS
from tests.contracts.test_metrics_page import METRICS
from tests.docs.operator import Operator, directives
from tests.docs.walk import blocks
from tests.processes import PROJECT
from tests.waiting import eventually

SETUP: Final = blocks("docs/how-to/go-to-production.md")
MONITOR: Final = blocks("docs/how-to/monitor.md")
BACKUP: Final = blocks("docs/how-to/back-up-and-restore.md")
UPGRADE: Final = blocks("docs/how-to/upgrade.md")
SETTINGS, API, WORKER, SUPERVISOR = [text for kind, text in SETUP if kind == "ini"]
[SQL], [NGINX], [CADDY] = (
    [text for kind, text in SETUP if kind == one] for one in ("sql", "nginx", "caddyfile")
)


def commands(page: list[tuple[str, str]], beginning: str) -> str:
    """The block of commands that begins so."""
    [found] = [text for kind, text in page if kind == "sh" and text.startswith(beginning)]
    return found


def shown(page: list[tuple[str, str]]) -> list[str]:
    return [text.strip() for kind, text in page if kind in ("text", "json")]


@pytest.fixture
async def operator(postgres_database: str, tmp_path: Path) -> AsyncIterator[Operator]:
    """One whose role and database are made as the page says. They go with the test."""
    connection = await asyncpg.connect(postgres_database)
    operator = Operator(tmp_path, SETTINGS, postgres_database)
    try:
        for statement in SQL.strip().split("\n"):
            await connection.execute(statement)
        await connection.execute("create database restored owner hookline")
        yield operator
    finally:
        await operator.end()
        for name in ("hookline", "restored"):
            await connection.execute(f"drop database if exists {name} with (force)")
        await connection.execute("drop role if exists hookline")
        await connection.close()


async def test_installation_is_made_watched_backed_up_restored_and_upgraded(
    operator: Operator,
) -> None:
    first = operator.type(commands(SETUP, "hookline migrate"))
    assert "applied 0001_initial" in first
    assert "warning  workers     None is running" in first
    operator.environment["HOOKLINE_TOKEN"] = re.findall(r"^hl_\S+$", first, re.MULTILINE)[0]
    operator.serve(API)
    operator.serve(WORKER)
    await eventually(operator.is_ready)
    assert "evt_" in operator.type(commands(SETUP, "curl"))

    assert operator.type(commands(MONITOR, "curl -s http")) == shown(MONITOR)[0]
    assert int(operator.type(commands(MONITOR, "curl -s -H"))) > 5
    made = "hookline webhooks create --name A --url https://a.example -e production --event '*.*.*'"
    operator.type(made)
    assert '"slug": "a"' in operator.type(commands(MONITOR, "hookline webhooks"))

    operator.type(commands(BACKUP, "pg_dump"), HOOKLINE_DATABASE_URL=operator.database("hookline"))
    restored = operator.database("restored")
    printed = operator.type(commands(BACKUP, "pg_restore"), RESTORED_URL=restored)
    assert shown(BACKUP)[0] in printed
    assert await counts(restored) == await counts(operator.database("hookline"))
    other_key = b64encode(bytes(32)).decode()
    with pytest.raises(AssertionError, match="problem  keys"):
        operator.type("hookline doctor", HOOKLINE_SECRET_KEYS=other_key)

    assert operator.type(commands(UPGRADE, "hookline")).strip() == shown(UPGRADE)[0]


async def counts(database: str) -> list[int]:
    connection = await asyncpg.connect(database)
    try:
        names = ("webhook", "event", "token")
        found = [await connection.fetchval(f"select count(*) from {name}") for name in names]
    finally:
        await connection.close()
    assert all(found)
    return found


def test_services_wait_for_a_clean_end_and_have_descriptors() -> None:
    ends_after = Settings.model_fields["shutdown_seconds"].default + GRACE_SECONDS
    for unit in (API, WORKER):
        service = directives(unit)["Service"]
        assert int(service["TimeoutStopSec"]) > ends_after
        assert service["Restart"] == "always"
        assert int(service["LimitNOFILE"]) >= 4_096
    supervisor = directives(SUPERVISOR)
    for unit, name in ((API, "hookline-api"), (WORKER, "hookline-worker")):
        program = supervisor[f"program:{name}"]
        command = directives(unit)["Service"]["ExecStart"].removeprefix("/usr/local/bin/")
        assert f'exec {command}"' in program["command"]
        assert int(program["stopwaitsecs"]) > ends_after


def test_proxies_read_bodies_whole_and_hold_connections_for_less_than_hookline(
    tmp_path: Path,
) -> None:
    mebibytes = LARGE_BODY_LIMIT_BYTES // 1024 // 1024
    assert f"client_max_body_size {mebibytes}m;" in NGINX
    assert CADDY.count(f"{mebibytes}MB") == 2
    assert "proxy_request_buffering on;" in NGINX
    assert re.findall(r"keepalive(?:_timeout)? (\d)s", NGINX + CADDY) == ["4", "4"]
    assert {NGINX.count("{"), CADDY.count("{")} == {NGINX.count("}"), CADDY.count("}")}
    # Read by the programs where they are installed.
    if nginx := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a"]
        subprocess.run(
            [*made, "-keyout", "key.pem", "-out", "fullchain.pem"], cwd=tmp_path, check=True
        )
        text = NGINX.replace("/etc/ssl/hooks.example.com/privkey", f"{tmp_path}/key")
        text = text.replace("/etc/ssl/hooks.example.com", str(tmp_path))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {tmp_path}/{kind}; " for kind in kinds)
        whole = f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {folders} {text} }}"
        (tmp_path / "nginx.conf").write_text(whole)
        subprocess.run([nginx, "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"], check=True)


def test_alarms_ask_for_numbers_that_there_are_and_each_is_explained() -> None:
    scraped, rules = (yaml.safe_load(text) for kind, text in MONITOR if kind == "yaml")
    assert scraped["rule_files"] == ["alarms.yml"]
    [group], [job] = rules["groups"], scraped["scrape_configs"]
    page = (PROJECT / "docs/how-to/monitor.md").read_text("utf-8")
    for rule in group["rules"]:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        names = set(re.findall(r"\b(?:hookline|process)_\w+", rule["expr"]))
        assert names <= {*METRICS, "process_open_fds", "process_max_fds"}
        known = {label for name in names & set(METRICS) for label in METRICS[name][1]}
        labels = set(re.findall(r"(?:by \(|\{)(\w+)", rule["expr"]))
        assert labels <= known | {"instance", "job"}
        assert re.findall(r'job="(\w+)"', rule["expr"]) in (
            [],
            [job["job_name"]] * len(names or [0]),
        )
        assert f"| `{rule['alert']}` |" in page
