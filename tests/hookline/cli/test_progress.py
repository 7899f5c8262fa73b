"""Progress of `hookline sync`, in a terminal of its own."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from tests.processes import PROJECT

FILE = """version: 1
webhooks:
  a: { url: https://a.example.com, environments: [production], events: [a.b.c] }
"""
STEP, NOTHING = b"\r\x1b[KPlanning ", b"\r\x1b[KError: "


class SlowServer(ThreadingHTTPServer):
    """Answers at once what exists, and a plan when it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.may_answer = Event()
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: SlowServer

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["content-length"])))["query"]
        if "mutation" in query:
            self.server.may_answer.wait(30)
        body = json.dumps({"data": {"environments": ["production"]}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Says nothing."""


def test_work_of_more_than_a_second_is_told_on_a_terminal_and_the_line_is_taken_away(
    tmp_path: Path,
) -> None:
    (tmp_path / "hooks.yaml").write_text(FILE)
    server = SlowServer()
    Thread(target=server.serve_forever, daemon=True).start()
    ours, theirs = os.openpty()
    url = f"http://127.0.0.1:{server.server_port}"
    command = subprocess.Popen(
        [sys.executable, "-m", "hookline", "sync", "plan", "-f", "hooks.yaml", "--server", url],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "HOOKLINE_TOKEN": "hl_x"},
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        told = b""
        while STEP not in told:
            told += os.read(ours, 4_096)
        server.may_answer.set()
        output, _ = command.communicate(timeout=30)
        assert output == b""
        # The answer is no plan, which is told where the line stood.
        while NOTHING not in told:
            told += os.read(ours, 4_096)
    finally:
        command.kill()
        server.shutdown()
        server.server_close()
        os.close(ours)
