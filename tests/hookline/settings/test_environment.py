"""Two settings read without the others, by the rules of all."""

import pytest

from hookline.errors import Misconfigured
from hookline.settings import environment
from hookline.settings.fields import read_settings


@pytest.mark.parametrize("name", ["HOOKLINE_ENVIRONMENTS", "hookline_environments"])
def test_the_environments_are_those_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("HOOKLINE_ENVIRONMENTS", raising=False)
    assert environment.environments() == read_settings().environments

    monkeypatch.setenv(name, " blue, green ,")

    assert environment.environments() == read_settings().environments == ("blue", "green")


def test_the_home_folder_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOKLINE_HOME", raising=False)
    assert environment.home() == read_settings().home

    monkeypatch.setenv("HOOKLINE_HOME", "/srv/hookline")

    assert environment.home() == read_settings().home


@pytest.mark.parametrize("text", ["", "Production", "a,a"])
def test_wrong_environments_get_the_settings_sentence(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("HOOKLINE_ENVIRONMENTS", text)
    with pytest.raises(Misconfigured) as by_settings:
        read_settings()
    with pytest.raises(Misconfigured) as by_itself:
        environment.environments()

    assert by_itself.value.message == by_settings.value.message


@pytest.mark.parametrize("place", ["ops:hunter2@a.example", "a.example?key=hunter2", "a.example#h"])
def test_a_servers_address_has_nothing_that_may_be_a_secret(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("HOOKLINE_SERVER", f"https://{place}")
    with pytest.raises(Misconfigured) as by_settings:
        read_settings()
    with pytest.raises(ValueError, match="must have no user, password") as by_itself:
        environment.check_server(f"https://{place}")

    assert str(by_itself.value) in by_settings.value.message
    assert "hunter2" not in by_settings.value.message + str(by_itself.value)
