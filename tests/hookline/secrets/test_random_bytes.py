"""Random bytes that thousands of secrets take from few calls of the system."""

import os

import pytest

from hookline import ids
from hookline.outbound import signing
from hookline.secrets.random_bytes import RandomBytes
from hookline.secrets.vault import KeyRing, SecretLocation

HERE = SecretLocation(ids.uuid7(), "webhook", ids.uuid7(), "signing_secrets")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The bytes that each call of the system gave."""
    given = list[bytes]()
    fetch = os.urandom

    def noted(size: int) -> bytes:
        given.append(fetch(size))
        return given[-1]

    monkeypatch.setattr(os, "urandom", noted)
    return given


def test_each_byte_is_given_once(calls: list[bytes]) -> None:
    random = RandomBytes()
    sizes = [12, 32, 12, 1, 0, 4_000, 100, 5_000, 4_096, 7] * 3
    taken = [random(size) for size in sizes]
    assert [len(part) for part in taken] == sizes
    places = dict[int, int]()
    for part in filter(None, taken):
        # Of few bytes several places may be equal by chance.
        if len(part) > 8:
            [piece] = [number for number, given in enumerate(calls) if part in given]
            at = calls[piece].index(part)
            assert at >= places.get(piece, 0)
            places[piece] = at + len(part)


def test_thousands_of_secrets_take_few_calls_of_the_system(calls: list[bytes]) -> None:
    random = RandomBytes()
    secrets = {signing.new_secret(random=random) for _ in range(1_000)}
    assert (len(secrets), len(calls)) == (1_000, 8)


def test_a_key_that_seals_thousands_draws_its_nonces_from_them(calls: list[bytes]) -> None:
    ring = KeyRing([bytes(32)])
    many = ring.with_random(RandomBytes())
    sealed = [many.seal("secret", HERE) for _ in range(500)]
    assert (len({*sealed}), len(calls)) == (500, 2)
    assert {ring.unseal(text, HERE) for text in sealed} == {"secret"}
    # The ring itself asks the system each time, as any thread may.
    ring.seal("secret", HERE)
    assert len(calls) == 3
