"""The server of a command of `hookline sync`, as its options name it. Imports nothing heavy: only
--local reads all settings, for 0.25 s of CPU (2026-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hookline.cli.connection import ServerAccess
    from hookline.settings.fields import Settings


@dataclass(frozen=True, slots=True)
class ServerChoice:
    """A server, or this process on its own database. server, profile: None for what the
    environment and the latest login say.
    """

    server: str | None
    profile: str | None
    is_local: bool

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "ServerChoice":
        """given: values of the command line by their names."""
        return cls(given["server"], given["profile"], given["local"])

    def access(self) -> "ServerAccess":
        """Raises Misconfigured."""
        from hookline.cli.connection import connect

        return connect(self.server, self.profile)

    def settings(self) -> "Settings":
        """Raises Misconfigured."""
        from hookline.settings.fields import read_settings

        return read_settings()

    def words(self) -> list[str]:
        """The options that name it again."""
        if self.is_local:
            return ["--local"]
        named = (("--server", self.server), ("--profile", self.profile))
        return [word for option, value in named if value for word in (option, value)]
