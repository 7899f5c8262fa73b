"""Commands as somebody types them: what they print, where, and their exit codes."""

import io
import json
import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hookline.cli.main import exit_code_of, main
from tests.processes import run_hookline

PROJECT = Path(__file__).parents[3]


class Shell:
    """Runs `hookline` in a folder of its own, with nothing but the given settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"}

    def run(
        self, *arguments: str, text: str = "", **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        return run_hookline(arguments, self.folder, self.environment | environment, text)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_version_is_printed(shell: Shell) -> None:
    done = shell.run("--version")

    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"hookline \d+\.\d+\.\d+\n", done.stdout)


def ending_of(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return ended.value.code


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("dev", "--nonsense"),
        ("token",),
        ("token", "create", "ci", "--role", "king"),
        ("publish",),
        ("sync", "apply", "plan.json", "--on-drift", "keep"),
        ("sync", "apply", "plan.json", "--allow-empty"),
    ],
)
def test_wrong_usage_exits_with_64(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert ending_of(*arguments) == 64

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Usage: hookline" in printed.err


def test_choices_that_are_missing_are_listed_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending_of("completion") == 64

    assert "Choose from:\n  bash,\n  zsh,\n  fish\n" in capsys.readouterr().err


def test_a_wrong_setting_stops_a_command_with_its_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKLINE_PORT", "eighty")

    assert ending_of("settings") == 1

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("Error: HOOKLINE_PORT ")


@pytest.mark.parametrize("data", ["{", "NaN", '{"a": Infinity}', "@missing.json"])
def test_data_that_is_no_json_is_wrong_usage(capsys: pytest.CaptureFixture[str], data: str) -> None:
    assert ending_of("publish", "order.order.create", "-d", data) == 64

    assert "'-d' / '--data'" in capsys.readouterr().err


def test_data_from_a_file_without_an_end_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert ending_of("publish", "order.order.create", "-d", "@/dev/zero") == 64

    assert "is longer than 16 MiB, the most that a server takes." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff", "is not UTF-8."), (b"{", "is not JSON: ")], ids=["bytes", "half"]
)
def test_data_from_standard_input_is_read_as_a_file_is(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    why: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))

    assert ending_of("publish", "order.order.create", "-d", "-") == 64

    assert why in capsys.readouterr().err


def test_an_unexpected_failure_is_a_sentence_and_a_way_to_see_more(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def command() -> None:
        raise ZeroDivisionError(
            "nobody foresaw \x1b[2J postgres://me:hunter%20two@db and hunter two"
        )

    assert exit_code_of(command) == 1
    short = capsys.readouterr().err
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", "postgres://me:hunter%20two@db/name")
    monkeypatch.setenv("HOOKLINE_LOG_LEVEL", "debug")
    assert exit_code_of(command) == 1
    long = capsys.readouterr().err

    assert "unexpected ZeroDivisionError" in short
    assert "HOOKLINE_LOG_LEVEL=debug" in short
    assert "Traceback" not in short
    assert "Traceback" in long
    # A terminal obeys nothing of it, and it has no secret.
    assert "nobody foresaw \\u001b[2J postgres://me:********@db and ********\n" in long


def test_settings_are_printed_masked(shell: Shell) -> None:
    listed = json.loads(
        shell.run(
            "settings", "--json", HOOKLINE_DATABASE_URL="postgres://me:hunter2@host/name"
        ).stdout
    )
    done = shell.run("settings", HOOKLINE_DATABASE_URL="postgres://me:hunter2@host/name")

    assert "HOOKLINE_DATABASE_URL=postgres://me:********@host/name  (environment)" in done.stdout
    assert "hunter2" not in done.stdout
    [port] = [one for one in listed if one["name"] == "HOOKLINE_PORT"]
    assert port == {
        "name": "HOOKLINE_PORT",
        "value": "8000",
        "source": "default",
        "description": port["description"],
    }


def test_tokens_need_no_server(shell: Shell) -> None:
    assert "hookline migrate" in shell.run("token", "create", "ci", "--role", "viewer").stderr
    assert "applied 0001" in shell.run("migrate").stdout
    assert "up to date" in shell.run("migrate").stdout

    made = shell.run("token", "create", "ci", "--role", "publisher")
    assert re.fullmatch(r"hl_[A-Za-z0-9_-]{43}\n", made.stdout)

    listed = shell.run("token", "list").stdout
    assert made.stdout.strip()[-4:] in listed
    assert made.stdout.strip() not in listed
    [token_id] = shell.run("token", "list", "-o", "id").stdout.split()
    data = json.loads(shell.run("token", "list", "-o", "json").stdout)
    assert (data[0]["id"], data[0]["scopes"]) == (token_id, ["events:publish"])
    assert "valid" in listed

    assert shell.run("token", "revoke", token_id).returncode == 0
    assert "revoked" in shell.run("token", "list").stdout


def test_a_sync_token_is_bound_to_a_set(shell: Shell) -> None:
    assert shell.run("migrate").returncode == 0
    made = shell.run("token", "create", "ci", "--role", "sync", "--set", "team-a")
    assert made.returncode == 0, made.stderr
    listed = shell.run("token", "list").stdout
    assert "webhooks:read, deliveries:read, sync:apply:team-a, sync:plan:team-a" in listed
    again = shell.run("token", "create", "CI", "--role", "viewer")
    assert (again.returncode, "looks like it" in again.stderr) == (1, True)
    assert shell.run("token", "create", "b", "--role", "admin", "--set", "a").returncode == 64


def test_files_are_their_owners_alone_in_a_folder_that_others_may_read(shell: Shell) -> None:
    home = shell.folder / "var"
    home.mkdir(0o755)
    file = shell.folder / "hooks.yaml"
    file.write_text("version: 1\nwebhooks: {}\n")
    commands = (
        ("migrate",),
        ("token", "create", "ci", "--role", "viewer"),
        ("sync", "plan", "--local", "-f", "hooks.yaml", "-o", "plan.json"),
        ("doctor",),
    )
    for command in commands:
        shell.run(*command)
    made = {path for path in shell.folder.rglob("*") if path.is_file()} - {file}
    assert {"hookline.db", "key", "plan.json"} <= {path.name for path in made}
    assert [str(path) for path in made if path.stat().st_mode & 0o077] == []


def test_revoking_what_is_no_token_is_told(shell: Shell) -> None:
    shell.run("migrate")

    assert shell.run("token", "revoke", "tok_nonsense").returncode == 64
    strange = shell.run("token", "revoke", "tok_01h2xcejqtf2nbrexx3vqjhp41")
    assert (strange.returncode, strange.stderr) == (
        1,
        "Error: There is no such token. `hookline token list` shows them all.\n",
    )


def test_a_worker_beside_sqlite_is_refused(shell: Shell) -> None:
    done = shell.run("worker")

    assert done.returncode == 1
    assert "HOOKLINE_DATABASE_URL" in done.stderr


def test_dramatiqs_own_command_refuses_the_same(shell: Shell) -> None:
    command = [sys.executable, "-m", "dramatiq", "workers.main", "--processes", "1"]

    done = subprocess.run(
        command,
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1
    assert "HOOKLINE_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_serving_an_empty_folder_says_what_to_run(shell: Shell) -> None:
    done = shell.run("serve", "--port", "0")

    assert done.returncode == 1
    assert done.stderr.strip().endswith("Run: hookline migrate")


def test_publishing_without_a_server_says_how_to_start_one(shell: Shell) -> None:
    done = shell.run(
        "publish",
        "order.order.create",
        "-d",
        "1",
        "--server",
        "http://127.0.0.1:1",
        HOOKLINE_TOKEN="hl_x",
    )

    assert done.returncode == 7
    assert "No server answers at http://127.0.0.1:1" in done.stderr
    assert "hookline dev" in done.stderr


def test_the_token_of_dev_goes_to_this_machine_only(shell: Shell) -> None:
    (shell.folder / "var").mkdir()
    (shell.folder / "var/token").write_text("hl_secret")

    done = shell.run(
        "publish", "order.order.create", "-d", "1", "--server", "https://hooks.example.com"
    )

    assert done.returncode == 7
    assert done.stderr.startswith("Error: No token: set HOOKLINE_TOKEN")


def test_sync_local_works_without_a_server_and_keeps_private_addresses_out(shell: Shell) -> None:
    """Nobody behind it checks the URL again."""
    shell.run("migrate")
    hooks = shell.folder / "hooks.yaml"
    text = (
        "version: 1\nwebhooks:\n  a: { url: http://10.0.0.7/in, environments: [production], "
        "events: [a.b.c, a.b.c] }\n"
    )
    hooks.write_text(text)

    refused = shell.run("sync", "apply", "--local", "-f", "hooks.yaml")
    hooks.write_text(text.replace("10.0.0.7", "127.0.0.1"))
    planned = shell.run("sync", "plan", "--local", "-f", "hooks.yaml", "--check")
    applied = shell.run("sync", "apply", "--local", "-f", "hooks.yaml")

    assert (refused.returncode, "bad-url" in refused.stderr) == (3, True)
    assert (planned.returncode, "warning[duplicate-item]" in planned.stderr) == (2, True)
    assert (applied.returncode, "Revision 1: 1 create" in applied.stdout) == (0, True)
    assert (
        shell.run(
            "sync", "plan", "--local", "-f", "hooks.yaml", HOOKLINE_DATABASE_URL="postgres://u@h/d"
        ).returncode
        == 1
    )


def test_another_key_than_the_databases_stops_the_start_with_what_to_do(shell: Shell) -> None:
    shell.run("migrate")
    (shell.folder / "hooks.yaml").write_text("version: 1\nwebhooks: {}\n")
    plan = ("sync", "plan", "--local", "-f", "hooks.yaml")
    assert shell.run(*plan).returncode == 0

    other = shell.run(*plan, HOOKLINE_SECRET_KEYS="A" * 43 + "=")
    (shell.folder / "var/key").unlink()
    fresh = shell.run(*plan)

    assert (other.returncode, fresh.returncode) == (1, 1)
    assert (
        "HOOKLINE_SECRET_KEYS does not hold the key that this database was made with"
        in other.stderr
    )
    assert "The key file var/key is not the key" in fresh.stderr


def test_doctor_tells_what_is_wrong_and_ends_with_1(shell: Shell) -> None:
    wrong = shell.run("doctor", HOOKLINE_BROKR_URL="x")
    listed = json.loads(shell.run("doctor", "--json").stdout)
    shell.run("migrate")
    right = shell.run("doctor")

    assert (wrong.returncode, right.returncode) == (1, 0)
    assert (
        "problem  database    There is no database at var/hookline.db. Run: hookline migrate"
        in wrong.stdout
    )
    assert "did you mean HOOKLINE_BROKER_URL?" in wrong.stdout
    assert {
        "name": "database",
        "state": "problem",
        "text": "There is no database at var/hookline.db. Run: hookline migrate",
    } in listed


def test_a_database_that_is_not_there_is_named_with_its_setting(shell: Shell) -> None:
    for command in (("migrate",), ("serve", "--port", "0"), ("worker",), ("token", "list")):
        done = shell.run(*command, HOOKLINE_DATABASE_URL="postgres://me:hunter2@127.0.0.1:1/name")
        assert done.returncode == 1
        assert "postgres://me:********@127.0.0.1:1/name takes no connection" in done.stderr
        assert "HOOKLINE_DATABASE_URL" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_pooler_in_front_of_the_database_is_named_as_such(shell: Shell) -> None:
    with refusing_server(b"unsupported startup parameter: statement_timeout") as port:
        for command in (("migrate",), ("serve", "--port", "0"), ("worker",)):
            done = shell.run(
                *command, HOOKLINE_DATABASE_URL=f"postgres://me:hunter2@127.0.0.1:{port}/name"
            )
            assert done.returncode == 1
            assert "A pooler (PgBouncer?) answers at" in done.stderr
            assert "Set HOOKLINE_DATABASE_URL to PostgreSQL itself" in done.stderr


def test_a_database_that_never_answers_is_given_up_with_a_sentence(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, says nothing
        url = f"postgres://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/name"
        commands = (("doctor",), ("serve", "--port", "0"), ("worker",), ("token", "list"))
        with ThreadPoolExecutor() as pool:  # each waits 5 s and more
            ended = pool.map(
                lambda command: shell.run(*command, HOOKLINE_DATABASE_URL=url), commands
            )
        for done in ended:
            assert done.returncode == 1
            assert "takes no connection: no answer within 5 s" in done.stdout + done.stderr


@contextmanager
def refusing_server(reason: bytes) -> Iterator[int]:
    """Speaks as much of PostgreSQL's protocol as refusing takes."""
    fields = b"SFATAL\0C08P01\0M" + reason + b"\0\0"

    class Refusal(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(8)  # may we speak TLS?
            self.request.sendall(b"N")
            self.request.recv(4_096)
            self.request.sendall(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
