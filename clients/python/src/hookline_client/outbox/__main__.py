"""Runs the commands: `python -m hookline_client.outbox`."""

from hookline_client.outbox.command import main

main()
