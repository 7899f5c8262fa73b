"""A saved plan: what was shown, and the digests by which an apply knows that it still holds. Called
by sync_session. Holds no secret.
"""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from hookline.errors import HooklineError
from hookline.sync.show import formats
from hookline.sync.show.report import PlanView

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Saved:
    """digest: of the plan; file_digest: of the file's bytes; changes: as `formats.plan_json` has
    them.
    """

    file: str
    file_digest: str
    digest: str
    changes: list[dict[str, Any]]

    def is_of_file(self) -> bool:
        return _digest_of(Path(self.file)) == self.file_digest


def save(path: Path, file: str, view: PlanView) -> None:
    """Writes the plan, whole or not at all.

    Raises HooklineError when the file can't be written, or what was planned is a pipe, which can't
    be read again.
    """
    if not Path(file).is_file():
        raise HooklineError(
            "FAILED",
            f"A plan is applied by reading its file again, which {file} does not allow. Plan a "
            "regular file.",
        )
    told = {
        "format": FORMAT,
        "file": file,
        "fileDigest": _digest_of(Path(file)),
        "plan": formats.plan_json(view),
    }
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")
        aside.replace(path)
    except OSError as error:
        raise HooklineError(
            "FAILED", f"The plan can't be saved to {path}: {error.strerror}."
        ) from None


def load(path: Path) -> Saved:
    """Raises HooklineError for what is no saved plan."""
    try:
        told = json.loads(path.read_text("utf-8"))
        if told["format"] != FORMAT:
            raise HooklineError(
                "FAILED", f"{path} was saved by another version of Hookline. Plan again."
            )
        texts = (told["file"], told["fileDigest"], told["plan"]["digest"])
        changes = told["plan"]["changes"]
    except OSError as error:
        raise HooklineError("FAILED", f"The plan {path} can't be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise HooklineError(
            "FAILED", f"{path} is no saved plan. Make one with: hookline sync plan -o {path}"
        ) from None
    if not all(isinstance(text, str) for text in texts) or not isinstance(changes, list):
        raise HooklineError(
            "FAILED", f"{path} is no saved plan. Make one with: hookline sync plan -o {path}"
        )
    return Saved(*texts, changes)


def what_changed(agreed: Saved, view: PlanView) -> str:
    """Which webhooks the plan of now treats otherwise than the agreed one."""
    before, after = _by_slug(agreed.changes), _by_slug(formats.plan_json(view)["changes"])
    slugs = sorted(
        slug for slug in before.keys() | after.keys() if before.get(slug) != after.get(slug)
    )
    if slugs:
        return f"Changed since the plan was made: {', '.join(slugs)}. Plan again."
    return (
        "Changed since the plan was made: the value of a secret, or a webhook of the plan in a "
        "way that it does not show. Plan again."
    )


def _by_slug(changes: list[dict[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for change in changes:
        found.setdefault(str(change.get("slug")), []).append(
            [change.get("kind"), change.get("fields")]
        )
    return found


def _digest_of(path: Path) -> str:
    """Empty when it can't be read: equal to no digest."""
    try:
        return "sha256:" + sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
