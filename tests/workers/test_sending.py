"""One request to one receiver, however it behaves: what is sent, what is kept of the answer, and
the deadline.
"""

import asyncio
from ipaddress import ip_network

import pytest

from hookline.deliveries.retries import AttemptError
from hookline.outbound.addresses import AddressPolicy
from tests import receivers
from tests.receivers import Handler, Receiver, Reply, Server, hostile
from tests.tables import each_of
from workers.answers import ReceiverAnswer
from workers.local_faults import LocalFault, NotSent
from workers.sending import OutboundRequest, Sender

LOOPBACK = AddressPolicy((ip_network("127.0.0.0/8"), ip_network("::1/128")))
HEADERS = [
    ("Content-Type", "application/json"),
    ("User-Agent", "Hookline/1"),
    ("X-Twice", "a"),
    ("X-Twice", "b"),
]


def request(url: str, timeout_seconds: float = 5.0, body: bytes = b'{"a":1}') -> OutboundRequest:
    return OutboundRequest(url, HEADERS, body, timeout_seconds)


async def resolve_to_loopback(host: str) -> list[str]:
    return ["127.0.0.1"]


async def resolve_never(host: str) -> list[str]:
    await asyncio.Event().wait()
    return []


async def resolve_all_but_shop(host: str) -> list[str]:
    return await resolve_never(host) if host == "shop.example" else ["127.0.0.1"]


async def sent_to(behaviour: Handler, timeout_seconds: float = 5.0) -> ReceiverAnswer:
    async with Sender(LOOPBACK) as sender, hostile(behaviour) as url:
        return await sender.send(request(url, timeout_seconds))


async def test_request_arrives_as_given_and_the_answer_comes_back() -> None:
    reply = Reply(201, [("X-Id", "7"), ("X-Id", "8"), ("X-Latin", "é")], b"made")
    async with Sender(LOOPBACK) as sender, Receiver([reply]) as receiver:
        answer = await sender.send(request(receiver.url))
        [received] = await receiver.wait_for(1)
    assert (received.method, received.path, received.body) == ("POST", "/in", b'{"a":1}')
    assert [pair for pair in received.headers if pair in HEADERS] == HEADERS
    assert received.header("Accept-Encoding") == "identity"
    assert received.header("Host") == f"127.0.0.1:{receiver.port}"
    assert received.header("Cookie") is None
    assert (answer.status_code, answer.body, answer.is_truncated, answer.error) == (
        201,
        b"made",
        False,
        None,
    )
    assert answer.headers == [
        ("Content-Length", "4"),
        ("X-Id", "7"),
        ("X-Id", "8"),
        ("X-Latin", "é"),
    ]


async def test_connection_is_used_again_and_cookies_are_not() -> None:
    async with (
        Sender(LOOPBACK) as sender,
        Receiver([Reply(headers=[("Set-Cookie", "a=b")])]) as receiver,
    ):
        for _ in range(3):
            assert (await sender.send(request(receiver.url))).status_code == 200
        assert receiver.connection_count == 1
        assert all(received.header("Cookie") is None for received in receiver.requests)


async def test_stale_connection_is_not_used_again() -> None:
    async with (
        Sender(LOOPBACK) as sender,
        Receiver([Reply(headers=[("Connection", "close")])]) as receiver,
    ):
        for _ in range(3):
            assert (await sender.send(request(receiver.url))).status_code == 200
        assert receiver.connection_count == 3


async def test_large_body_is_sent_whole() -> None:
    body = b"x" * 2_000_000
    async with Sender(LOOPBACK) as sender, Receiver() as receiver:
        assert (await sender.send(request(receiver.url, body=body))).status_code == 200
        assert receiver.requests[0].body == body


@pytest.mark.parametrize(
    "behaviour", [receivers.hangs, receivers.drips_headers, receivers.drips_informational_answers]
)
async def test_no_receiver_stretches_the_deadline(behaviour: Handler) -> None:
    answer = await sent_to(behaviour, timeout_seconds=0.5)
    assert answer.error is AttemptError.TIMEOUT
    assert answer.error_message == "No answer came within 0.5 seconds."
    assert 450 <= answer.duration_ms < 1500


async def test_receiver_that_reads_nothing_is_held_to_the_deadline_and_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    async with Sender(LOOPBACK) as sender, Server(receivers.hangs) as server:
        answer = await sender.send(request(server.url, timeout_seconds=0.5, body=b"x" * 20_000_000))
        assert answer.error is AttemptError.TIMEOUT
        assert answer.duration_ms < 1500
    assert asyncio.all_tasks() <= before


@pytest.mark.parametrize("behaviour", [receivers.drips_body, receivers.never_ends_chunks])
async def test_2xx_with_a_body_that_does_not_end_is_a_success_within_two_seconds(
    behaviour: Handler,
) -> None:
    answer = await sent_to(behaviour, timeout_seconds=20)
    assert (answer.status_code, answer.error, answer.is_truncated) == (200, None, True)
    assert answer.body
    assert 1900 <= answer.duration_ms < 3000


async def test_deadline_after_the_status_line_leaves_the_success() -> None:
    answer = await sent_to(receivers.drips_body, timeout_seconds=0.5)
    assert (answer.status_code, answer.error) == (200, None)
    assert answer.duration_ms < 1500


async def test_endless_body_is_cut_at_once() -> None:
    answer = await sent_to(receivers.sends_endless_body)
    assert (answer.status_code, len(answer.body), answer.is_truncated) == (200, 16384, True)
    assert answer.duration_ms < 1500


@pytest.mark.parametrize(
    "behaviour",
    [
        receivers.closes_in_the_body,
        receivers.sends_garbage_chunks,
        receivers.sends_garbage_chunks_at_once,
        receivers.sends_more_than_announced,
    ],
)
async def test_broken_body_does_not_change_the_verdict(behaviour: Handler) -> None:
    answer = await sent_to(behaviour)
    assert (answer.status_code, answer.error) == (200, None)
    assert answer.duration_ms < 1500


async def test_compressed_body_is_kept_as_it_came() -> None:
    answer = await sent_to(receivers.sends_gzip_bomb)
    assert (answer.status_code, answer.body[:2], len(answer.body), answer.is_truncated) == (
        200,
        b"\x1f\x8b",
        16384,
        True,
    )


@pytest.mark.parametrize(
    ("size", "kept", "is_truncated"),
    [(0, 0, False), (16384, 16384, False), (16385, 16384, True), (60_000, 16384, True)],
)
async def test_first_16_kib_of_the_body_are_kept(size: int, kept: int, is_truncated: bool) -> None:
    async with Sender(LOOPBACK) as sender, Receiver([Reply(body=b"x" * size)]) as receiver:
        answers = [await sender.send(request(receiver.url)) for _ in range(2)]
        assert [(len(answer.body), answer.is_truncated) for answer in answers] == [
            (kept, is_truncated)
        ] * 2
        assert receiver.connection_count == 1


async def test_headers_of_the_answer_are_kept_up_to_a_hundred_and_16_kib() -> None:
    many = Reply(headers=[(f"X-{number}", "y") for number in range(110)])
    large = Reply(headers=[(f"X-{number}", "y" * 1000) for number in range(60)])
    async with Sender(LOOPBACK) as sender, Receiver([many, large]) as receiver:
        assert len((await sender.send(request(receiver.url))).headers) == 100
        kept = (await sender.send(request(receiver.url))).headers
    assert sum(len(name) + len(value) for name, value in kept) <= 16384
    assert len(kept) == 17


@pytest.mark.parametrize(
    "behaviour",
    [
        receivers.resets_before_the_answer,
        receivers.closes_without_an_answer,
        receivers.resets_in_the_headers,
    ],
)
async def test_connection_lost_before_the_answer_is_a_failure(behaviour: Handler) -> None:
    answer = await sent_to(behaviour)
    assert answer.error is AttemptError.PROTOCOL
    assert (answer.error_message or "").startswith(
        "The receiver closed the connection before it had answered."
    )


@each_of(
    "behaviour",
    [
        receivers.sends_ten_thousand_headers,
        receivers.sends_megabyte_header,
        receivers.sends_endless_header,
        receivers.sends_garbage,
        receivers.sends_bad_length,
        receivers.floods_informational_answers,
    ],
)
async def test_answer_that_is_no_sane_http_is_a_failure(behaviour: Handler) -> None:
    answer = await sent_to(behaviour)
    assert (answer.status_code, answer.error) == (None, AttemptError.PROTOCOL)
    assert (
        answer.error_message
        == "The receiver's answer is not valid HTTP, or its headers are too large."
    )
    assert answer.duration_ms < 1500


async def test_interim_answer_before_the_real_one_is_skipped() -> None:
    async def hints(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    assert (await sent_to(hints)).status_code == 204


async def test_nobody_listening_is_a_connect_failure() -> None:
    async with Receiver() as receiver:
        url = receiver.url
    async with Sender(LOOPBACK) as sender:
        answer = await sender.send(request(url))
    assert (answer.error, answer.error_message) == (
        AttemptError.CONNECT,
        "The receiver refused the connection.",
    )


async def test_unknown_host_is_a_dns_failure() -> None:
    async def resolve(host: str) -> list[str]:
        return []

    async with Sender(LOOPBACK, resolve=resolve) as sender:
        answer = await sender.send(request("http://nowhere.invalid/"))
    assert (answer.error, answer.error_message) == (
        AttemptError.DNS,
        "The host name could not be resolved.",
    )


async def test_hanging_name_server_is_held_to_the_deadline() -> None:
    # Longer than the second after which it is found out whether other names have answers.
    async with Sender(LOOPBACK, resolve=resolve_all_but_shop) as sender:
        answer = await sender.send(request("http://shop.example/", timeout_seconds=1.5))
    assert (answer.error, answer.error_message) == (
        AttemptError.TIMEOUT,
        "No answer came within 1.5 seconds.",
    )


async def test_name_server_that_hangs_for_every_name_is_no_fault_of_the_receiver() -> None:
    async with Sender(LOOPBACK, resolve=resolve_never) as sender:
        with pytest.raises(NotSent) as fault:
            await sender.send(request("http://shop.example/", timeout_seconds=0.3))
    assert fault.value.fault is LocalFault.RESOLVER


async def test_connection_may_take_five_seconds_of_a_longer_deadline() -> None:
    async with Sender(LOOPBACK, resolve=resolve_all_but_shop) as sender:
        answer = await sender.send(request("http://shop.example/", timeout_seconds=20))
    assert (answer.error, answer.error_message) == (
        AttemptError.TIMEOUT,
        "No connection came about within 5 seconds.",
    )
    assert 4900 <= answer.duration_ms < 7000


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/", "http://[::1]/", "http://127.1/", "http://[::ffff:127.0.0.1]/"]
)
async def test_literal_address_is_refused_and_never_dialled(url: str) -> None:
    async with Sender(AddressPolicy()) as sender:
        answer = await sender.send(request(url))
    assert answer.error is AttemptError.REFUSED_ADDRESS
    assert answer.status_code is None


async def test_name_that_resolves_to_a_private_address_is_refused_and_never_dialled() -> None:
    async with (
        Sender(AddressPolicy(), resolve=resolve_to_loopback) as sender,
        Receiver() as receiver,
    ):
        answer = await sender.send(request(f"http://shop.example:{receiver.port}/"))
        assert receiver.connection_count == 0
    assert answer.error is AttemptError.REFUSED_ADDRESS
    assert answer.error_message is not None
    assert answer.error_message.startswith("Address not allowed")
    assert "127.0.0.1" not in answer.error_message


async def test_host_that_the_operator_opened_is_reached() -> None:
    policy = AddressPolicy(hosts=frozenset({"shop.example"}))
    async with Sender(policy, resolve=resolve_to_loopback) as sender, Receiver() as receiver:
        answer = await sender.send(request(f"http://shop.example:{receiver.port}/"))
        assert answer.status_code == 200
        assert receiver.requests[0].header("Host") == f"shop.example:{receiver.port}"


async def test_socket_is_refused_too_when_an_address_slips_past_the_resolver() -> None:
    async with (
        Sender(AddressPolicy(), resolve=resolve_to_loopback) as sender,
        Receiver() as receiver,
    ):
        sender._policy = LOOPBACK  # lets the URL pass, as a mistake in its check would
        answer = await sender.send(request(receiver.url))
        assert receiver.connection_count == 0
    assert answer.error is AttemptError.REFUSED_ADDRESS


async def test_hanging_receiver_does_not_delay_another() -> None:
    async with (
        Sender(LOOPBACK) as sender,
        hostile(receivers.hangs) as hanging,
        Receiver() as receiver,
    ):
        stuck = [
            asyncio.create_task(sender.send(request(hanging, timeout_seconds=3))) for _ in range(50)
        ]
        assert (await sender.send(request(receiver.url))).status_code == 200
        assert not any(task.done() for task in stuck)
        assert {answer.error for answer in await asyncio.gather(*stuck)} == {AttemptError.TIMEOUT}


async def test_cancelled_send_ends_at_once_and_closes_its_connection() -> None:
    async with Sender(LOOPBACK) as sender, Receiver() as receiver:
        receiver.gate.clear()
        sending = asyncio.create_task(sender.send(request(receiver.url)))
        await receiver.wait_for(1)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        receiver.gate.set()
        assert (await sender.send(request(receiver.url))).status_code == 200
        assert receiver.connection_count == 2


async def test_mistake_of_ours_is_raised_and_not_taken_for_a_network_fault() -> None:
    async with Sender(LOOPBACK) as sender, Receiver() as receiver:
        with pytest.raises(TypeError):
            # the mistake
            await sender.send(OutboundRequest(receiver.url, [("X-Number", 5)], b"", 5.0))  # type: ignore[list-item]
