"""The console in a browser: size of its parts, first paint, requests of each page, and memory
while attempts arrive. Needs the built pages and chromium. Called by `make bench ARGS=console`.
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

from benchmarks.stand import Bench, command, free_port, prepared, process, settings, tell

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

STATIC = Path(__file__).parent.parent / "api" / "static" / "console"
MINUTES = float(os.environ.get("BENCH_CONSOLE_MINUTES", "5"))
# attempts a second
RATE = 50
SAMPLE_SECONDS = 15
LOADS = 5
PAGES = ("/webhooks", "/events", "/activity", "/notifications", "/audit", "/tokens")
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


def requests_of_pages(page: "Page", url: str) -> dict[str, int]:
    """Requests to the API that each page makes until it is quiet."""
    counts = dict.fromkeys(PAGES, 0)
    for path in PAGES:
        sent: list[str] = []

        def hear(request: Any, sent: list[str] = sent) -> None:  # Any: a library's lazy type
            if request.url.endswith("/graphql"):
                sent.append(request.url)

        page.on("request", hear)
        page.goto(f"{url}{path}", wait_until="networkidle")
        page.remove_listener("request", hear)
        counts[path] = len(sent)
    return counts


def arrivals(page: "Page", session: "CDPSession", bench: Bench) -> dict[str, Any]:
    """Memory of the log of all webhooks while 50 attempts a second arrive at its top."""
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
        page.wait_for_timeout(SAMPLE_SECONDS * 1_000)
        samples.append(sample(page, session, time.monotonic() - began))
        tell(f"  {samples[-1]}")
    took = time.monotonic() - began
    seen = page.evaluate("window.seen")
    return {
        "minutes": round(took / 60, 1),
        "accepted": json.loads(generator.communicate()[0])["accepted"],
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
            "api_requests": requests_of_pages(page, bench.url),
            "arrivals": arrivals(page, session, bench),
        }
        browser.close()
        return result
