"""A set in several files and folders: each webhook once, wherever it stands, in whatever order the
files come.
"""

import os
from collections.abc import Sequence
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.sync.read import collecting, composer, file, room
from hookline.sync.read.collecting import collect
from hookline.sync.read.file import Reading
from hookline.sync.read.file_text import MAX_FILE_BYTES
from hookline.sync.read.problems import MAX_PROBLEMS
from hookline.sync.read.references import LocalReferences, Room, UnresolvedReferences
from tests.hookline.sync.files import BOUNDS

HEAD = "version: 1\nset: shop\n"
DEFAULTS = "defaults: { environments: [production], events: [a.b.c] }\n"


def webhook(slug: str, more: str = "") -> str:
    return f"  {slug}: {{ url: 'https://{slug}.example.com/in'{more} }}\n"


def text(*slugs: str, head: str = HEAD + DEFAULTS) -> str:
    return (
        f"{head}webhooks:\n{''.join(map(webhook, slugs))}" if slugs else f"{head}webhooks: {{}}\n"
    )


def write(folder: Path, **files: str) -> None:
    """Files by their names, with `__` for a slash."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def read(names: Sequence[str | Path], environment: dict[str, str] | None = None) -> Reading:
    room = Room()

    def references(folder: Path) -> LocalReferences:
        return LocalReferences(environment or {}, Path("/nowhere"), folder, room)

    return file.decoded_all(collect([str(name) for name in names]), BOUNDS, references)


def told(found: Reading, folder: Path) -> list[tuple[str, str]]:
    return [(one.code, _relative(one.position.file, folder)) for one in found.problems]


def _relative(name: str, folder: Path) -> str:
    return name.removeprefix(f"{folder}").lstrip("/")


def test_files_of_folders_are_one_set_with_their_places(tmp_path: Path) -> None:
    write(tmp_path, teams__crm__orders=text("orders"), teams__billing=text("invoices"))
    (tmp_path / "teams/more.yml").write_text(text("more"))
    (tmp_path / "teams/readme.md").write_text("# Teams")
    write(tmp_path, single=text("single"))
    document = read([tmp_path / "teams", tmp_path / "single.yaml"]).document
    assert document is not None
    assert document.set_name == "shop"
    places = {slug: one.position for slug, one in document.webhooks.items()}
    assert {slug: _relative(place.file, tmp_path) for slug, place in places.items()} == {
        "invoices": "teams/billing.yaml",
        "more": "teams/more.yml",
        "orders": "teams/crm/orders.yaml",
        "single": "single.yaml",
    }
    assert {place.line for place in places.values()} == {5}
    url = document.positions.get("webhooks.orders.url")
    assert url
    assert url[:2] == (places["orders"].file, 5)


def test_defaults_are_those_of_their_own_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        a=text("a", head=f"{HEAD}defaults: {{ environments: [staging], events: [x.y.z] }}\n"),
        b=text("b"),
        c=text("c", head=HEAD),
    )
    found = read([tmp_path])
    assert told(found, tmp_path) == [("required", "c.yaml"), ("required", "c.yaml")]
    (tmp_path / "c.yaml").unlink()
    document = read([tmp_path]).document
    assert document is not None
    assert document.webhooks["a"].values["environments"] == ["staging"]
    assert document.webhooks["b"].values["environments"] == ["production"]


def test_references_begin_at_the_folder_of_their_own_file(tmp_path: Path) -> None:
    for name in ("a", "b"):
        more = ", secretHeader: { name: X-S, value: '${file:key}' }, name: '${file:name}'"
        write(tmp_path, **{f"{name}__hooks": text().replace(" {}", f"\n{webhook(name, more)}")})
        (tmp_path / name / "key").write_text(f"k3y-of-{name}")
        (tmp_path / name / "name").write_text(f"Name of {name}")
    document = read([tmp_path]).document
    assert document is not None
    assert set(document.secrets.values()) == {"k3y-of-a", "k3y-of-b"}
    assert [one.values["name"] for one in document.webhooks.values()] == ["Name of a", "Name of b"]


def test_slug_given_twice_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, a=text("orders", "a"), b=text("b", "orders"), c=text("orders"))
    found = read([tmp_path])
    assert told(found, tmp_path) == [("duplicate-slug", "b.yaml"), ("duplicate-slug", "c.yaml")]
    for problem, line in zip(found.problems, (6, 5), strict=True):
        assert (problem.position.line, problem.position.column) == (line, 3)
        assert problem.message == f"orders stands at {tmp_path}/a.yaml:5:3 already"


def test_another_set_is_a_problem_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, a=text("a"), b=text("b", head="version: 1\nset: other\n" + DEFAULTS))
    write(tmp_path, c=text("c", head="version: 1\n" + DEFAULTS))
    found = read([tmp_path])
    assert told(found, tmp_path) == [("mixed-sets", "b.yaml"), ("mixed-sets", "c.yaml")]
    assert (found.problems[0].position.line, found.problems[0].position.column) == (2, 6)
    for problem, name in zip(found.problems, ("other", "default"), strict=True):
        expected = f"this file is of set '{name}', and {tmp_path}/a.yaml:2:6 of 'shop'"
        assert problem.message == expected


def test_wrong_set_is_one_problem(tmp_path: Path) -> None:
    write(tmp_path, a=text("a"), b=text("b", head="version: 1\nset: A B\n" + DEFAULTS))
    assert told(read([tmp_path]), tmp_path) == [("bad-slug", "b.yaml")]


def test_problems_of_all_files_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, a="version: 1\nwebhooks: [\n", b="", c=text("c") + "polcy: {}\n")
    found = read([tmp_path, tmp_path / "none.yaml"])
    assert told(found, tmp_path) == [
        ("syntax", "a.yaml"),
        ("empty-file", "b.yaml"),
        ("unknown-key", "c.yaml"),
        ("no-files", "none.yaml"),
    ]
    assert found.document is None
    assert found.lines[f"{tmp_path}/c.yaml"][5] == "polcy: {}"


def test_file_that_is_named_twice_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=text("a"))
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    monkeypatch.chdir(tmp_path)
    document = read([tmp_path, tmp_path / "a.yaml", "a.yaml", "./a.yaml"]).document
    assert document is not None
    assert list(document.webhooks) == ["a"]


def test_standard_input_is_a_file_of_the_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=text("a"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "name").write_text("From here")
    sent = (text().replace(" {}", "\n" + webhook("b", ", name: '${file:name}'"))).encode()
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(sent)))
    document = read(["-", "a.yaml", "-"]).document
    assert document is not None
    assert list(document.webhooks) == ["a", "b"]
    assert document.webhooks["b"].position.file == "<stdin>"
    assert document.webhooks["b"].values["name"] == "From here"
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"x: [\n")))
    assert told(read(["-"]), tmp_path) == [("syntax", "<stdin>")]
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"#" * (MAX_FILE_BYTES + 1))))
    found = read(["-"])
    assert told(found, tmp_path) == [("file-too-large", "<stdin>")]
    # No size: no more was read than shows that it is too large.
    assert found.problems[0].message.startswith("the file has more than 8,388,608 bytes")


def test_hidden_files_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, a=text("a"))
    (tmp_path / ".b.yaml").write_text(text("b"))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/c.yaml").write_text(text("c"))
    found = read([tmp_path])
    assert found.document is not None
    assert list(found.document.webhooks) == ["a"]
    assert told(found, tmp_path) == [("hidden-file", ".b.yaml")]
    assert not found.problems[0].is_error
    by_name = read([tmp_path / ".b.yaml"]).document
    assert by_name is not None
    assert list(by_name.webhooks) == ["b"]


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder, outside = tmp_path / "config", tmp_path / "outside"
    write(folder, a=text("a"))
    write(outside, b=text("b"))
    (folder / "b.yaml").symlink_to(outside / "b.yaml")
    (folder / "sub").symlink_to(outside)
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "up").symlink_to("..")
    (folder / "readme").symlink_to(outside / "b.yaml")
    assert told(read([folder]), folder) == [
        ("unreadable", "b.yaml"),
        ("unreadable", "loop.yaml"),
        ("unreadable", "sub"),
        ("unreadable", "up"),
    ]


def test_links_within_the_folder_are_followed_once(tmp_path: Path) -> None:
    # As Kubernetes mounts a ConfigMap.
    mounted = tmp_path / "..2026_11_28"
    mounted.mkdir()
    (mounted / "a.yaml").write_text(text("a"))
    (tmp_path / "..data").symlink_to("..2026_11_28")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    (tmp_path / "again").symlink_to(".")
    found = read([tmp_path])
    assert found.document is not None
    assert list(found.document.webhooks) == ["a"]
    assert found.document.webhooks["a"].position.file == f"{tmp_path}/a.yaml"


def test_what_is_no_file_or_can_not_be_shown_is_a_problem(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b.yaml")).write_text(text("a"))
    codes = [code for code, _ in told(read([tmp_path]), tmp_path)]
    assert codes == ["unreadable", "no-files", "unreadable"]
    assert all(one.position.file.isprintable() for one in read([tmp_path]).problems)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert told(read([empty]), tmp_path) == [("no-files", "empty")]


def test_folder_has_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (collecting.MOST_FILES, collecting.MOST_ENTRIES) == (10_000, 100_000)
    monkeypatch.setattr(collecting, "MOST_FILES", 3)  # ten thousand take seconds to write
    for number in range(4):
        write(tmp_path, **{f"a{number}": text(f"a{number}")})
    assert told(read([tmp_path]), tmp_path) == [("too-many", "")]
    (tmp_path / "a0.yaml").unlink()
    assert told(read([tmp_path]), tmp_path) == []
    monkeypatch.setattr(collecting, "MOST_ENTRIES", 2)
    assert told(read([tmp_path]), tmp_path) == [("too-many", "")]


def test_size_and_values_are_bounded_for_all_files_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=text("a") + "#" * 5_000_000, b=text("b") + "#" * 5_000_000, c=text("c"))
    assert told(read([tmp_path]), tmp_path) == [("file-too-large", "b.yaml")]
    for module in (composer, room):
        monkeypatch.setattr(module, "MAX_NODES", 10_000)  # a million take 5 s
    many = f"x-many: [{'x,' * 4_000}]\n"
    for number in range(9):
        write(tmp_path, **{"abcdefghi"[number]: text(f"a{number}") + many})
    assert told(read([tmp_path]), tmp_path) == [("too-many-nodes", "c.yaml")]


SLUGS = st.lists(st.sampled_from([f"hook-{n}" for n in range(12)]), unique=True, min_size=1)


@settings(deadline=None, max_examples=60)
@given(slugs=SLUGS, data=st.data())
def test_order_of_files_and_where_a_webhook_stands_never_matter(
    slugs: list[str], data: st.DataObject
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, whole=text(*slugs))
        whole = read([folder / "whole.yaml"]).document
        places = ["a", "b", "sub__a", "sub__sub__c"]
        parts: dict[str, list[str]] = {}
        for slug in data.draw(st.permutations(slugs)):
            parts.setdefault(data.draw(st.sampled_from(places)), []).append(slug)
        write(folder / "parts", **{part: text(*found) for part, found in parts.items()})
        named = data.draw(
            st.permutations(
                [folder / "parts" / f"{part.replace('__', '/')}.yaml" for part in parts]
            )
        )
        by_folder, by_names = read([folder / "parts"]), read(named)
    assert by_names == by_folder
    assert whole is not None
    assert by_folder.document is not None
    values = {slug: one.values for slug, one in by_folder.document.webhooks.items()}
    assert values == {slug: one.values for slug, one in whole.webhooks.items()}
    assert by_folder.document.content == whole.content


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_problems_are_the_same_in_any_order(data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, a=text("a", "b"), b=text("b"), c=text("a", head="version: 1\n"), d="")
        names = [folder / f"{name}.yaml" for name in "abcde"]
        shuffled = data.draw(st.permutations(names))
        found, expected = read(shuffled), read(names)
    assert found.problems == expected.problems
    assert {one.code for one in found.problems} == {
        "duplicate-slug",
        "mixed-sets",
        "required",
        "empty-file",
        "no-files",
    }


def test_files_behind_the_errors_that_are_told_are_not_checked(tmp_path: Path) -> None:
    webhooks = "".join(f"  hook-{number}:\n    nonsense: 1\n" for number in range(MAX_PROBLEMS))
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(f"version: 1\nwebhooks:\n{webhooks}")
    found = file.decoded_all(collect([str(tmp_path)]), BOUNDS, lambda _: UnresolvedReferences())
    assert len(found.problems) == MAX_PROBLEMS
    assert [*found.lines] == [str(tmp_path / "a.yaml")]
