"""The limit of descriptors (open files and connections) of this process. The commands that serve
raise it before they begin, the doctor looks at it.
"""

import resource
from typing import Final

ENOUGH: Final = 4_096
"""The default of HOOKLINE_MAX_CONNECTIONS and what a process needs beside them fit in."""


def limit() -> int:
    """The number of descriptors that this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def highest_limit() -> int:
    """The number to which `raise_limit` can go: the hard limit."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def raise_limit() -> None:
    """Raises the soft limit to the hard one, which needs no rights. Children inherit it.

    Login shells and containers have a soft limit of 1,024 for the sake of programs that call
    select(), which none of ours does.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
