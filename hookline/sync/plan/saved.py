"""A saved plan: the plan that was shown, and the digest by which an apply knows that its files are
still the same. Called by the commands. Holds no secret.
"""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from hookline.errors import HooklineError
from hookline.regular_files import open_regular
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Plan
from hookline.sync.read.collecting import STANDARD_INPUT
from hookline.text import printable

FORMAT: Final = 6
# Of the plan of a webhooks file of 8 MiB, whose values stand in it up to three times.
_LONGEST_BYTES: Final = 64 * 1024 * 1024
_HEAD: Final = b'{\n  "format": '


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """files: as the command named them; digests: of each file's bytes by its name; key: that makes
    it safe to apply it once more.
    """

    files: tuple[str, ...]
    digests: Mapping[str, str]
    plan: Plan
    key: str


def save(path: Path, files: Sequence[str], digests: Mapping[str, str], plan: Plan) -> None:
    """Writes the plan, whole or not at all.

    Raises HooklineError when the file can't be written or holds anything but a saved plan, or what
    was planned is standard input, which can't be read again.
    """
    _refuse_another_file(path)
    if STANDARD_INPUT in files:
        raise HooklineError(
            "FAILED",
            "A plan is applied by reading its files again, which standard input does not allow. "
            "Plan regular files.",
        )
    content = {
        "format": FORMAT,
        "files": list(files),
        "fileDigests": dict(digests),
        # Whoever repeats an apply whose answer was lost gets that answer, from any machine.
        "idempotencyKey": str(uuid4()),
        "plan": codec.encode(plan),
    }
    content["digest"] = _digest_of_content(content)
    # In the same folder, as a file is replaced at once only within one file system.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
        aside.replace(path)
    except OSError as error:
        raise HooklineError(
            "FAILED", f"The plan can't be saved to {printable(str(path))}: {error.strerror}."
        ) from None


def _refuse_another_file(path: Path) -> None:
    """Raises HooklineError for a file that is not a saved plan: it may be the webhooks file, or a
    device, which would be no more.
    """
    name = printable(str(path))
    try:
        with open_regular(path) as file:
            is_another = file.read(len(_HEAD)) not in (b"", _HEAD)
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise HooklineError(
                "FAILED", f"{name} is not a regular file. Save the plan under another name."
            ) from None
        # A folder, or a file that can't be written, fails at the write.
        return
    if is_another:
        raise HooklineError(
            "FAILED",
            f"{name} holds something else than a saved plan and is left as it is. Save the "
            "plan under another name.",
        )


def load(path: Path) -> SavedPlan:
    """Raises HooklineError for what is not a saved plan."""
    name = printable(str(path))
    try:
        with open_regular(path) as file:
            data = file.read(_LONGEST_BYTES + 1)
        if len(data) > _LONGEST_BYTES:
            raise HooklineError(
                "FAILED", f"The plan {name} has more than {_LONGEST_BYTES:,} bytes. Plan again."
            )
        content = json.loads(data)
        if content["format"] != FORMAT:
            raise HooklineError(
                "FAILED",
                f"{name} was saved by another version of Hookline. Plan again.",
            )
        digest = codec.text(content.pop("digest"))
        digests = {name: codec.text(one) for name, one in content["fileDigests"].items()}
        files = tuple(map(codec.text, content["files"]))
        key = codec.text(content["idempotencyKey"])
        found = SavedPlan(files, digests, codec.decode(content["plan"]), key)
        # What it shows is what was reviewed; what it applies, the server compares by itself.
        if digest != _digest_of_content(content):
            raise HooklineError("FAILED", f"{name} was changed after it was saved. Plan again.")
        return found
    except OSError as error:
        raise HooklineError("FAILED", f"The plan {name} can't be read: {error.strerror}.") from None
    # What `decode` raises for JSON of another shape; HooklineError is none of these.
    # RecursionError: of JSON with endless levels.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise HooklineError(
            "FAILED",
            f"{name} is not a saved plan. A webhooks file is applied with: hookline sync apply "
            f"-f {name}",
        ) from None


def what_differs(agreed: SavedPlan, digests: Mapping[str, str]) -> str | None:
    """A sentence with the files that are not those of the plan; None where they are, byte for byte
    and whatever their names are. digests: of the files that are there.
    """
    if sorted(digests.values()) == sorted(agreed.digests.values()):
        return None
    before, now = {*agreed.digests.values()}, {*digests.values()}
    other = sorted(name for name, digest in digests.items() if digest not in before)
    gone = sorted(
        name for name, digest in agreed.digests.items() if digest not in now and name not in digests
    )
    parts = [f"{_named(other)} not as planned" if other else ""]
    parts += [f"{_named(gone)} not there" if gone else ""]
    what = "; ".join(filter(None, parts)) or "a file is there twice, or no more"
    return f"Stale: {what}. Plan again, or name the planned files with -f where they stand."


def _named(names: Sequence[str]) -> str:
    few = ", ".join(map(printable, names[:3])) + (" …" if len(names) > 3 else "")
    return f"{few} {'is' if len(names) == 1 else 'are'}"


def what_changed(agreed: Plan, plan: Plan) -> str:
    """A sentence with the webhooks that the plan of now treats otherwise than the agreed one."""
    before, after = _by_slug(agreed), _by_slug(plan)
    # A secret's value differs without a trace in a plan.
    slugs = sorted(
        slug for slug in before.keys() | after.keys() if before.get(slug) != after.get(slug)
    )
    if slugs:
        return f"Changed since the plan was made: {printable(', '.join(slugs))}. Plan again."
    if plan.base != agreed.base:
        what = f"revision {plan.base} of the set was applied"
    elif (plan.limits, plan.policy_changes) != (agreed.limits, agreed.policy_changes):
        what = "the policy"
    else:
        what = "the value of a secret"
    return f"Changed since the plan was made: {what}. Plan again."


def _by_slug(plan: Plan) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for change in plan.changes:
        found.setdefault(change.slug, []).append((change.kind, change.version, change.fields))
    return found


def _digest_of_content(content: codec.Json) -> str:
    """Digest of everything else in the file: it tells edits and damage, and proves nothing."""
    return "sha256:" + sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
