"""Faults of our own: the delivery goes back without an attempt, health hears nothing of it, and it
is tried again, once in a while.
"""

import errno
import logging
import resource
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from hookline.deliveries.queue.base import ClaimedDelivery, Queue
from hookline.errors import HooklineError
from hookline.metrics import Metrics
from hookline.models import Attempt, AttemptOutcome, Delivery, DeliveryState, Webhook
from hookline.outbound.egress import DnsSilent, ResolverDown
from hookline.outbound.tls import AuthoritiesUnusable
from hookline.runtime import Runtime
from tests.making import WORKSPACE, make_webhook, publish, set_column
from tests.receivers import Receiver, make_tls
from tests.tables import each_of
from tests.waiting import eventually
from tests.workers.test_own_network import refuse_to_connect, write_routes
from workers.lanes import PAUSE_LIMIT_SECONDS, Pace
from workers.local_faults import (
    ERRNOS,
    QUIET_SECONDS,
    REMEDIES,
    SECRET_CODES,
    Alarms,
    LocalFault,
    NotSent,
    local_fault,
)
from workers.own_network import NoNetwork, PortsUsedUp
from workers.pump import Pump
from workers.sending import OutboundRequest, Sender

pytestmark = pytest.mark.engines("sqlite")

HOST = "receiver.example"


@each_of(
    "error, fault",
    [
        (OSError(errno.EMFILE, "too many in the process"), LocalFault.DESCRIPTORS),
        (OSError(errno.ENFILE, "too many in the system"), LocalFault.DESCRIPTORS),
        (OSError(errno.ENOMEM, "no memory"), LocalFault.MEMORY),
        (OSError(errno.ENOBUFS, "no buffers"), LocalFault.MEMORY),
        (MemoryError(), LocalFault.MEMORY),
        (HooklineError("UNKNOWN_KEY", "no such key"), LocalFault.SECRETS),
        (HooklineError("UNREADABLE_SECRET", "another row's"), LocalFault.SECRETS),
        (ResolverDown(), LocalFault.RESOLVER),
        (AuthoritiesUnusable(errno.ENOENT, "no file"), LocalFault.AUTHORITIES),
        (AuthoritiesUnusable(errno.EMFILE, "too many"), LocalFault.DESCRIPTORS),
        (OSError(errno.EAGAIN, "try again"), LocalFault.PORTS),
        (OSError(errno.ENETDOWN, "network down"), LocalFault.NETWORK),
        (PortsUsedUp(errno.EADDRNOTAVAIL, "no port"), LocalFault.PORTS),
        (NoNetwork(errno.ENETUNREACH, "no route at all"), LocalFault.NETWORK),
        (OSError(errno.EADDRNOTAVAIL, "no address of that family"), None),
        (OSError(errno.EHOSTUNREACH, "a router says no"), None),
        (DnsSilent(), None),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), None),
        (OSError(errno.ENETUNREACH, "no way there"), None),
        (TimeoutError(), None),
        (HooklineError("INVALID", "something else"), None),
    ],
)
def test_list_of_what_is_ours(error: BaseException, fault: LocalFault | None) -> None:
    assert local_fault(error) is fault


def test_every_fault_says_what_to_do_and_is_met_by_something() -> None:
    assert set(REMEDIES) == set(LocalFault)
    assert set(ERRNOS) == {
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS),
        *(errno.EAGAIN, errno.ENETDOWN),
    }
    assert set(SECRET_CODES) == {"UNKNOWN_KEY", "UNREADABLE_SECRET"}


class Watched:
    """The real queue, with what was claimed and given back, and a fault of its own."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self.given_back = list[UUID]()
        self.claims = self.sweeps = self.refusals = 0
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def claim(self, *arguments: Any) -> list[ClaimedDelivery]:
        rows = await self._queue.claim(*arguments)
        self.claims += bool(rows)
        return rows

    async def give_back(self, token: UUID, rows: Sequence[ClaimedDelivery]) -> set[UUID]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "too many")
        still_leased = await self._queue.give_back(token, rows)
        self.given_back += [row.id for row in rows]
        return still_leased

    async def due(self) -> list[UUID]:
        self.sweeps += 1
        return await self._queue.due()

    async def store_bodies(self, bodies: Sequence[tuple[UUID, bytes]]) -> None:
        if self.is_away:
            raise TimeoutError
        await self._queue.store_bodies(bodies)


@dataclass
class Outage:
    """One fault, until it is mended."""

    fault: LocalFault
    runtime: Runtime
    patch: pytest.MonkeyPatch
    ca_file: Path
    port: int = 0
    webhook: Webhook | None = None
    queue: Watched | None = None
    is_mended: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        needs_template = self.fault in (LocalFault.RENDERER, LocalFault.DATABASE)
        return {"payloadTemplate": "{{ event.id }}"} if needs_template else {}

    async def resolve(self, host: str) -> list[str]:
        errors: dict[LocalFault, BaseException] = {
            LocalFault.DESCRIPTORS: OSError(errno.EMFILE, "too many"),
            LocalFault.MEMORY: OSError(errno.ENOMEM, "no memory"),
            LocalFault.RESOLVER: DnsSilent(),
        }
        if not self.is_mended and self.fault in errors:
            raise errors[self.fault]
        return ["127.0.0.1"]

    async def begin(self) -> None:
        assert self.queue is not None
        match self.fault:
            case LocalFault.RENDERER:
                await self.runtime.renderer.close()  # saving the template has started a child
                self.patch.setattr(sys, "executable", "/nowhere/python")
            case LocalFault.PORTS:
                refuse_to_connect(self.patch, errno.EADDRNOTAVAIL, self.port)
            case LocalFault.NETWORK:
                self.patch.setattr("workers.own_network.ROUTES", (write_routes(self.ca_file),))
                refuse_to_connect(self.patch, errno.ENETUNREACH, self.port)
            case LocalFault.DATABASE:
                self.queue.is_away = True
            case LocalFault.AUTHORITIES:
                self.ca_file.rename(self.ca_file.with_suffix(".away"))
            case LocalFault.SECRETS:
                await self._set_secrets('[{"sealed": "v1.00000000.AAAA", "createdAt": null}]')

    async def mend(self) -> None:
        self.is_mended = True
        if self.queue is not None:
            self.queue.is_away = False
        if self.fault in (LocalFault.RENDERER, LocalFault.PORTS, LocalFault.NETWORK):
            self.patch.undo()
        if self.fault is LocalFault.AUTHORITIES:
            self.ca_file.with_suffix(".away").rename(self.ca_file)
        if self.fault is LocalFault.SECRETS:
            await self._set_secrets(self._secrets)

    async def _set_secrets(self, text: str) -> None:
        assert self.webhook is not None
        reader = self.runtime.database.reader()
        [row] = await reader.rows(
            "select signing_secrets, version from webhook where id = $1", self.webhook.id
        )
        self._secrets = row["signing_secrets"]
        await set_column(self.runtime, "webhook", "signing_secrets", text, [self.webhook.id])
        await set_column(self.runtime, "webhook", "version", row["version"] + 1, [self.webhook.id])
        version = (await self.runtime.queue.versions())[WORKSPACE]
        await set_column(self.runtime, "workspace", "match_version", version + 1, [WORKSPACE])
        await self.runtime.registry.refresh()


@asynccontextmanager
async def pumping(runtime: Runtime, sender: Sender) -> AsyncIterator[Pump]:
    async with sender:
        pump = Pump(runtime, sender)
        await pump.start()
        try:
            yield pump
        finally:
            await pump.stop()


@pytest.fixture
def short_pauses() -> Iterator[None]:
    # Apart from what a test undoes when its fault is over.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workers.lanes._SHORTEST_PAUSE_SECONDS", 0.2)
        yield


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("fault", LocalFault)
async def test_fault_of_our_own_is_no_attempt_and_is_tried_again_until_it_is_over(
    runtime: Runtime,
    fault: LocalFault,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage(fault, runtime, monkeypatch, tmp_path / "ca.pem")
    tls = make_tls(HOST, outage.ca_file)
    outage.queue = queue = Watched(runtime.queue)
    watched = replace(runtime, queue=cast("Queue", queue))
    sender = Sender(runtime.addresses, resolve=outage.resolve, ca_file=str(outage.ca_file))
    async with Receiver(tls=tls) as receiver:
        url = f"https://{HOST}:{receiver.port}/in"
        outage.port = receiver.port
        outage.webhook = webhook = await make_webhook(runtime, url, **outage.fields)
        await outage.begin()
        async with pumping(watched, sender):
            await publish(runtime, 3)
            # Each of the three, and one more after the pause.
            await eventually(lambda: len(queue.given_back) > len(set(queue.given_back)) == 3)
            tries = queue.claims
            assert await Attempt.all().count() == 0
            health = await Webhook.get(id=webhook.id)
            assert health.consecutive_failures == 0
            assert health.last_attempt_at is None
            # It is claimed by the sweeps, one each second, and the first time by the publish.
            assert tries <= queue.sweeps + 1
            await outage.mend()
            await receiver.wait_for(3)
            await eventually(lambda: all_succeeded(3))
    attempts = await Attempt.all()
    assert [(one.number, one.outcome) for one in attempts] == [(1, AttemptOutcome.SUCCEEDED)] * 3
    assert len({request.header("webhook-id") for request in receiver.requests}) == 3
    told = [record for record in caplog.records if getattr(record, "fault", None)]
    assert [(record.levelno, record.__dict__["fault"]) for record in told] == [
        (logging.CRITICAL, fault)
    ]
    assert f'hookline_deliveries_set_back_total{{fault="{fault}"}}' in shown(runtime.metrics)


@pytest.mark.usefixtures("short_pauses")
async def test_lack_that_hits_the_way_back_too_is_no_attempt(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(LocalFault.DESCRIPTORS, runtime, monkeypatch, tmp_path / "ca.pem")
    queue = Watched(runtime.queue)
    queue.refusals = 3
    sender = Sender(runtime.addresses, resolve=outage.resolve)
    async with Receiver() as receiver:
        await make_webhook(runtime, f"http://{HOST}:{receiver.port}/in")
        async with pumping(replace(runtime, queue=cast("Queue", queue)), sender) as pump:
            await publish(runtime, 1)
            await eventually(lambda: bool(queue.given_back))
            token = pump.leases.token
            await outage.mend()
            await receiver.wait_for(1)
            await eventually(lambda: all_succeeded(1))
            # The process kept its token: nothing was left to a takeover.
            assert pump.leases.token is token is not None
    assert queue.refusals == 0
    assert [one.outcome for one in await Attempt.all()] == [AttemptOutcome.SUCCEEDED]


def shown(metrics: Metrics) -> str:
    return metrics.text().decode()


async def all_succeeded(count: int) -> bool:
    return await Delivery.filter(status=DeliveryState.SUCCEEDED).count() == count


async def test_other_webhooks_go_on_while_one_is_set_back(runtime: Runtime) -> None:
    outage = Outage(LocalFault.RESOLVER, runtime, pytest.MonkeyPatch(), Path())
    outage.queue = queue = Watched(runtime.queue)
    watched = replace(runtime, queue=cast("Queue", queue))
    async with Receiver() as receiver:
        await make_webhook(runtime, f"http://{HOST}:{receiver.port}/named")
        await make_webhook(runtime, receiver.url)
        async with pumping(watched, Sender(runtime.addresses, resolve=outage.resolve)):
            await publish(runtime, 20)
            await receiver.wait_for(20)
            assert {request.path for request in receiver.requests} == {"/in"}
            await outage.mend()
            await receiver.wait_for(40)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Lets nothing be opened; what is open stays so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/", "https://localhost:{port}/"]
)
async def test_process_without_descriptors_says_so_whatever_needs_one(
    runtime: Runtime, url: str
) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        request = OutboundRequest(url.format(port=receiver.port), [], b"{}", 5.0)
        with no_descriptors(), pytest.raises(NotSent) as lack:
            await sender.send(request)
    assert lack.value.fault is LocalFault.DESCRIPTORS


async def test_connection_that_is_there_serves_a_process_without_descriptors(
    runtime: Runtime,
) -> None:
    async with Receiver() as receiver, Sender(runtime.addresses) as sender:
        request = OutboundRequest(receiver.url, [], b"{}", 5.0)
        await sender.send(request)
        with no_descriptors():
            assert (await sender.send(request)).status_code == 200


def test_pause_doubles_up_to_its_limit_and_faults_at_a_time_count_once() -> None:
    pace, now, pauses = Pace(), 1_000.0, list[float]()
    for _ in range(8):
        pace.set_back(now)
        pace.set_back(now + 0.5)
        pauses.append(pace.paused_until - now)
        now = pace.paused_until
    assert pauses == [1, 2, 4, 8, 16, *[PAUSE_LIMIT_SECONDS] * 3]


def test_outage_is_told_once_and_the_next_one_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    now, alarms = [1_000.0], Alarms(metrics)
    monkeypatch.setattr("hookline.clock.time.monotonic", lambda: now[0])
    for pause in (0.0, QUIET_SECONDS - 1, QUIET_SECONDS - 1, QUIET_SECONDS + 1):
        now[0] += pause
        alarms.note(LocalFault.DESCRIPTORS, "too many")
    alarms.note(LocalFault.MEMORY, "none")
    assert [record.__dict__["fault"] for record in caplog.records] == [
        "DESCRIPTORS",
        "DESCRIPTORS",
        "MEMORY",
    ]
    assert 'hookline_deliveries_set_back_total{fault="DESCRIPTORS"} 4.0' in shown(metrics)
    assert 'hookline_deliveries_set_back_total{fault="RENDERER"} 0.0' in shown(metrics)
