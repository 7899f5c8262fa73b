"""One golden case: a folder with a file that was applied, what people did since, the file to plan,
and the plan as every format shows it. tests/golden/sync/README.md says what stands in a folder.
"""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from click import Command

from hookline import clock
from hookline.access.actor import Actor
from hookline.cli import sync as command
from hookline.cli.sync_session import exit_code_of, outcome_of
from hookline.cli.sync_target import SyncAnswer
from hookline.models import Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import applying, restoring
from hookline.sync.apply.restoring import RollbackInput
from hookline.sync.options import DEFAULT_OPTIONS, Options
from hookline.sync.plan import codec
from hookline.sync.plan.changes import Plan
from hookline.sync.policy import DriftPolicy
from hookline.sync.read import file
from hookline.sync.read.collecting import collect
from hookline.sync.read.document import Document
from hookline.sync.read.file import Reading
from hookline.sync.read.references import LocalReferences
from hookline.sync.request import Source, SyncRequest
from hookline.sync.show import excerpts, formats, markdown, report
from hookline.sync.show.layout import Layout, joined
from hookline.webhooks.change import delete_webhook, update_webhook
from hookline.webhooks.create import create_webhook
from hookline.webhooks.ownership import Force
from tests.hookline.sync.files import BOUNDS
from tests.making import make_workspace, publish

GOLDEN = Path(__file__).parents[2] / "golden/sync"
WIDTH = 80
SECRETS = {"KEY": "key-in-clear", "OTHER_KEY": "other-key-in-clear"}
BY_HAND = Force(True, "incident 7")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?Z)?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMMIT = Source(commit="9f2c1ab0c0ffee9f2c1ab0c0ffee9f2c1ab0c0ff", branch="main")


@dataclass(frozen=True)
class Case:
    """A folder, and a workspace of its own in the database."""

    folder: Path
    runtime: Runtime
    workspace_id: UUID

    @property
    def person(self) -> Actor:
        return Actor(self.workspace_id, "support", scopes=frozenset({"webhooks:force"}))

    async def outputs(self) -> dict[str, str]:
        """Outputs of the case by the names of their files."""
        for applied in sorted(self.folder.glob("applied*.yaml")):
            document = self._document(applied)
            request = SyncRequest(document, DEFAULT_OPTIONS, _COMMIT)
            outcome = await applying.apply(self.runtime, self._ci, request)
            assert not outcome.blocked, outcome.blocked
            assert not outcome.problems, outcome.problems
        await self._happened("by-hand.yaml")
        found = self._read(self.folder / "webhooks.yaml")
        if found.document is None:
            return _outputs(SyncAnswer(None, found.problems), found)
        request = await self._request(found.document)
        options = request.options
        outcome = await applying.preview(self.runtime, self._ci, request)
        # As a command has it: by way of the API's answer.
        plan = codec.decode(json.loads(json.dumps(codec.encode(outcome.plan))))
        plan = replace(plan, server="https://hooks.example.com", options=options)
        plan = replace(plan, commit=_COMMIT.commit)
        # A command has the warnings of a file from its own reading.
        answer = SyncAnswer(plan, [*outcome.problems])
        outputs = _outputs(answer, found)
        await self._happened("since.yaml")
        agreed = replace(request, plan_digest=outcome.plan.digest)
        done = await applying.apply(self.runtime, self._ci, agreed)
        again = SyncAnswer(done.plan, [*done.problems])
        outputs["exit"] += f"apply {outcome_of(again)}\n"
        return outputs

    async def _request(self, document: Document) -> SyncRequest:
        """The file; or, where the folder has the number of a revision, that one once the file is
        applied.
        """
        is_back = (path := self.folder / "rollback").exists()
        options = _options(self.folder / "options", "rollback" if is_back else "plan")
        if not is_back:
            return SyncRequest(document, options, _COMMIT)
        lifted = Options(on_drift=DriftPolicy.OVERWRITE, allow_removals=99)
        await applying.apply(self.runtime, self._ci, SyncRequest(document, lifted, _COMMIT))
        asked = RollbackInput(document.set_name, int(path.read_text()), options)
        return await restoring.request_of(self.runtime, self._ci, asked)

    @property
    def _ci(self) -> Actor:
        return Actor(self.workspace_id, "ci")

    def _read(self, path: Path) -> Reading:
        references = LocalReferences(SECRETS, Path("/nowhere"), self.folder)
        collected = collect([str(path)])
        # As if the command ran in the folder.
        named = [replace(one, name=path.name) for one in collected.files]
        return file.decoded_all(replace(collected, files=named), BOUNDS, lambda _: references)

    def _document(self, path: Path) -> Document:
        found = self._read(path)
        assert found.document is not None, found.problems
        return found.document

    async def _happened(self, name: str) -> None:
        path = self.folder / name
        for step in yaml.safe_load(path.read_text()) if path.exists() else []:
            await self._do(step)

    async def _do(self, step: dict[str, Any]) -> None:
        """One thing that people or the world did to the set."""
        [(verb, given)] = step.items()
        if verb == "create":
            form = {"environments": ["production"], **given}
            await create_webhook(self.runtime, self.person, form)
            return
        if verb == "set":
            document = self._document(self.folder / given)
            await applying.apply(self.runtime, self._ci, SyncRequest(document))
            return
        if verb == "publish":
            await publish(self.runtime, given, workspace_id=self.workspace_id)
            return
        slug = given if isinstance(given, str) else given["slug"]
        row = await Webhook.get(workspace_id=self.workspace_id, slug=slug, deleted_at=None)
        if verb == "delete":
            await delete_webhook(self.runtime, self.person, row.id, force=BY_HAND)
        elif verb == "turned-off-by-itself":
            row.auto_disabled_at, row.auto_disabled_reason = clock.now(), "FAILURES"
            await row.save(update_fields=["auto_disabled_at", "auto_disabled_reason"])
        elif verb == "update":
            rest = {name: value for name, value in given.items() if name != "slug"}
            await update_webhook(self.runtime, self.person, row.id, rest, force=BY_HAND)
        else:
            raise ValueError(verb)


async def open_case(folder: Path, runtime: Runtime) -> Case:
    return Case(folder, runtime, await make_workspace(runtime))


def _options(path: Path, name: str) -> Options:
    """The options of a command line, read as the command reads them."""
    words = path.read_text().split() if path.exists() else []
    parser: Command = command.rollback if name == "rollback" else command.plan
    context = parser.make_context(name, [*words, *(["1"] if name == "rollback" else [])])
    return command.options_of(context.params)


def _outputs(answer: SyncAnswer, found: Reading) -> dict[str, str]:
    problems = answer.problems
    told = answer.plan if not problems else None
    codes = [exit_code_of(answer, is_check) for is_check in (False, True)]
    texts = {
        "plan.txt": _human(problems, told, found, Layout(WIDTH)),
        "plan-v.txt": _human(problems, told, found, Layout(None, is_whole=True)),
        "plan.json": formats.as_json(problems, told),
        "plan.md": markdown.as_markdown(problems, told),
        "plan.github": formats.as_github(problems, told),
        "plan.gitlab.json": formats.as_gitlab(problems, told),
        "exit": f"plan {codes[0]}\nplan --check {codes[1]}",
    }
    return {name: f"{_steady(text)}\n" for name, text in texts.items()}


def _human(problems: list[Any], plan: Plan | None, found: Reading, look: Layout) -> str:
    if plan is None:
        return excerpts.shown(problems, found.lines, found.secret_positions)
    return joined(report.planned_lines(plan, look))


def _steady(text: str) -> str:
    """The text with what differs from run to run as what it is."""
    text = _DIGEST.sub("sha256:…", text)
    text = re.sub(r'("fingerprint": ")[0-9a-f]{64}', r"\1…", text)
    return _TIME.sub(
        lambda found: "2026-11-28T10:02:00Z" if "T" in found[0] else "2026-11-28 10:02", text
    )
