"""Names are resolved and vetted: one refused address refuses the name, and no answer is kept too
long or too much.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from ipaddress import ip_network

import pytest

from hookline.outbound.addresses import AddressPolicy
from hookline.outbound.egress import (
    CACHE_SECONDS,
    LOOKUPS_LIMIT,
    PROBE_NAME,
    ZONE_LOOKUPS_LIMIT,
    AddressRefused,
    DnsFailed,
    DnsSilent,
    Guard,
    ResolverDown,
    SystemResolver,
)
from tests.waiting import eventually

CLOSED = AddressPolicy()
LOOPBACK = AddressPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))


class NameServer:
    """Answers from a table and counts the questions. While `gate` is clear it hangs."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.questions: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.was_asked = asyncio.Event()

    async def resolve(self, host: str) -> list[str]:
        self.questions.append(host)
        self.was_asked.set()
        await self.gate.wait()
        return self.answers.get(host, [])


async def test_public_addresses_are_handed_out_with_the_port() -> None:
    names = NameServer(shop=["8.8.8.8", "2606:4700::1111"])
    found = await Guard(CLOSED, names.resolve).addresses("shop", 8443)
    assert found == [
        (socket.AF_INET, ("8.8.8.8", 8443)),
        (socket.AF_INET6, ("2606:4700::1111", 8443, 0, 0)),
    ]


@pytest.mark.parametrize(
    "bad", ["10.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1%eth0", "169.254.169.254"]
)
async def test_one_refused_address_refuses_the_name_without_being_shown(bad: str) -> None:
    names = NameServer(shop=[*["8.8.8.8"] * 10, bad])
    with pytest.raises(AddressRefused) as caught:
        await Guard(CLOSED, names.resolve).addresses("shop", 443)
    assert bad not in str(caught.value)


async def test_name_without_an_address_is_a_dns_failure() -> None:
    with pytest.raises(DnsFailed):
        await Guard(CLOSED, NameServer().resolve).addresses("nowhere", 443)


async def test_host_that_the_operator_opened_may_stand_for_any_address() -> None:
    names = NameServer(inside=["10.0.0.1"], other=["10.0.0.2"])
    guard = Guard(AddressPolicy(hosts=frozenset({"inside"})), names.resolve)
    assert await guard.addresses("inside", 80) == [(socket.AF_INET, ("10.0.0.1", 80))]
    guard.check("10.0.0.1")
    with pytest.raises(AddressRefused):
        await guard.addresses("other", 80)
    with pytest.raises(AddressRefused):
        guard.check("10.0.0.2")


async def test_address_is_checked_again_when_dialled() -> None:
    guard = Guard(LOOPBACK, NameServer().resolve)
    guard.check("127.0.0.1")
    guard.check("8.8.8.8")
    with pytest.raises(AddressRefused):
        guard.check("10.0.0.1")


async def test_answer_is_kept_and_asked_for_once_by_many() -> None:
    names = NameServer(shop=["8.8.8.8"])
    names.gate.clear()
    guard = Guard(CLOSED, names.resolve)
    callers = [asyncio.create_task(guard.addresses("shop", port)) for port in range(1, 6)]
    await names.was_asked.wait()
    names.gate.set()
    await asyncio.gather(*callers)
    await guard.addresses("shop", 443)
    assert names.questions == ["shop"]


async def test_older_answer_serves_while_the_name_server_hangs() -> None:
    names = NameServer(shop=["8.8.8.8"])
    guard = Guard(CLOSED, names.resolve)
    vetted = await guard.addresses("shop", 443)
    expire(guard, "shop")
    names.gate.clear()
    assert await guard.addresses("shop", 443) == vetted
    names.gate.set()


@pytest.mark.parametrize(("answer", "fault"), [(["10.0.0.1"], AddressRefused), ([], DnsFailed)])
async def test_new_answer_counts_more_than_an_older_one(
    answer: list[str], fault: type[Exception]
) -> None:
    names = NameServer(shop=["8.8.8.8"])
    guard = Guard(CLOSED, names.resolve)
    await guard.addresses("shop", 443)
    expire(guard, "shop")
    names.answers["shop"] = answer
    with pytest.raises(fault):
        await guard.addresses("shop", 443)


async def test_a_resolver_that_denies_all_names_it_knew_is_no_fault_of_theirs() -> None:
    zones = ("one.example", "two.example", "three.example")
    names = NameServer(**{f"shop.{zone}": ["8.8.8.8"] for zone in zones})
    guard = Guard(CLOSED, names.resolve)
    vetted = [(socket.AF_INET, ("8.8.8.8", 443))]
    for host in names.answers:
        assert await guard.addresses(host, 443) == vetted
        expire(guard, host)
    table, names.answers = names.answers, {}
    first, second, third = table
    for host in (first, second):
        # By two zones it may be they that are gone.
        with pytest.raises(DnsFailed) as failed:
            await guard.addresses(host, 443)
        assert not isinstance(failed.value, ResolverDown)
    # An older answer serves, as of a resolver that is silent.
    assert await guard.addresses(third, 443) == vetted
    with pytest.raises(ResolverDown):
        await guard.addresses("never.asked.example", 443)
    names.answers = {third: table[third]}
    assert await guard.addresses(third, 443) == vetted
    with pytest.raises(DnsFailed) as failed:
        await guard.addresses(first, 443)
    assert not isinstance(failed.value, ResolverDown)


async def test_many_names_of_one_zone_that_are_gone_say_nothing_of_the_resolver() -> None:
    names = NameServer(**{f"h{number}.shop.example": ["8.8.8.8"] for number in range(5)})
    guard = Guard(CLOSED, names.resolve)
    hosts = list(names.answers)
    for host in hosts:
        await guard.addresses(host, 443)
        expire(guard, host)
    names.answers = {}
    for host in hosts:
        with pytest.raises(DnsFailed) as failed:
            await guard.addresses(host, 443)
        assert not isinstance(failed.value, ResolverDown)


def expire(guard: Guard, host: str) -> None:
    until, found = guard._known[host]
    guard._known[host] = until - CACHE_SECONDS - 1, found


@pytest.mark.parametrize("others", ["shop.example", "h1.good.co.uk"])
async def test_zone_whose_server_hangs_holds_up_no_other_name(
    monkeypatch: pytest.MonkeyPatch, others: str
) -> None:
    answers, asked = threading.Event(), list[str]()

    def getaddrinfo(host: str, *more: object, **named: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if "evil" in host:
            answers.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver = SystemResolver()
    hanging = [
        asyncio.create_task(resolver.resolve(f"h{number}.evil.co.uk")) for number in range(300)
    ]
    await eventually(lambda: len(asked) == ZONE_LOOKUPS_LIMIT)
    assert await resolver.resolve(others) == ["8.8.8.8"]
    answers.set()
    assert len(await asyncio.gather(*hanging)) == 300
    assert not resolver._turns._taken


async def test_failure_is_not_kept() -> None:
    names = NameServer()
    guard = Guard(CLOSED, names.resolve)
    with pytest.raises(DnsFailed):
        await guard.addresses("shop", 443)
    names.answers["shop"] = ["8.8.8.8"]
    assert await guard.addresses("shop", 443)


async def test_impatient_caller_leaves_the_answer_to_the_others() -> None:
    names = NameServer(shop=["8.8.8.8"])
    names.gate.clear()
    guard = Guard(CLOSED, names.resolve)
    patient = asyncio.create_task(guard.addresses("shop", 443))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(guard.addresses("shop", 443), 0.01)
    names.gate.set()
    assert await patient


async def test_store_of_names_stays_bounded() -> None:
    names = NameServer(**{f"shop{number}": ["8.8.8.8"] for number in range(1100)})
    guard = Guard(CLOSED, names.resolve)
    for host in names.answers:
        await guard.addresses(host, 443)
    assert len(guard._known) == 1000


async def test_system_resolver_knows_localhost_and_no_impossible_names() -> None:
    guard = Guard(LOOPBACK)
    assert {address[0] for _, address in await guard.addresses("localhost", 80)} <= {
        "127.0.0.1",
        "::1",
    }
    for host in ("a" * 64 + ".example", "nowhere.invalid"):
        with pytest.raises(DnsFailed):
            await guard.addresses(host, 80)
    await guard.close()


class SilentNames:
    """A resolver that has no answer for the names in `silent`, or for any."""

    def __init__(self, *silent: str, all_names: bool = False) -> None:
        self.silent, self.all_names = set(silent), all_names
        self.questions: list[str] = []

    async def resolve(self, host: str) -> list[str]:
        self.questions.append(host)
        if self.all_names or host in self.silent:
            raise DnsSilent
        return ["8.8.8.8"]


async def test_name_without_an_answer_is_its_own_fault_while_another_one_has_an_answer() -> None:
    names = SilentNames("shop")
    guard = Guard(CLOSED, names.resolve)
    with pytest.raises(DnsSilent) as fault:
        await guard.addresses("shop", 443)
    assert not isinstance(fault.value, ResolverDown)
    assert names.questions == ["shop", PROBE_NAME]
    with pytest.raises(DnsSilent):
        await guard.addresses("shop", 443)
    # The probe's answer is still known.
    assert names.questions == ["shop", PROBE_NAME, "shop"]


async def test_resolver_that_answers_for_no_name_is_down() -> None:
    names = SilentNames(all_names=True)
    guard = Guard(CLOSED, names.resolve)
    with pytest.raises(ResolverDown):
        await guard.addresses("shop", 443)
    names.all_names = False
    assert await guard.addresses("shop", 443)


class LocalNames:
    """The system's resolver while the name servers are away: it still knows what this machine
    answers by itself.
    """

    async def resolve(self, host: str) -> list[str]:
        if host == "nowhere.invalid":
            raise DnsFailed
        if host in LOCAL:
            return [LOCAL[host]]
        raise DnsSilent


LOCAL = {"localhost": "127.0.0.1", "app": "172.18.0.2"}


@pytest.mark.parametrize("local", [*LOCAL, "nowhere.invalid"])
async def test_names_that_this_machine_answers_are_no_evidence_that_name_servers_work(
    local: str,
) -> None:
    guard = Guard(CLOSED, LocalNames().resolve)
    for name in ("shop", "other"):
        with suppress(AddressRefused, DnsFailed):
            await guard.addresses(local, 80)
        with pytest.raises(ResolverDown):
            await guard.addresses(name, 443)


async def test_an_address_of_this_machine_is_no_evidence_though_the_operator_opened_it() -> None:
    guard = Guard(LOOPBACK, LocalNames().resolve)
    for name in ("shop", "other"):
        assert await guard.addresses("localhost", 80)
        with pytest.raises(ResolverDown):
            await guard.addresses(name, 443)


async def test_name_that_the_operator_opened_is_evidence_as_a_public_one_is() -> None:
    guard = Guard(AddressPolicy(hosts=frozenset({"app"})), LocalNames().resolve)
    await guard.addresses("app", 80)
    with pytest.raises(DnsSilent) as fault:
        await guard.addresses("shop", 443)
    assert not isinstance(fault.value, ResolverDown)


async def test_name_that_does_not_exist_is_an_answer_of_the_resolver() -> None:
    names = NameServer()
    guard = Guard(CLOSED, names.resolve)
    with pytest.raises(DnsFailed):
        await guard.addresses("nowhere", 443)
    assert names.questions == ["nowhere"]


async def test_older_answer_serves_while_no_name_is_resolved() -> None:
    names = SilentNames()
    guard = Guard(CLOSED, names.resolve)
    vetted = await guard.addresses("shop", 443)
    expire(guard, "shop")
    names.all_names = True
    assert await guard.addresses("shop", 443) == vetted


async def test_resolver_that_hangs_for_every_name_is_down_and_for_one_it_is_not() -> None:
    names = NameServer(shop=["8.8.8.8"], other=["8.8.8.8"])
    guard = Guard(CLOSED, names.resolve)
    names.gate.clear()
    waiting = asyncio.create_task(guard.addresses("shop", 443))
    await eventually(lambda: names.questions == ["shop", PROBE_NAME])
    assert guard.is_down_for("shop")
    names.gate.set()
    await waiting
    assert not guard.is_down_for("shop")


async def test_many_zones_that_hang_leave_lookups_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, asked = threading.Event(), list[str]()

    def getaddrinfo(host: str, *more: object, **named: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if "evil" in host:
            answers.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    resolver, zones = SystemResolver(), 40
    hanging = [
        asyncio.create_task(resolver.resolve(f"h{number}.evil{zone}.example"))
        for zone in range(zones)
        for number in range(ZONE_LOOKUPS_LIMIT)
    ]
    # The first zones have taken half of them, and each of the others has one.
    half = LOOKUPS_LIMIT // 2
    await eventually(lambda: len(asked) == half + zones - half // ZONE_LOOKUPS_LIMIT)
    assert await resolver.resolve("h1.good.example") == ["8.8.8.8"]
    assert not any(task.done() for task in hanging)
    answers.set()
    await asyncio.gather(*hanging)


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (socket.EAI_NONAME, DnsFailed),
        (socket.EAI_AGAIN, DnsSilent),
        (socket.EAI_FAIL, DnsSilent),
        (socket.EAI_MEMORY, OSError),
    ],
)
async def test_system_resolver_tells_no_such_name_from_no_answer(
    monkeypatch: pytest.MonkeyPatch, code: int, fault: type[OSError]
) -> None:
    def getaddrinfo(*asked: object, **named: object) -> None:
        raise socket.gaierror(code, "said so")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its very class is looked at
        await SystemResolver().resolve("shop.example")
    assert type(caught.value) is fault
