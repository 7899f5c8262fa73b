"""The reference is complete: whatever the code has stands on its page."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from api.execution import errors
from hookline.access.scopes import ROLES, SCOPES
from hookline.cli import main
from hookline.cli.exit_codes import EXIT_CODES
from hookline.errors import Code
from hookline.form.webhook_fields import FIELDS
from hookline.outbound.request_head import fixed_head
from hookline.settings.environment import PREFIX
from hookline.settings.fields import Settings
from tests.processes import PROJECT
from tools.docs_site.reference import generated_pages
from tools.docs_site.reference.commands import every_command
from tools.docs_site.reference.graphql import root_fields, served_schema
from tools.docs_site.reference.scopes import operations_by_scope

ROOTS: Final = ("Query", "Mutation", "Subscription")


@cache
def pages() -> Mapping[str, str]:
    """The pages, made by the first test that reads one: 0.14 s of CPU."""
    return generated_pages()


def section(page: str, heading: str) -> str:
    """The text below a heading, to the next one."""
    found = re.search(
        rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", pages()[page], re.MULTILINE | re.DOTALL
    )
    assert found, f"{page} lacks {heading}"
    return found[1]


def first_cells(text: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


def test_every_operation_stands_with_its_arguments_and_description() -> None:
    parts = re.findall(
        r"^### (\w+)\n(.*?)(?=^##|\Z)",
        pages()["reference/graphql-operations.md"],
        re.MULTILINE | re.DOTALL,
    )
    for (heading, text), (_, name, field) in zip(parts, root_fields(), strict=True):
        assert heading == name
        assert first_cells(text) == set(field.args), name
        assert field.description, name


def members(name: str) -> set[str]:
    found = served_schema().type_map[name]
    if isinstance(found, GraphQLEnumType):
        return set(found.values)
    kinds = GraphQLInputObjectType | GraphQLObjectType | GraphQLInterfaceType
    return set(found.fields) if isinstance(found, kinds) else set()


def test_every_type_stands_with_its_fields_and_values() -> None:
    for name in served_schema().type_map:
        if not name.startswith("__") and name not in ROOTS:
            assert first_cells(section("reference/graphql-types.md", name)) == members(name), name


def test_every_role_and_scope_stands_with_the_operations_that_ask_for_it() -> None:
    page = pages()["reference/scopes.md"]
    assert first_cells(section("reference/scopes.md", "Scopes")) == set(SCOPES)
    assert all(f"`{role}`" in page for role in ROLES)
    asked = operations_by_scope()
    assert "webhookCreate" in asked["webhooks:write"]
    assert "eventPublish" in asked["events:publish"]
    assert "webhookSecretReveal" in asked["secrets:read"]
    named = {name for names in asked.values() for name in names}
    described = {
        name
        for _, name, field in root_fields()
        if "Requires the scope" in (field.description or "")
    }
    # `node` asks for that of what it returns.
    assert described - named == {"node"}


def test_every_setting_stands_with_its_default() -> None:
    names = {PREFIX + field.upper() for field in Settings.model_fields}
    assert first_cells(pages()["reference/settings.md"]) == names
    assert "| `HOOKLINE_PORT` | `8000` |" in pages()["reference/settings.md"]


def test_every_command_stands_with_its_options() -> None:
    for name, command in every_command():
        text = section("reference/commands.md", name)
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert all(option in text for option in parameter.opts), (name, parameter.opts)
            else:
                assert (parameter.metavar or parameter.human_readable_name) in text, name
    assert {name.split()[1] for name, _ in every_command()} == set(main.COMMANDS)


def test_every_error_code_stands_with_its_meaning() -> None:
    stand = first_cells(section("reference/errors.md", "Of a request"))
    assert stand == errors.CODES | {errors.INTERNAL}
    assert first_cells(section("reference/errors.md", "User errors of mutations")) == set(Code)
    attempts = section("reference/errors.md", "Of an attempt")
    assert first_cells(attempts) == members("AttemptError")


def test_every_exit_code_stands() -> None:
    stand = {int(code) for code in first_cells(pages()["reference/exit-codes.md"])}
    assert stand == set(EXIT_CODES)
    sync = (PROJECT / "docs/sync.md").read_text("utf-8")
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", sync, re.MULTILINE)} <= stand


def test_every_header_of_a_request_stands() -> None:
    stand = first_cells(section("reference/headers.md", "Of a request to a receiver"))
    assert stand == {name for name, _ in fixed_head("", "", 0, None, "", is_test=True)}


def test_every_field_of_a_webhook_stands() -> None:
    page = (PROJECT / "docs/webhooks.md").read_text("utf-8")
    assert {name for name in first_cells(page) if "." not in name} == set(FIELDS)


# Calls that are given the code of a problem of a webhooks file, or of what blocks an apply.
_CODES_AT: Final = {
    **dict.fromkeys(("SyncProblem", "ReferenceRefused", "Block", "_warning"), (0,)),
    **dict.fromkeys(("_add_problem", "_fatal"), (0,)),
    "FieldProblem": (3,),
    "add_problem": (0, 1),
    "refuse": (0, 2),
    "_refuse_repeats": (2,),
}


def codes_of_files() -> Iterator[str]:
    paths = [
        path for name in ("form", "sync") for path in (PROJECT / "hookline" / name).rglob("*.py")
    ]
    for path in paths:
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
                places = _CODES_AT.get(name, ())
                given = [call.args[place] for place in places if place < len(call.args)]
                yield from (
                    one.value
                    for one in given
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


def test_every_problem_of_a_webhooks_file_and_every_block_stands() -> None:
    page = (PROJECT / "docs/sync.md").read_text("utf-8").partition("## Problems")[2]
    stand = set(re.findall(r"`([a-z-]+)`", page))

    found = {code for code in codes_of_files() if re.fullmatch("[a-z]+(-[a-z]+)*", code)}

    assert len(found) > 60
    assert found - stand == set()


def test_limits_are_those_of_the_code() -> None:
    page = pages()["reference/limits.md"]
    wanted: Mapping[str, str] = {
        "levels": "15",
        "items of a page": "100",
        "events of one batch": "1,000",
        "conditions of a filter": "100",
    }
    for text, number in wanted.items():
        assert f"| {text} | {number} |" in page
