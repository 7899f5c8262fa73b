"""The metrics of an installation, as Prometheus reads them: of one process at the API's port, of
several at a port of each.
"""

import re
from pathlib import Path

import httpx

from tests.flows.installation import Installation
from tests.receivers import Receiver
from tests.servers import free_port
from tests.waiting import eventually

TOKEN = "the-operators-own-token"


async def scrape(url: str) -> tuple[int, str]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(url, headers={"Authorization": f"Bearer {TOKEN}"})
    return answer.status_code, answer.text


def counted(text: str, name: str) -> float:
    """All series of a metric together."""
    return sum(
        float(value) for value in re.findall(rf"^{name}(?:\{{.*\}})? (.*)$", text, re.MULTILINE)
    )


async def test_one_process_shows_at_its_port_what_it_accepted_and_delivered(
    sqlite_database: str, tmp_path: Path
) -> None:
    async with Installation(tmp_path, sqlite_database) as hookline, Receiver() as receiver:
        hookline.environment["HOOKLINE_METRICS_TOKEN"] = TOKEN
        await hookline.start()
        await hookline.create_webhook(receiver.url)
        await hookline.publish({"n": 1})
        await receiver.wait_for(1)

        async def text() -> str | None:
            status, shown = await scrape(f"{hookline.url}/metrics")
            assert status == 200
            return shown if counted(shown, "hookline_attempts_total") else None

        shown = await eventually(text)
        assert shown
        assert "hookline_events_published_total 1.0" in shown
        assert 'hookline_attempts_total{outcome="SUCCEEDED"} 1.0' in shown
        assert 'hookline_deliveries_ended_total{state="SUCCEEDED"} 1.0' in shown
        assert counted(shown, "hookline_http_requests_total") >= 2
        assert counted(shown, "process_open_fds") > 0
        # Dramatiq's registry is another one.
        assert "# TYPE dramatiq_messages_total counter" in shown


async def test_each_of_several_processes_has_a_port_and_all_together_the_whole(
    postgres_database: str, tmp_path: Path
) -> None:
    async with Installation(tmp_path, postgres_database) as hookline, Receiver() as receiver:
        port = free_port()
        hookline.environment |= {
            "HOOKLINE_METRICS_TOKEN": TOKEN,
            "HOOKLINE_METRICS_PORT": str(port),
        }
        hookline.start_process("serve", "--workers", "2")
        hookline.start_process("worker", "--processes", "1")
        await eventually(hookline.is_ready)
        log = hookline.log
        ports = await eventually(
            lambda: (
                found
                if len(found := re.findall(r"metrics at (http://127\S+)", log.read_text())) == 3
                else []
            )
        )
        await hookline.create_webhook(receiver.url)
        await hookline.publish({"n": 1})
        await receiver.wait_for(1)

        async def delivered() -> str | None:
            shown = "".join([(await scrape(url))[1] for url in ports])
            return shown if counted(shown, "hookline_attempts_total") else None

        shown = await eventually(delivered)
        assert shown
        assert counted(shown, "hookline_events_published_total") == 1
        assert counted(shown, "hookline_attempts_total") == 1
        # At the API's port any of the two would answer.
        status, text = await scrape(f"{hookline.url}/metrics")
        assert (status, "HOOKLINE_METRICS_PORT" in text) == (404, True)
        log_text = log.read_text()
        assert TOKEN not in log_text
        assert "Traceback" not in log_text
