"""The signing secret of this machine's listeners: made once, and kept in a file that its owner
alone may read, so that the program that verifies keeps its configuration. Used by `listen`.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from hookline.errors import Misconfigured
from hookline.regular_files import open_regular

_LIMIT_BYTES: Final = 1024


def secret_path() -> Path:
    """The file in the platform's folder for settings of programs."""
    return Path(click.get_app_dir("hookline")) / "listener-secret"


def machine_secret() -> str:
    """Returns the secret, which is made the first time.

    Raises Misconfigured for a file that holds none, or that can't be read or written.
    """
    from hookline.outbound.signing import HMAC_SHA256, new_secret, secret_fault

    path = secret_path()
    try:
        if not path.exists():
            _make(path, new_secret(HMAC_SHA256))
        with open_regular(path) as file:
            text = file.read(_LIMIT_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise Misconfigured(f"{path} can't be read or written: {error.strerror}.") from None
    if not text.startswith("whsec_") or secret_fault(text):
        raise Misconfigured(
            f"{path} holds no signing secret. Delete it: the next command makes another one."
        )
    return text


def _make(path: Path, secret: str) -> None:
    """Two commands at once have the secret of one of them."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    # The mode of its making: there is no moment in which others may read it.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret + "\n")
    try:
        # A link, and not a rename: whole from its first moment, and it replaces no other one.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
