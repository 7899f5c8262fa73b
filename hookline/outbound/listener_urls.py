"""URLs of listeners: webhooks whose requests a command takes by a subscription (`hookline listen`).
No rule on addresses lets the scheme pass, so that nothing ever connects to one.
"""

from typing import Final
from uuid import UUID

from hookline import ids

_PREFIX: Final = "listen://"


def listener_url(webhook_id: UUID) -> str:
    """The URL of a listener, such as `listen://wh_01h455vb4pex5vsknk084sn02q`."""
    return _PREFIX + ids.encode("wh", webhook_id)


def is_listener_url(url: str) -> bool:
    return url.startswith(_PREFIX)


def listener_of(url: str) -> UUID:
    """The webhook in a listener's URL. Raises MalformedId."""
    return ids.decode(url.removeprefix(_PREFIX))[1]
