"""Faults of a webhooks file, found by the command or by the server: told once, each at its
place.
"""

from pathlib import Path

import pytest

from tests.flows.installation import Installation

pytestmark = pytest.mark.parametrize("shared_installation", ["postgres"], indirect=True)

FILE = """version: 1
set: shop
webhooks:
  orders:
    url: https://crm.example.com/in
    environments: [production]
    events: [order.*.create]
"""
PRIVATE = """  invoices:
    url: https://10.0.0.1/in
    environments: [production]
    events: [invoice.*.*]
"""


async def test_what_is_wrong_is_told_once_whoever_finds_it(
    hookline: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "hooks.yaml"
    plan = ("sync", "plan", "-f", str(file))
    twice = "    events: [order.*.create, order.*.create]"
    file.write_text(FILE.replace("    events: [order.*.create]", twice))
    for command in (plan, ("sync", "apply", "-f", str(file), "--yes")):
        warned = hookline.run(*command)
        assert warned.stderr.count("duplicate-item") == 1
        # The item, not the field.
        assert f"{file}:7:30: warning[duplicate-item]" in warned.stderr
        assert "1 create" in warned.stdout or "1 unchanged" in warned.stdout

    # What the file alone shows, and what only the server knows.
    file.write_text(f"{FILE}    active: yes\n{PRIVATE}")
    for command in (plan, ("sync", "apply", "-f", str(file), "--yes")):
        refused = hookline.run(*command, exit_code=3)
        assert refused.stdout == ""
        assert f"{file}:8:13: error[type] webhooks.orders.active" in refused.stderr
        assert "hint: write true without quotes" in refused.stderr
        assert f"{file}:10:10: error[bad-url] webhooks.invoices.url: Address" in refused.stderr
        assert "2 errors: nothing can be applied." in refused.stderr


async def test_only_the_files_that_the_server_finds_something_in_are_checked_again(
    hookline: Installation, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(FILE)
    bad.write_text(f"version: 1\nset: shop\nwebhooks:\n{PRIVATE}    timeout: 99x\n")
    named = ("-f", str(tmp_path))
    refused = hookline.run("sync", "plan", *named, exit_code=3).stderr
    assert f"{bad}:8:14: error[format] webhooks.invoices.timeout" in refused
    assert f"{bad}:5:10: error[bad-url] webhooks.invoices.url: Address" in refused
    assert "2 errors: nothing can be applied." in refused

    # What both files together get wrong is told as well.
    bad.write_text(bad.read_text() + FILE.partition("webhooks:\n")[2])
    twice = hookline.run("sync", "plan", *named, exit_code=3).stderr
    assert f"{good}:4:3: error[duplicate-slug] webhooks.orders: orders stands at {bad}:9:3" in twice
