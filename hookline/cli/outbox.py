"""`hookline outbox`: the commands of the client's distribution, where it is installed. The server
itself needs nothing of it.
"""

import click

from hookline.errors import HooklineError

try:
    from hookline_client.outbox.command import outbox
except ModuleNotFoundError:

    @click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
    def outbox() -> None:
        """Publish the events that an application wrote into its outbox (needs hookline-client)."""
        raise HooklineError(
            "NOT_AVAILABLE",
            "hookline outbox needs hookline-client: pip install './clients/python[relay]'.",
        )


__all__ = ["outbox"]
