"""Profiles: a token is tried and kept for its owner alone, goes to its own server, and gives way to
the environment.
"""

import json
from pathlib import Path

import pytest

from tests.hookline.cli.stand import Stand

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def user(stand: Stand, tmp_path: Path) -> Stand:
    """Commands without a server in their environment, with a folder for settings of their own."""
    return stand.seen_with(
        HOOKLINE_SERVER="",
        HOOKLINE_TOKEN="",
        HOOKLINE_HOME="nowhere",
        XDG_CONFIG_HOME=str(tmp_path),
    )


def test_a_login_is_used_by_every_command_and_read_by_its_owner_alone(
    user: Stand, tmp_path: Path
) -> None:
    slug = user.make_webhook()
    (user.folder / "w.yaml").write_text("version: 1\nset: login\nwebhooks: {}\n")

    done = user.run("login", user.url + "/", text=f"{user.token}\n")
    listed = user.run("webhooks", "list", "--search", slug, "-o", "json")
    planned = user.run("sync", "plan", "-f", "w.yaml", "--allow-empty")
    exported = user.run("sync", "export", "--unmanaged", "--profile", "default")
    shown = user.run("profiles", "-o", "json")

    assert done.stdout == ""
    assert f"Logged in to {user.url} as admin-" in done.stderr
    assert "(admin): profile default." in done.stderr
    assert [one["slug"] for one in json.loads(listed.stdout)] == [slug]
    assert planned.stdout
    assert slug in exported.stdout
    unknown = user.run("sync", "status", "--profile", "nobody", code=1)
    assert "There is no profile 'nobody' (there are: default)" in unknown.stderr
    assert json.loads(shown.stdout) == [{"name": "default", "server": user.url, "current": True}]
    file = tmp_path / "hookline" / "profiles.json"
    assert (file.stat().st_mode & 0o077, file.parent.stat().st_mode & 0o077) == (0, 0)
    assert user.token not in shown.stdout + shown.stderr


def test_the_environment_wins_and_a_profiles_token_goes_to_its_own_server(user: Stand) -> None:
    viewer = user.make_token("viewer")
    for name, token in (("reader", viewer), ("chief", user.token)):
        user.run("login", user.url, "--profile", name, text=token)
    asked = ("api", "{ viewer { role } }")

    def role(*options: str, **environment: str) -> str:
        answer = json.loads(user.seen_with(**environment).run(*asked, *options).stdout)
        return str(answer["data"]["viewer"]["role"])

    assert role() == "ADMIN"
    assert role("--profile", "reader") == role(HOOKLINE_PROFILE="reader") == "VIEWER"
    assert role("--profile", "chief", HOOKLINE_TOKEN=viewer) == "VIEWER"
    other = user.url.replace("127.0.0.1", "localhost")
    elsewhere = user.run(*asked, "--profile", "chief", "--server", other, code=7)
    assert f"note: {other} is asked, not the server of the profile chief" in elsewhere.stderr
    assert "No token" in elsewhere.stderr
    user.run("profiles", "use", "reader")
    assert role() == "VIEWER"
    user.run("profiles", "remove", "reader")
    assert role() == "ADMIN"
    missing = user.run(*asked, "--profile", "reader", code=1)
    assert "There is no profile 'reader' (there are: chief)" in missing.stderr


def test_a_token_that_is_none_is_not_kept(user: Stand, tmp_path: Path) -> None:
    assert "does not know this token" in user.run("login", user.url, text="hl_x", code=7).stderr
    assert "no token on standard input" in user.run("login", user.url, code=64).stderr
    assert "URL must start with http" in user.run("login", "hooks", text="x", code=1).stderr
    with_password = user.url.replace("://", "://ops:hunter2@")
    refused = user.run("login", with_password, text=user.token, code=1)
    assert "must have no user, password" in refused.stderr
    assert "hunter2" not in refused.stderr
    assert not list(tmp_path.rglob("*.json"))
    assert user.run("profiles").stderr.startswith("No profiles. Make one: hookline login")

    (tmp_path / "hookline").mkdir()
    (tmp_path / "hookline" / "profiles.json").write_text("[]")
    assert "is no file of profiles" in user.run("jobs", "list", code=1).stderr


def test_at_a_terminal_the_token_is_asked_for_and_not_shown(user: Stand) -> None:
    terminal = user.at_terminal("login", user.url)
    terminal.shows(f"Token for {user.url}: ")
    terminal.type(f"{user.token}\n")

    assert terminal.end() == 0
    assert "Logged in to" in terminal.text
    assert user.token not in terminal.text
