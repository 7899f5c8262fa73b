"""Looks at a content that was refused before, or that is new to this process alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hookline.models import SyncEvent, SyncRevision, SyncSet, SyncSource, Webhook
from hookline.runtime import Runtime
from hookline.sync.apply import applying, store
from hookline.sync.plan import codec
from hookline.sync.pull.following import SourceFollower
from tests.hookline.sync.files import apply, document
from tests.hookline.sync.pull.test_following import CRM, HEAD, ORDERS, looked, problem_of, slugs
from tests.making import WORKSPACE, ago, make_webhook, set_column

PROTECTED = CRM + "    lifecycle: { preventDestroy: true }\n"


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hooks") / "webhooks.yaml"
    path.write_text(HEAD + ORDERS)
    return path


@pytest.mark.engines("sqlite", "postgres")
async def test_a_policy_that_is_lifted_by_an_apply_lets_the_refused_content_through(
    runtime: Runtime, file: Path
) -> None:
    file.write_text(HEAD + ORDERS + PROTECTED)
    follower = await SourceFollower.open(runtime, str(file))
    await looked(follower)
    file.write_text(HEAD + ORDERS)
    assert problem_of(await looked(follower))[0] == "protected"

    # As the block says. No webhook is another one by it.
    outcome = await apply(runtime, document(HEAD + ORDERS + CRM))
    assert outcome.blocked == ()
    row = await looked(follower, 1)

    assert row.problem is None
    assert await slugs() == ["orders"]


@pytest.mark.engines("sqlite")
async def test_what_was_refused_is_planned_again_only_when_something_changed(
    runtime: Runtime, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_webhook(runtime, slug="orders")
    follower = await SourceFollower.open(runtime, str(file))
    assert problem_of(await looked(follower))[0] == "adopt"
    planned, preview = list[str](), applying.preview

    async def counted(*given: Any) -> applying.ApplyOutcome:
        planned.append("once")
        return await preview(*given)

    monkeypatch.setattr(applying, "preview", counted)
    await looked(follower, 3)
    assert planned == []
    await make_webhook(runtime, slug="elsewhere")
    assert problem_of(await looked(follower, 3))[0] == "adopt"
    assert planned == ["once"]


@pytest.mark.engines("sqlite")
async def test_a_problem_and_a_block_are_told_with_their_webhook_and_what_lifts_them(
    runtime: Runtime, file: Path
) -> None:
    await make_webhook(runtime, slug="orders")
    follower = await SourceFollower.open(runtime, str(file))
    blocked = codec.decode_problem((await looked(follower)).problem)
    assert blocked.path == ("webhooks", "orders")
    assert blocked.hint == "an apply by hand lifts it, with --adopt"
    # The apply that was blocked, and the source that degraded by it.
    assert await SyncEvent.all().values_list("slug", "code") == [("orders", "adopt")] * 2

    file.write_text(HEAD + ORDERS + "    timeout: 5 apples\n")
    wrong = codec.decode_problem((await looked(follower)).problem)
    assert wrong.path == ("webhooks", "orders", "timeout")
    file.unlink()
    gone = codec.decode_problem((await looked(follower)).problem)
    # The command's way out is none of a server's.
    assert (gone.code, gone.hint) == ("no-files", None)


@pytest.mark.engines("sqlite")
async def test_a_link_leads_to_no_file_that_the_server_may_not_read(
    runtime: Runtime, file: Path
) -> None:
    root = file.parent / "secrets"
    root.mkdir()
    (root / "key").symlink_to("/etc/hostname")
    settings = runtime.settings.model_copy(update={"sync_file_root": str(root)})
    hooks = file.parent / "hooks"
    hooks.mkdir()
    path = hooks / "webhooks.yaml"
    path.write_text(HEAD + ORDERS + '    name: "${file:../secrets/key}"\n')
    follower = await SourceFollower.open(replace(runtime, settings=settings), str(path))
    assert problem_of(await looked(follower))[0] == "reference-not-allowed"
    assert await slugs() == []


@pytest.mark.engines("sqlite")
async def test_an_apply_that_is_under_way_is_waited_for_and_no_fault(
    runtime: Runtime, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = await SourceFollower.open(runtime, str(file))
    with monkeypatch.context() as meanwhile:

        async def locked(*given: Any) -> applying.ApplyOutcome:
            raise store.LockNotObtained

        meanwhile.setattr(applying._Applying, "apply", locked)
        row = await looked(follower, 3)
        assert row.problem is None
        assert await slugs() == []
    await looked(follower, 1)
    assert await slugs() == ["orders"]


@pytest.mark.engines("sqlite")
async def test_who_leads_again_applies_what_stands_there(runtime: Runtime, file: Path) -> None:
    first, second = [await SourceFollower.open(runtime, str(file)) for _ in range(2)]
    await looked(first)
    await set_column(runtime, "sync_source", "leased_until", ago(1), [(await SyncSource.get()).id])
    file.write_text(HEAD + ORDERS + CRM)
    await looked(second)
    assert await slugs() == ["crm", "orders"]
    assert await first.turn()
    await second.source.release()

    # As the first one has seen it last.
    file.write_text(HEAD + ORDERS)
    await looked(first)

    assert await slugs() == ["orders"]


@pytest.mark.engines("sqlite")
async def test_a_file_with_another_name_is_another_place(runtime: Runtime, file: Path) -> None:
    follower = await SourceFollower.open(runtime, str(file.parent))
    await looked(follower)
    file.rename(file.with_name("teams.yaml"))
    await looked(follower)
    assert Path(str((await Webhook.get(slug="orders")).sync_file)).name == "teams.yaml"
    assert await SyncRevision.all().count() == 1
    assert (await SyncSet.get(workspace_id=WORKSPACE)).revision_number == 1
