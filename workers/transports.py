"""The ways on which requests go out: to a receiver's URL, or to a listener's command. Chosen for
each attempt by delivering.
"""

from typing import NamedTuple, Protocol

from hookline.deliveries.target import Target
from workers.answers import ReceiverAnswer
from workers.listening import ListenerTransport
from workers.sending import OutboundRequest, Sender, StillWanted


class Transport(Protocol):
    async def send(
        self, request: OutboundRequest, still_wanted: StillWanted | None = None
    ) -> ReceiverAnswer:
        """Sends one POST and returns the answer; faults on the way are in it.

        Raises NotSent for a fault of our own, Withdrawn when it is no longer wanted.
        """


class Transports(NamedTuple):
    sender: Sender
    listeners: ListenerTransport

    def of(self, target: Target) -> Transport:
        return self.listeners if target.is_listener else self.sender
