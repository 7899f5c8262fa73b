"""`hookline tokens`: tokens are made, found, shown and revoked through a server."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.hookline.cli.stand import Stand

pytestmark = pytest.mark.engines("sqlite")


def new_name() -> str:
    return f"t{uuid4().hex[:8]}"


def test_a_token_is_made_used_shown_and_revoked(stand: Stand) -> None:
    name = new_name()

    made = stand.run("tokens", "create", name, "--role", "viewer", "--expires", "90d")
    used = stand.seen_with(HOOKLINE_TOKEN=made.stdout.strip())
    used.run("webhooks", "list")
    [stored] = [one for one in stand.json("tokens", "list") if one["name"] == name]
    shown = stand.run("tokens", "get", name).stdout

    assert re.fullmatch(r"hl_[A-Za-z0-9_-]{43}\n", made.stdout)
    assert f"{name} is created ({stored['id']}) with the rights: viewer. It expires" in made.stderr
    until = datetime.fromisoformat(stored["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=89) < until <= timedelta(days=90)
    assert made.stdout.strip() not in shown
    for line in ("Status +valid", "Rights +viewer", f"Ends in +{made.stdout.strip()[-4:]}"):
        assert re.search(f"^{line}$", shown, re.MULTILINE), line
    assert stand.json("tokens", "get", stored["id"]) == stand.json("tokens", "get", name)
    assert stand.run("tokens", "revoke", name, "--yes").stderr == f"{name} is revoked.\n"
    assert "does not know this token" in used.run("webhooks", "list", code=7).stderr
    again = stand.run("tokens", "revoke", stored["id"], "--yes")
    assert again.stderr == f"{name} is revoked already.\n"


def test_scopes_and_sets_are_chosen_one_by_one(stand: Stand) -> None:
    name, pipeline = new_name(), new_name()
    scopes = ("--scope", "sync:plan", "--scope", "deliveries:read")

    stand.run("tokens", "create", name, *scopes)
    stand.run("tokens", "create", pipeline, "--role", "sync", "--set", "a", "--set", "b")

    read = ["webhooks:read", "deliveries:read"]
    assert stand.json("tokens", "get", name)["scopes"] == ["deliveries:read", "sync:plan"]
    bound = [f"sync:{may}:{one}" for may in ("apply", "plan") for one in "ab"]
    assert sorted(stand.json("tokens", "get", pipeline)["scopes"]) == sorted(read + bound)
    rights = stand.run("tokens", "get", pipeline, "--columns", "rights").stdout
    assert "sync:plan:b" in rights


def test_tokens_are_listed_by_their_status(stand: Stand) -> None:
    names = [new_name() for _ in range(3)]
    for name in names:
        stand.run("tokens", "create", name, "--role", "publisher")
    stand.run("tokens", "revoke", names[2], "--yes")

    valid = ("tokens", "list", "--status", "valid")
    latest = stand.run(*valid, "--limit", "1", "-o", "jsonl", "--columns", "name,status").stdout
    revoked = stand.run("tokens", "list", "--status", "revoked", "--columns", "name").stdout
    both = stand.json("tokens", "list", "--status", "revoked", "--status", "valid", "--limit", "3")

    assert latest == f'{{"name": "{names[1]}", "status": "valid"}}\n'
    assert names[2] in revoked.split()
    assert not {names[0], names[1]} & set(revoked.split())
    assert [one["name"] for one in both] == names[::-1]
    again = stand.run("tokens", "create", names[2], "--role", "viewer")
    found = stand.json("tokens", "get", names[2])
    # The valid one of two with the same name.
    assert (found["revokedAt"], found["id"] in again.stderr) == (None, True)


def test_a_terminal_is_asked_before_a_token_ends(stand: Stand) -> None:
    name = new_name()
    own = stand.run("tokens", "create", name, "--role", "admin").stdout.strip()
    stand.run("tokens", "get", name, HOOKLINE_TOKEN=own)

    unasked = stand.run("tokens", "revoke", name, code=64)
    declined = stand.at_terminal("tokens", "revoke", name, width=200, HOOKLINE_TOKEN=own)
    declined.shows(
        rf"Revoke {name} \(…{own[-4:]}, admin, (never used|last used .+)\)\? "
        r"It is the token of this command\. \[y/N\]: "
    )
    declined.type("n\n")

    assert declined.end() == 130
    assert "There is no terminal to ask on: add --yes." in unasked.stderr
    assert stand.json("tokens", "get", name)["revokedAt"] is None


def test_what_is_refused_of_a_token_says_what_would_pass(stand: Stand) -> None:
    name = new_name()
    create = ("tokens", "create", name)
    viewer = stand.seen_with(HOOKLINE_TOKEN=stand.make_token("viewer"))

    for given, code, told in (
        ((), 64, "such as --role publisher, or --scope, such as --scope events:publish"),
        (("--role", "viewer", "--scope", "sync:plan"), 64, "either --role"),
        (("--role", "viewer", "--set", "a"), 64, "--set goes with --role sync"),
        (("--role", "admin", "--set", "a"), 64, "does not go with --role admin"),
        (("--role", "viewer", "--expires", "soon"), 64, "a duration such as 12h or 90d"),
        (("--role", "viewer", "--expires", "999999999d"), 64, "'--expires'"),
        (("--role", "viewer", "--expires", "2020-01-01T00:00:00Z"), 1, "This time is over"),
        (("--scope", "events:read"), 1, "Scopes are webhooks:read, deliveries:read"),
    ):
        assert told in stand.run(*create, *given, code=code).stderr
    refused = viewer.run("tokens", "list", code=7).stderr
    assert "it lacks the scope tokens:admin. Use a token of the role admin." in refused
    for unknown in (name, "tok_01h2xcejqtf2nbrexx3vqjhp41"):
        missing = stand.run("tokens", "get", unknown, code=1).stderr
        assert "`hookline tokens list` shows them." in missing
