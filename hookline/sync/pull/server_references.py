"""References that a server looks up for itself: variables with the prefix and files below the
folder that its settings name, nothing else of its machine. Used by reading_child alone.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from hookline.regular_files import open_regular
from hookline.sync.read.references import LocalReferences, ReferenceRefused

_MOST_BYTES: Final = 65_537
"""One more than a reference may stand for."""


@dataclass(slots=True)
class ServerReferences(LocalReferences):
    """prefix: of the variables, empty for none; root: of the files, None for none; digests: of the
    files that were referred to, whether they could be read or not.
    """

    prefix: str = ""
    root: Path | None = None
    digests: dict[str, str] = field(default_factory=dict)

    def _from_environment(self, reference: str) -> str:
        if not self.prefix:
            raise ReferenceRefused(
                "reference-not-allowed",
                "this server looks up no variables",
                "set HOOKLINE_SYNC_ENV_PREFIX to the beginning of the names that it may",
            )
        if not reference.startswith(self.prefix):
            raise ReferenceRefused(
                "reference-not-allowed",
                f"this server looks up variables that begin with {self.prefix} alone",
                "rename the variable, or change HOOKLINE_SYNC_ENV_PREFIX",
            )
        return LocalReferences._from_environment(self, reference)

    def _place(self, name: str) -> Path:
        if self.root is None:
            raise ReferenceRefused(
                "reference-not-allowed",
                "this server reads no files for references",
                "set HOOKLINE_SYNC_FILE_ROOT to the folder whose files it may",
            )
        place = LocalReferences._place(self, name)
        if not place.is_relative_to(self.root.resolve()):
            raise ReferenceRefused(
                "reference-not-allowed",
                "this server reads files below HOOKLINE_SYNC_FILE_ROOT alone",
                "keep the file there",
            )
        # By the name, not by what it leads to: a link may lead elsewhere tomorrow.
        path = str(self.folder / name)
        self.digests[path] = file_digest(path)
        return place


def file_digest(path: str) -> str:
    """Digest of a file as far as a reference reads it; empty where it can't be read."""
    try:
        with open_regular(Path(path)) as file:
            return sha256(file.read(_MOST_BYTES)).hexdigest()
    # ValueError: a NUL in the path.
    except (OSError, ValueError):
        return ""
