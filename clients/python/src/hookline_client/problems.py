"""Faults of an event, as the client or the server finds them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an event. index: of the event among those that were given; None
    when it is about all of them. field: the path in the event, `("data", "total")`.
    """

    message: str
    code: str = "INVALID"
    index: int | None = 0
    field: tuple[str, ...] = ()
