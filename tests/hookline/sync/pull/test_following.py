"""Looks at a followed path, one by one: what is applied, what is told, and by which process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hookline.access.actor import Actor
from hookline.activity.events import ActivityKind
from hookline.clock import monotonic
from hookline.models import (
    Email,
    Notification,
    NotificationKind,
    SyncEvent,
    SyncRevision,
    SyncSet,
    SyncSource,
    Webhook,
)
from hookline.runtime import Runtime
from hookline.sync.apply import applying
from hookline.sync.plan import codec
from hookline.sync.pull.following import RETRY_SECONDS, SourceFollower, following
from hookline.sync.pull.reading import PulledFiles, ReaderLimits, read_files
from hookline.sync.pull.source import LookResult
from hookline.sync.read.problems import Position, SyncProblem
from hookline.webhooks.change import delete_webhook, update_webhook
from hookline.webhooks.ownership import Force
from tests.making import WORKSPACE, ago, make_webhook, set_column
from tests.tables import each_of
from tests.waiting import eventually

HEAD = "version: 1\nset: shop\nwebhooks:\n"
ORDERS = """  orders:
    url: https://crm.example.com/in
    environments: [production]
    events: [order.*.create]
"""
PERSON = Actor(WORKSPACE, "support", frozenset({"webhooks:force", "secrets:read"}))
FORCE = Force(True, "incident 7")
CRM = ORDERS.replace("orders:", "crm:")


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Outside of the home folder, whose files can't be referred to.
    path = tmp_path_factory.mktemp("hooks") / "webhooks.yaml"
    path.write_text(HEAD + ORDERS)
    return path


async def looked(follower: SourceFollower, times: int = 2) -> SyncSource:
    """The row after looks: a new content needs two."""
    for _ in range(times):
        await follower.turn()
    return await follower.source.row()


async def slugs() -> list[str]:
    return sorted([row.slug for row in await Webhook.filter(is_active=True)])


def problem_of(row: SyncSource) -> tuple[str, str, int | None]:
    problem = codec.decode_problem(row.problem)
    return problem.code, Path(problem.position.file).name, problem.position.line


async def kinds() -> list[int]:
    return [row.kind for row in await Notification.all().order_by("id")]


@pytest.mark.engines("sqlite")
async def test_a_content_is_applied_when_two_looks_found_the_same(
    runtime: Runtime, file: Path
) -> None:
    follower = await SourceFollower.open(runtime, str(file.parent))
    assert not await follower.turn()
    # The writer had not come to its end: the half is a valid file, too.
    file.write_text(HEAD + ORDERS + CRM)
    assert not await follower.turn()
    assert await slugs() == []
    assert await follower.turn()
    assert await slugs() == ["crm", "orders"]
    row = await looked(follower, 3)
    assert (row.set_name, row.problem, row.drift_count) == ("shop", None, 0)
    # Once: equal content is not read again, and nobody is told of a good beginning.
    assert await SyncRevision.all().count() == 1
    assert await kinds() == []


@pytest.mark.engines("sqlite")
async def test_whatever_keeps_files_from_being_applied_is_told_once_and_the_last_good_state_stays(
    runtime: Runtime, file: Path
) -> None:
    follower = await SourceFollower.open(runtime, str(file.parent))
    await looked(follower)
    for text, code, line in (
        (HEAD + ORDERS + "    timout: 5s\n", "unknown-key", 8),
        (HEAD + ORDERS + "x-a: " + "[" * 999, "too-deep", 8),
        (HEAD + ORDERS + '    name: "${env:PATH}"\n', "reference-not-allowed", 8),
        (HEAD + ORDERS + '    name: "${file:/etc/hostname}"\n', "reference-not-allowed", 8),
    ):
        file.write_text(text)
        row = await looked(follower)
        assert problem_of(row) == (code, "webhooks.yaml", line)
    # A blocked plan is told and not forced: an empty file, and a path that is gone.
    file.write_text("version: 1\nset: shop\nwebhooks: {}\n")
    assert problem_of(await looked(follower))[0] == "empty-set"
    file.rename(file.with_suffix(".gone"))
    assert problem_of(await looked(follower))[0] == "no-files"
    assert await slugs() == ["orders"]
    file.with_suffix(".gone").unlink()
    file.parent.rmdir()
    assert problem_of(await looked(follower))[0] == "no-files"
    file.parent.mkdir()
    file.write_text(HEAD + ORDERS + CRM)
    row = await looked(follower)
    assert row.problem is None
    assert await slugs() == ["crm", "orders"]
    told = [kind for kind in await kinds() if kind != NotificationKind.SYNC_FAILED]
    assert told == [NotificationKind.SOURCE_DEGRADED, NotificationKind.SOURCE_RECOVERED]
    # Nobody's address is in the settings here.
    assert await Email.all().count() == 0


@pytest.mark.engines("sqlite")
async def test_drift_is_counted_and_a_block_is_gone_when_its_reason_is(
    runtime: Runtime, file: Path
) -> None:
    follower = await SourceFollower.open(runtime, str(file.parent))
    await looked(follower)
    orders = await Webhook.get(slug="orders")
    forced = {"timeout": "20s", "url": "https://other.example.com/in"}
    await update_webhook(runtime, PERSON, orders.id, forced, force=FORCE)
    row = await looked(follower, 1)
    assert (row.drift_count, row.problem) == (1, None)
    file.write_text(HEAD + ORDERS + CRM)
    row = await looked(follower)
    assert problem_of(row)[0] == "drift"
    assert await slugs() == ["orders"]
    back = {"url": "https://crm.example.com/in"}
    await update_webhook(runtime, PERSON, orders.id, back, force=FORCE)
    row = await looked(follower, 1)
    assert (row.problem, row.drift_count) == (None, 0)
    assert await slugs() == ["crm", "orders"]


@pytest.mark.engines("sqlite")
async def test_a_file_that_a_reference_names_is_part_of_the_content(
    runtime: Runtime, file: Path
) -> None:
    key = file.parent / "key"
    key.write_text("one\n")
    settings = runtime.settings.model_copy(update={"sync_file_root": str(file.parent)})
    runtime = replace(runtime, settings=settings)
    file.write_text(HEAD + ORDERS + '    name: "${file:key}"\n')
    follower = await SourceFollower.open(runtime, str(file.parent))
    await looked(follower)
    assert (await Webhook.get(slug="orders")).name == "one"
    key.write_text("two\n")
    await looked(follower)
    assert (await Webhook.get(slug="orders")).name == "two"


async def test_one_process_looks_and_another_one_goes_on_when_it_is_gone(
    runtime: Runtime, file: Path
) -> None:
    first, second = [await SourceFollower.open(runtime, str(file.parent)) for _ in range(2)]
    await looked(first)
    file.write_text(HEAD + ORDERS + CRM)
    await looked(second, 3)
    assert await slugs() == ["orders"]
    # It died: by the database's clock its lease has ended.
    await set_column(runtime, "sync_source", "leased_until", ago(1), [(await SyncSource.get()).id])
    await looked(second)
    assert await slugs() == ["crm", "orders"]
    assert await SyncSource.all().count() == 1
    # It was only slow: what it has found meanwhile is not written over what the other one found.
    assert await first.turn()
    assert not await first.source.lead()
    await second.source.release()
    assert await first.source.lead()


@pytest.mark.engines("sqlite")
@each_of(
    "limits, reason",
    [
        (ReaderLimits(cpu_seconds=1), "1 s of work"),
        (ReaderLimits(memory_mib=96), "96 MiB of memory"),
    ],
)
async def test_files_that_ask_too_much_of_the_reader_are_told_and_the_last_good_state_stays(
    runtime: Runtime, file: Path, limits: ReaderLimits, reason: str
) -> None:
    settings = runtime.settings.model_copy(update={"sync_alert_emails": ["ops@example.com"]})
    runtime = replace(runtime, settings=settings)
    file.write_text(HEAD + ORDERS)
    follower = await SourceFollower.open(runtime, str(file.parent), limits)
    assert (await looked(follower)).problem is None
    mails_before = await Email.all().count()
    many = "".join(ORDERS.replace("orders", f"w{n}") for n in range(30_000))
    # A text over two lines leaves all of the file to the composer, which takes many times the work.
    file.write_text(HEAD + many + "    description: |\n      Over two\n      lines.\n")
    row = await looked(follower)
    problem = codec.decode_problem(row.problem)
    assert (problem.code, problem.position.file) == ("unreadable", str(file.parent))
    assert f"need more than {reason} to be read" in problem.message
    assert row.degraded_at is not None
    assert await slugs() == ["orders"]
    event = await SyncEvent.filter(kind=ActivityKind.SYNC_SOURCE_DEGRADED).order_by("-id").first()
    assert event is not None
    assert (event.code, reason in event.message) == ("unreadable", True)
    assert await Email.all().count() == mails_before + 1
    # Once: it is read again after a while, or when the files change.
    assert (await looked(follower)).degraded_at == row.degraded_at
    file.write_text(HEAD + ORDERS)
    assert (await looked(follower)).problem is None
    await follower.source.release()


@pytest.mark.engines("sqlite")
async def test_a_set_comes_from_the_path_that_the_server_follows(
    runtime: Runtime, file: Path
) -> None:
    follower = await SourceFollower.open(runtime, str(file.parent))
    await looked(follower)
    source = (await SyncSet.get(name="shop")).source
    assert (source["kind"], source["path"]) == ("PULL", str(file.parent))


@pytest.mark.engines("sqlite")
async def test_a_path_that_retention_has_forgotten_is_registered_again(
    runtime: Runtime, file: Path
) -> None:
    settings = runtime.settings.model_copy(update={"sync_interval": "1s"})
    async with following(str(file.parent), replace(runtime, settings=settings)):
        await eventually(lambda: SyncSource.filter(checked_at__isnull=False).exists())
        await SyncSource.all().delete()
        await eventually(lambda: SyncSource.filter(checked_at__isnull=False).exists())
    assert await slugs() == ["orders"]


@pytest.mark.engines("sqlite")
async def test_a_webhook_that_nobody_adopted_blocks(runtime: Runtime, file: Path) -> None:
    await make_webhook(runtime, slug="orders")
    follower = await SourceFollower.open(runtime, str(file.parent))
    assert problem_of(await looked(follower)) == ("adopt", "webhooks.yaml", 4)


@pytest.mark.engines("sqlite")
async def test_a_problem_that_webhooks_are_the_reason_of_is_gone_when_they_change(
    runtime: Runtime, file: Path
) -> None:
    follower = await SourceFollower.open(runtime, str(file))
    await looked(follower)
    orders = await Webhook.get(slug="orders")
    other = await make_webhook(runtime, slug="new")
    moved = "version: 1\nset: shop\nmoved: [{ from: orders, to: new }]\nwebhooks:\n"
    file.write_text(moved + ORDERS.replace("orders", "new"))
    assert problem_of(await looked(follower)) == ("bad-move", "webhooks.yaml", 3)
    assert problem_of(await looked(follower, 3))[0] == "bad-move"
    await delete_webhook(runtime, PERSON, other.id)

    row = await looked(follower, 1)

    assert row.problem is None
    assert await Webhook.filter(deleted_at=None).values_list("slug", "id") == [("new", orders.id)]


@pytest.mark.engines("sqlite")
async def test_a_cure_while_the_content_is_judged_is_noticed(
    runtime: Runtime, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = await SourceFollower.open(runtime, str(file))
    await looked(follower)
    orders = await Webhook.get(slug="orders")
    drifted, back = {"url": "https://other.example.com/in"}, {"url": "https://crm.example.com/in"}
    await update_webhook(runtime, PERSON, orders.id, drifted, force=FORCE)
    judge = applying.apply

    async def judged(*given: Any) -> applying.ApplyOutcome:
        outcome = await judge(*given)
        await update_webhook(runtime, PERSON, orders.id, back, force=FORCE)
        return outcome

    file.write_text(HEAD + ORDERS + CRM)
    monkeypatch.setattr(applying, "apply", judged)
    assert problem_of(await looked(follower))[0] == "drift"
    monkeypatch.setattr(applying, "apply", judge)

    row = await looked(follower, 1)

    assert row.problem is None
    assert await slugs() == ["crm", "orders"]


@pytest.mark.engines("sqlite")
async def test_a_secret_that_people_have_set_does_not_follow_a_commit_to_another_host(
    runtime: Runtime, file: Path
) -> None:
    follower = await SourceFollower.open(runtime, str(file))
    await looked(follower)
    orders = await Webhook.get(slug="orders")
    key = {"headers": [{"name": "X-Api-Key", "value": "by hand"}]}
    await update_webhook(runtime, PERSON, orders.id, key)
    file.write_text(HEAD + ORDERS.replace("crm.example.com", "elsewhere.example.com"))

    row = await looked(follower)

    assert problem_of(row) == ("secret-required", "webhooks.yaml", 5)
    await orders.refresh_from_db()
    assert orders.url == "https://crm.example.com/in"


@pytest.mark.engines("sqlite")
async def test_only_what_two_looks_found_the_same_is_applied(
    runtime: Runtime, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = await SourceFollower.open(runtime, str(file))
    await follower.turn()

    async def written_meanwhile(*given: Any) -> PulledFiles:
        # A half of what somebody writes now, and it stays so until it was read.
        file.write_text(HEAD + ORDERS + CRM)
        return await read_files(*given)

    monkeypatch.setattr("hookline.sync.pull.following.read_files", written_meanwhile)
    assert not await follower.turn()
    assert await slugs() == []


@pytest.mark.engines("sqlite")
async def test_a_leader_that_was_followed_by_another_one_records_nothing(
    runtime: Runtime, file: Path
) -> None:
    first = await SourceFollower.open(runtime, str(file))
    await looked(first)
    await SyncSource.all().update(leased_until=ago(1))
    second = await SourceFollower.open(runtime, str(file))
    file.write_text(HEAD + ORDERS + "    timout: 5s\n")
    assert problem_of(await looked(second))[0] == "unknown-key"

    row = await first.source.record(LookResult(None, True, "shop", "abc"))

    assert problem_of(row)[0] == "unknown-key"
    assert problem_of(await second.source.row())[0] == "unknown-key"


@pytest.mark.engines("sqlite")
async def test_files_that_the_reader_did_not_bear_are_read_again_after_a_while(
    runtime: Runtime, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = await SourceFollower.open(runtime, str(file))
    problem = SyncProblem("unreadable", "busy", Position(file=str(file)))
    busy = PulledFiles(None, {}, [], [], [problem], None)

    async def not_read(*_: Any) -> PulledFiles:
        return busy

    monkeypatch.setattr("hookline.sync.pull.following.read_files", not_read)
    assert problem_of(await looked(follower))[0] == "unreadable"
    monkeypatch.setattr("hookline.sync.pull.following.read_files", read_files)
    assert problem_of(await looked(follower, 3))[0] == "unreadable"
    later = monotonic() + RETRY_SECONDS + 1
    monkeypatch.setattr("hookline.sync.pull.following.monotonic", lambda: later)

    row = await looked(follower, 1)

    assert row.problem is None
    assert await slugs() == ["orders"]
