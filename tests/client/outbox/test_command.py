"""`hookline outbox`: the commands of the client in that of the server, where both are installed."""

import subprocess
import sys

from hookline_client.outbox.table import create_table
from tests.client.outbox.shop import CLIENT
from tests.processes import PROJECT

WITHOUT_CLIENT = """
import sys
sys.modules["hookline_client"] = None
from hookline.cli.main import main
main(sys.argv[1:])
"""


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *command],
        env={"PYTHONPATH": f"{PROJECT}:{CLIENT}"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_commands_are_those_of_the_client() -> None:
    assert run("-m", "hookline", "outbox", "table", "sqlite").stdout == create_table("sqlite")
    failed = run("-m", "hookline", "outbox", "status", "--database=sqlite:////nowhere.db")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "Error: There is no SQLite database /nowhere.db.\n"


def test_without_the_client_it_says_how_to_install_it() -> None:
    failed = run("-c", WITHOUT_CLIENT, "outbox", "relay", "--once")
    assert failed.returncode == 1
    assert "needs hookline-client: pip install" in failed.stderr
    assert run("-c", WITHOUT_CLIENT, "--help").returncode == 0
