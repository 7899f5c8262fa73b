"""Settings come from the environment; a wrong one is named, and no secret is ever shown."""

from pathlib import Path

import pytest

from hookline.errors import Misconfigured
from hookline.settings.fields import Settings, read_settings
from hookline.settings.listing import describe, unknown_names
from hookline.settings.processes import check_api_processes, check_lone_worker
from hookline.text import mask_url
from tests.tables import each_of


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"HOOKLINE_{field.upper()}", raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "sqlite://relative.db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "postgres://user:pass@host:port/name"),
        ("DATABASE_URL", "postgres://host"),
        ("BROKER_URL", "postgres://localhost/name"),
        ("BROKER_URL", "redis://"),
        ("BROKER_URL", "redis://localhost/name"),
        ("BROKER_URL", "amqp://localhost:x"),
        ("PUBSUB_URL", "amqp://localhost"),
        ("PUBSUB_URL", "redis://localhost:0"),
        ("SYNC_INTERVAL", "0s"),
        ("SYNC_INTERVAL", "61m"),
        ("SYNC_INTERVAL", "30"),
        ("SYNC_ENV_PREFIX", "SHOP-"),
        ("SYNC_ENV_PREFIX", "hookline_"),
        ("SYNC_ENV_PREFIX", "HOOK"),
        ("SYNC_ALERT_EMAILS", "ops"),
        ("SYNC_ALERT_EMAILS", "Ops <ops@example.com>"),
        ("ENVIRONMENTS", ""),
        ("ENVIRONMENTS", "Production"),
        ("ENVIRONMENTS", "a,a"),
        ("EGRESS_ALLOW", "10.0.0.0/99"),
        ("EGRESS_ALLOW", "http://host"),
        ("CA_FILE", "/nowhere/ca.pem"),
        ("CA_FILE", __file__),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("MAX_EVENT_BYTES", "1"),
        ("SERVER", "localhost:8000"),
        ("SHUTDOWN_SECONDS", "-1"),
        ("METRICS_TOKEN", "fifteen-letters"),
        ("METRICS_TOKEN", "sixteen letters \n"),
        ("METRICS_PORT", "65473"),
        ("METRICS_PORT", "9100"),
        ("METRICS_HOST", "localhost"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"HOOKLINE_{name}", value)

    with pytest.raises(Misconfigured) as caught:
        read_settings()

    assert caught.value.message.startswith(f"HOOKLINE_{name} ")
    assert "\n" not in caught.value.message


def test_every_wrong_setting_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_PORT", "x")
    monkeypatch.setenv("HOOKLINE_LOG_LEVEL", "x")

    with pytest.raises(Misconfigured) as caught:
        read_settings()

    assert [line.split(" ")[0] for line in caught.value.message.splitlines()] == [
        "HOOKLINE_PORT",
        "HOOKLINE_LOG_LEVEL",
    ]


def test_a_wrong_value_is_not_repeated_where_it_may_hold_a_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", "postgres://user:hunter2@host")

    with pytest.raises(Misconfigured) as caught:
        read_settings()

    assert "hunter2" not in caught.value.message


def test_sqlite_takes_no_other_hub_than_memory() -> None:
    with pytest.raises(Misconfigured, match="HOOKLINE_PUBSUB_URL"):
        read_settings(pubsub_url="postgres://host/name")


def test_shown_settings_hold_no_secret_and_say_where_they_come_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(
        "HOOKLINE_DATABASE_URL",
        "postgres://user:hunter2@host:5432/name?sslpassword=hunter2&sslmode=require",
    )
    monkeypatch.setenv("HOOKLINE_BROKER_URL", "amqp://user:hunter2@host/name")
    monkeypatch.setenv("HOOKLINE_PUBSUB_URL", "redis://user:hunter2@host/0")
    monkeypatch.setenv("HOOKLINE_SECRET_KEYS", "hunter2")
    monkeypatch.setenv("HOOKLINE_TOKEN", "hunter2")
    monkeypatch.setenv("HOOKLINE_SMTP_URL", "smtp://user:hunter2@host?from=a@example.com")
    settings = read_settings(port=9000)

    shown = {one.name: one for one in describe(settings)}

    assert "hunter2" not in repr([*shown.values(), settings])
    assert (
        shown["HOOKLINE_DATABASE_URL"].value
        == "postgres://user:********@host:5432/name?sslpassword=********&sslmode=require"
    )
    assert shown["HOOKLINE_DATABASE_URL"].source == "environment"
    assert shown["HOOKLINE_PORT"].source == "command line"
    assert shown["HOOKLINE_HOST"].source == "default"
    assert all(one.description and "\n" not in one.description for one in shown.values())


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("memory://", "memory://"),
        ("sqlite:////srv/hookline.db", "sqlite:////srv/hookline.db"),
        ("postgres://user@host/name", "postgres://user@host/name"),
        ("postgres://user:p%40ss@host/name", "postgres://user:********@host/name"),
        ("postgres://user:a@b@host/name", "postgres://user:********@host/name"),
    ],
)
def test_the_password_of_a_url_is_masked_and_nothing_else(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_a_misspelt_setting_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_DATABSE_URL", "x")

    assert unknown_names() == [
        "HOOKLINE_DATABSE_URL is not a setting: did you mean HOOKLINE_DATABASE_URL?"
    ]


def test_the_database_is_a_file_in_the_home_folder_unless_said_otherwise() -> None:
    assert read_settings().sqlite_path == Path("var/hookline.db")
    assert read_settings(home="elsewhere").sqlite_path == Path("elsewhere/hookline.db")
    assert read_settings(database_url="sqlite:///data/my.db").sqlite_path == Path("data/my.db")
    assert read_settings(database_url="sqlite:////srv/my.db").sqlite_path == Path("/srv/my.db")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "HOOKLINE_DATABASE_URL"),
        (
            {"database_url": "postgres://host/name", "pubsub_url": "memory://"},
            "HOOKLINE_PUBSUB_URL",
        ),
    ],
)
def test_a_worker_of_its_own_needs_what_reaches_it(given: dict[str, str], name: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        check_lone_worker(read_settings(**given))

    check_lone_worker(read_settings(database_url="postgres://host/name"))


@pytest.mark.parametrize(
    ("given", "count", "with_worker", "setting"),
    [
        ({}, 2, True, "HOOKLINE_DATABASE_URL"),
        (
            {"database_url": "postgres://host/name", "pubsub_url": "memory://"},
            2,
            True,
            "HOOKLINE_PUBSUB_URL",
        ),
        (
            {"database_url": "postgres://host/name", "pubsub_url": "memory://"},
            1,
            False,
            "HOOKLINE_PUBSUB_URL",
        ),
    ],
)
def test_processes_that_could_not_reach_each_other_are_refused(
    given: dict[str, str], count: int, with_worker: bool, setting: str
) -> None:
    with pytest.raises(Misconfigured, match=setting):
        check_api_processes(read_settings(**given), count, with_worker)
    check_api_processes(read_settings(database_url="postgres://host/name"), 4, with_worker=False)
    check_api_processes(read_settings(), 1, with_worker=False)


@each_of(
    "url",
    [
        "hooks.example.com",
        "ftp://hooks.example.com",
        "https://",
        "https://user:secret@hooks.example.com",
        "https://hooks.example.com/?a=b",
        "https://hooks.example.com/#a",
        "https://hooks.example.com:x",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/<b>",
        "https://hööks.example.com",
    ],
)
def test_a_public_url_that_no_link_can_begin_with_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="HOOKLINE_PUBLIC_URL must be an address"):
        read_settings(public_url=url)


def test_a_public_url_may_have_a_port_and_a_path() -> None:
    for url in ("https://hooks.example.com/", "http://[::1]:8000", "https://example.com/hooks/"):
        assert read_settings(public_url=url).public_url == url.rstrip("/")


def test_domains_are_needed_where_all_others_are_refused() -> None:
    with pytest.raises(Misconfigured, match="HOOKLINE_MAIL_DOMAINS"):
        read_settings(mail_other_domains="refuse")
    settings = read_settings(mail_other_domains="refuse", mail_domains="Example.com")
    assert settings.only_mail_domains == ("example.com",)
    assert read_settings(mail_domains="example.com").only_mail_domains == ()


def test_only_addresses_elsewhere_are_asked_and_only_over_a_mail_server() -> None:
    url = "smtp://127.0.0.1?from=a@example.org"
    settings = read_settings(smtp_url=url, mail_domains="example.com")
    assert [settings.asks_first(f"a@{domain}") for domain in ("EXAMPLE.com", "b.example.com")] == [
        False,
        True,
    ]
    assert not read_settings(mail_domains="example.com").asks_first("a@b.example")
    assert not read_settings(smtp_url=url, mail_other_domains="allow").asks_first("a@b.example")
