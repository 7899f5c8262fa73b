"""The console in a browser: size of its parts, first paint, requests and statements of each page,
and memory while attempts arrive. Needs the built pages and chromium. Called by
`make bench ARGS=console`.
"""

import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

from benchmarks import statements
from benchmarks.processes import Trees
from benchmarks.stand import Bench, command, free_port, graphql, prepared, process, settings, tell

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

STATIC = Path(__file__).parent.parent / "api" / "static" / "console"
MINUTES = float(os.environ.get("BENCH_CONSOLE_MINUTES", "5"))
# Attempts a second. What is kept follows from how many have come, not from how fast: five times as
# many take a fifth of the time.
RATE = int(os.environ.get("BENCH_CONSOLE_RATE", "50"))
SAMPLES = 20
# Those that 50 a second make within five minutes: memory is compared with that of then.
FIRST_ATTEMPTS = 15_000
LOADS = 5
PAGES = (
    *("/webhooks", "/events", "/activity", "/notifications", "/types", "/sync", "/audit"),
    *("/tokens", "{webhook}?tab=activity", "{webhook}?tab=configure", "{webhook}?tab=email"),
    *("{webhook}?tab=changes", "{event}"),
)
_IDS = "{ webhooks { nodes { id } } events { nodes { id } } }"
# Frames are counted from the first sample on, and tasks of more than 50 ms.
_WATCH = """
window.seen = { frames: 0, longest: 0 };
new PerformanceObserver((list) => { for (const { duration } of list.getEntries())
  window.seen.longest = Math.max(window.seen.longest, duration); }).observe({ type: "longtask" });
const count = () => { window.seen.frames += 1; requestAnimationFrame(count); };
requestAnimationFrame(count);
"""


def sizes() -> dict[str, Any]:
    """kB after gzip -9: of what the first page loads, and of each part that is loaded later."""
    first = set(re.findall(r"assets/[\w.-]+", (STATIC / "index.html").read_text("utf-8")))
    parts = {
        f"assets/{path.name}": round(len(gzip.compress(path.read_bytes(), 9)) / 1_000, 1)
        for path in sorted((STATIC / "assets").iterdir())
        if path.suffix in (".js", ".css")
    }
    later = {name.removeprefix("assets/"): kb for name, kb in parts.items() if name not in first}
    return {
        "first_kb": round(sum(parts[name] for name in first if name in parts), 1),
        "later_kb": dict(sorted(later.items(), key=lambda part: -part[1])),
    }


def paints(page: "Page", url: str) -> dict[str, float]:
    """Milliseconds from the navigation to the first contents, medians over some loads."""
    found = []
    for _ in range(LOADS):
        page.goto(f"{url}/webhooks")
        page.get_by_role("table").wait_for()
        found.append(
            page.evaluate(
                "[performance.getEntriesByName('first-contentful-paint')[0].startTime,"
                " performance.now()]"
            )
        )
    return {
        "first_contents_ms": round(statistics.median(paint for paint, _ in found)),
        "list_is_there_ms": round(statistics.median(done for _, done in found)),
    }


def asked_by_pages(page: "Page", bench: Bench) -> dict[str, list[dict[str, Any]]]:
    """Requests to the API that each page makes until it is quiet."""
    found = graphql(bench.url, bench.token, _IDS, {})["data"]
    webhook, event = (found[name]["nodes"][0]["id"] for name in ("webhooks", "events"))
    asked: dict[str, list[dict[str, Any]]] = {}
    for path in PAGES:
        sent: list[dict[str, Any]] = []

        def hear(request: Any, sent: list[dict[str, Any]] = sent) -> None:  # Any: a lazy type
            if request.url.endswith("/graphql"):
                sent.append(request.post_data_json)

        page.on("request", hear)
        place = path.format(webhook=f"/webhooks/{webhook}", event=f"/events/{event}")
        page.goto(f"{bench.url}{place}", wait_until="networkidle")
        page.remove_listener("request", hear)
        asked[path] = sent
    return asked


def costs(asked: dict[str, list[dict[str, Any]]], home: Path) -> dict[str, dict[str, int]]:
    """Requests and statements of each page. They are counted once the server has ended."""
    counts = iter(statements.count(home, [one for sent in asked.values() for one in sent]))
    found = {
        path: {"requests": len(sent), "statements": sum(next(counts) for _ in sent)}
        for path, sent in asked.items()
    }
    tell(f"  {'page':<28}{'requests':>10}{'statements':>12}")
    for path, cost in found.items():
        tell(f"  {path:<28}{cost['requests']:>10}{cost['statements']:>12}")
    return found


def arrivals(page: "Page", session: "CDPSession", bench: Bench) -> dict[str, Any]:
    """Memory of the log of all webhooks while 50 attempts a second arrive at its top, and of the
    server that tells of them.
    """
    seconds = MINUTES * 60
    page.goto(f"{bench.url}/activity")
    page.get_by_role("heading", name="Activity").wait_for()
    page.evaluate(_WATCH)
    began = time.monotonic()
    arguments = (bench.url, bench.token, "steady", str(RATE), str(seconds))
    generator = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", *arguments], stdout=subprocess.PIPE, text=True
    )
    samples = []
    while generator.poll() is None:
        page.wait_for_timeout(seconds / SAMPLES * 1_000)
        of_page = sample(page, session, time.monotonic() - began)
        server = Trees({"hookline": bench.roots["hookline"]})
        server.sample()
        samples.append(of_page | {"server_pss_mb": server.peak_pss_mb})
        tell(f"  {samples[-1]}")
    took = time.monotonic() - began
    seen = page.evaluate("window.seen")
    # Nothing where the generator failed, as it does when the server is overloaded.
    sent = json.loads(generator.communicate()[0] or "{}")
    later = [one["heap_mb"] for one in samples if one["second"] * RATE >= FIRST_ATTEMPTS]
    return {
        "minutes": round(took / 60, 1),
        "rate": RATE,
        "as_minutes_of_50_a_second": round(took / 60 * RATE / 50, 1),
        "growth_since_5_of_them_mb": round(later[-1] - later[0], 1) if later else None,
        "accepted": sent.get("accepted"),
        "frames_per_s": round(seen["frames"] / took, 1),
        "longest_task_ms": round(seen["longest"]),
        "samples": samples,
    }


def sample(page: "Page", session: "CDPSession", seconds: float) -> dict[str, Any]:
    session.send("HeapProfiler.collectGarbage")
    metrics = {
        one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]
    }
    table = page.get_by_role("grid")
    return {
        "second": round(seconds),
        "heap_mb": round(metrics["JSHeapUsedSize"] / 1e6, 1),
        "rows": int(table.get_attribute("aria-rowcount") or 1) - 1,
        "rows_in_page": page.locator("[data-row]").count(),
    }


def measure(folder: Path, receiver_port: int) -> dict[str, Any]:
    # A test dependency, which the other parts do without.
    from playwright.sync_api import sync_playwright

    port = free_port()
    environment = settings(folder, port)
    command("migrate", **environment)
    with (
        process("-m", "hookline", "serve", **environment) as pid,
        sync_playwright() as playwright,
    ):
        bench = prepared(environment, {"hookline": [pid]}, port, receiver_port)
        options = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=options)
        page = browser.new_page()
        keep = f"sessionStorage.setItem('hookline:token', {json.dumps(bench.token)})"
        page.add_init_script(keep)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        result = {
            "sizes": sizes(),
            "paints": paints(page, bench.url),
            "arrivals": arrivals(page, session, bench),
        }
        asked = asked_by_pages(page, bench)
        browser.close()
    return {**result, "pages": costs(asked, folder)}
