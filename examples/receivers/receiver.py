"""Receives webhooks, verifies them and prints each event once. Needs hookline-client.

WEBHOOK_SECRET=whsec_… PORT=8080 python receiver.py
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hookline_client import NotVerified, verify

LIMIT_BYTES = 1024 * 1024
# Two, separated by a blank, while one is replaced by the other.
SECRETS = os.environ["WEBHOOK_SECRET"].split()
# A real receiver keeps the ids of some days in its database, in the transaction that does the work.
seen = set[str]()


class Handler(BaseHTTPRequestHandler):
    """Answers 204 to what is verified, also to what came before."""

    def do_POST(self) -> None:
        """Takes a webhook."""
        length = int(self.headers.get("content-length") or 0)
        if length > LIMIT_BYTES:
            self.send_error(413)
            return
        try:
            webhook = verify(self.rfile.read(length), dict(self.headers), SECRETS)
        except NotVerified as error:
            self.send_error(400, error.code)
            return
        if webhook.id not in seen:
            print(webhook.id, webhook.json()["type"], flush=True)
            seen.add(webhook.id)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Writes on standard error; standard output has the events alone."""
        print(format % arguments, file=sys.stderr)


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Handler)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
