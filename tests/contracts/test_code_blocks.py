"""Every code block of the readmes and of docs/ is run by a test: the table names it for each, and
says why for those that are not run as they stand.
"""

import json
import re
from pathlib import Path
from typing import Final

import pytest
import yaml
from graphql import (
    FieldNode,
    OperationDefinitionNode,
    parse,
    validate,
    value_from_ast_untyped,
)

from hookline.cli.serve import serve
from hookline.form.kinds import Bounds
from hookline.outbound.addresses import AddressPolicy
from hookline.settings.fields import Settings
from hookline.sync.read import file_decoding, loader
from hookline.sync.read.references import UnresolvedReferences
from tests.served_schema import SCHEMA as SERVED

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in sorted(
        path
        for name in ("*.md", "docs/**/*.md", "clients/**/*.md", "examples/**/*.md")
        for path in ROOT.glob(name)
    )
}
BLOCKS: Final = {
    name: re.findall(r"^ *```(\w+)\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    for name, page in PAGES.items()
}
RUN_BY: Final = {
    "README.md": [
        ("sh", "tests/flows/test_readme_steps.py"),
        ("yaml", "tests/contracts/test_code_blocks.py"),
        ("graphql", "tests/contracts/test_code_blocks.py"),
        # Compared with what the command prints, without installing and building.
        ("console", "tests/flows/test_readme_steps.py"),
        # The tests would run themselves; that the target exists is tested in test_readme.py.
        ("console", "tests/contracts/test_readme.py"),
        ("sh", "tests/flows/test_readme_steps.py"),
        ("json", "tests/flows/test_readme_steps.py"),
        ("sh", "tests/flows/test_readme_steps.py"),
        # Needs a database server of its own name: the commands and their options exist, and
        # tests/flows/installation.py starts PostgreSQL installations by the same ones.
        ("sh", "tests/contracts/test_readme.py"),
    ],
    "CONTRIBUTING.md": [("python", "tests/hookline/form/test_new_field.py")] * 3,
    "clients/python/README.md": [
        ("sh", "tests/client/test_distribution.py"),
        *[("python", "tests/client/test_readme.py")] * 3,
        ("sh", "tests/client/test_readme.py"),
        ("python", "tests/client/test_readme.py"),
        ("sh", "tests/client/test_readme.py"),
        ("python", "tests/client/test_readme.py"),
    ],
    "docs/cli.md": [("sh", "tests/hookline/cli/test_cli_page.py")] * 4
    + [("sh", "tests/hookline/cli/test_listen.py"), ("text", "tests/hookline/cli/test_listen.py")]
    + [("sh", "tests/hookline/cli/test_verify.py")],
    "examples/README.md": [("sh", "tests/client/examples/test_examples.py")] * 7
    + [("sh", "tests/hookline/cli/test_gitops_example.py")],
    "docs/how-to/back-up-and-restore.md": [
        *[(language, "tests/docs/test_operations.py") for language in ("sh", "sh", "text")],
        *[(language, "tests/docs/test_steps.py") for language in ("python", "sh", "sh", "text")],
    ],
    "docs/how-to/find-a-missing-event.md": [
        (language, "tests/docs/test_steps.py") for language in ("sh", "sh", "text", "sh", "sh")
    ],
    # Cloning, accounts and RabbitMQ's own commands are not run. Units and proxies are
    # compared with the code; nginx reads its file where it is installed.
    "docs/how-to/go-to-production.md": [
        (language, "tests/docs/test_operations.py")
        for language in (
            *("sh", "sql", "ini", "sh", "ini", "ini", "ini", "sh", "nginx", "caddyfile", "sh"),
        )
    ],
    "docs/how-to/mails-and-auto-deactivation.md": [
        (language, "tests/docs/test_steps.py")
        for language in (
            *("sh", "sh", "sh", "text", "sh", "text", "sh", "sh", "sh", "text", "sh", "text", "sh"),
        )
    ],
    # The alarms' names and labels are compared with the numbers that there are.
    "docs/how-to/monitor.md": [
        (language, "tests/docs/test_operations.py")
        for language in ("sh", "json", "ini", "sh", "yaml", "yaml", "sh")
    ],
    "docs/how-to/live-with-a-webhooks-file.md": [
        (language, "tests/flows/test_files_page.py")
        for language in ("yaml", "sh", "text", "sh", "sh", "text", "sh")
    ],
    # Git, Kubernetes and the folders are the reader's: settings and options are looked up here, and
    # tests/flows/test_pull_mode.py starts a server with the same ones.
    "docs/how-to/let-the-server-pull.md": [
        (language, "tests/contracts/test_code_blocks.py")
        for language in ("text", "yaml", "sh", "sh", "sh", "text")
    ],
    "docs/how-to/move-to-hookline.md": [
        (language, "tests/docs/test_moving_page.py")
        for language in ("json", *("sh", "text", "yaml") * 2, *("sh", "text") * 2)
    ],
    "docs/how-to/receive-on-localhost.md": [
        (language, "tests/docs/test_steps.py")
        for language in ("yaml", "sh", "python", "sh", "sh", "text")
    ]
    + [("sh", "tests/hookline/cli/test_listen.py")],
    "docs/how-to/replay-an-outage.md": [("sh", "tests/docs/test_steps.py")] * 2,
    "docs/how-to/undo-a-bad-apply.md": [
        (language, "tests/docs/test_steps.py") for language in ("sh", "sh")
    ],
    # Cloning and systemd's commands are not run.
    "docs/how-to/upgrade.md": [
        (language, "tests/docs/test_operations.py") for language in ("sh", "sh", "text", "sh")
    ],
    # C# is parsed and not run: the page says so.
    "docs/how-to/publish-from-a-program.md": [
        (language, "tests/docs/test_publish_page.py")
        for language in ("js", "go", "java", "ruby", "php", "csharp")
    ],
    "docs/how-to/verify-signatures.md": [
        (language, "tests/docs/test_verify_page.py")
        for language in ("python", "js", "go", "go", "java", "ruby", "php", "csharp")
    ],
    "docs/tutorials/first-delivery.md": [
        (language, "tests/docs/test_steps.py")
        for language in ("sh", "text", "sh", "text", "sh", "json", "python", "sh", "text")
    ],
    "docs/tutorials/paid-orders.md": [
        (language, "tests/docs/test_steps.py")
        for language in ("yaml", "sh", "sh", "json", "sh", "sh", "text")
    ],
    "docs/tutorials/webhooks-in-git.md": [
        (language, "tests/docs/test_pipelines.py")
        for language in ("sh", "text", "yaml", "sh", "text", "sh", "yaml", "yaml")
    ],
    "docs/filters.md": [("yaml", "tests/contracts/test_code_blocks.py")],
    # Of Prometheus: read as YAML here, since no wheel brings the program.
    "docs/metrics.md": [("yaml", "tests/contracts/test_code_blocks.py")],
    "docs/sync.md": [
        ("yaml", "tests/contracts/test_code_blocks.py"),
        ("yaml", "tests/contracts/test_code_blocks.py"),
        ("yaml", "tests/contracts/test_code_blocks.py"),
        ("yaml", "tests/contracts/test_code_blocks.py"),
        ("sh", "tests/flows/test_readme_steps.py"),
        ("sh", "tests/flows/test_sync_records.py"),
        ("sh", "tests/flows/test_sync_records.py"),
    ],
    "docs/templates.md": [
        (language, "tests/hookline/outbound/test_template_page.py")
        for language in ("jinja", "json", "json", "jinja", "jinja")
    ],
}
BOUNDS: Final = Bounds(("development", "staging", "production"), AddressPolicy((), frozenset()))
SCHEMA: Final = SERVED._schema


def blocks(page: str, language: str) -> list[str]:
    return [text for found, text in BLOCKS[page] if found == language]


def test_every_code_block_is_named_with_the_test_that_runs_it() -> None:
    found = {
        name: [language for language, _ in blocks] for name, blocks in BLOCKS.items() if blocks
    }
    assert found == {name: [language for language, _ in rows] for name, rows in RUN_BY.items()}
    for name, page in PAGES.items():
        # One without a language is no code to the expression above.
        assert len(re.findall(r"^ *```", page, re.MULTILINE)) == 2 * len(BLOCKS[name]), name
    for path in {path for rows in RUN_BY.values() for _, path in rows}:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("page", ["README.md", "docs/sync.md", "docs/filters.md"])
def test_webhooks_files_on_the_pages_are_without_errors(page: str) -> None:
    for text in blocks(page, "yaml"):
        loaded = loader.load(text.encode(), page)
        assert loaded.root is not None
        found = file_decoding.decode(loaded.root, BOUNDS, UnresolvedReferences(), loaded.problems)
        assert loaded.problems.in_order() == []
        assert found.webhooks


def test_scrape_configuration_is_yaml_with_the_address_that_the_page_tells() -> None:
    [text] = blocks("docs/metrics.md", "yaml")
    [job] = yaml.safe_load(text)["scrape_configs"]
    # Prometheus asks for /metrics where no other path is given.
    assert set(job) == {"job_name", "authorization", "static_configs"}
    assert job["static_configs"][0]["targets"][0] == "127.0.0.1:9100"


def test_settings_and_options_of_pull_mode_are_those_that_the_server_has() -> None:
    page = PAGES["docs/how-to/let-the-server-pull.md"]
    names = re.findall(r"HOOKLINE_(SYNC_[A-Z_]+)", page)
    assert {name.lower() for name in names} <= set(Settings.model_fields)
    [text] = blocks("docs/how-to/let-the-server-pull.md", "yaml")
    [server, _] = yaml.safe_load(text)["containers"]
    options = {option for parameter in serve.params for option in parameter.opts}
    told = [word for word in server["args"] if word.startswith("--")]
    assert {*told, *re.findall(r"^hookline serve (--\S+)", page, re.MULTILINE)} <= options


def documents(page: str) -> list[str]:
    """GraphQL documents in a page's code: in a request's body, or in a line of text."""
    code = "\n".join(text for _, text in BLOCKS[PAGES_BY_TEXT[page]])
    bodies = [json.loads(body)["query"] for body in re.findall(r"'(\{\"query\": .*?\})'", code)]
    lines = re.findall(r"`((?:query|mutation|subscription)\b[^`]*\{[^`]*\})`", page)
    return [*bodies, *lines, *blocks(PAGES_BY_TEXT[page], "graphql")]


PAGES_BY_TEXT: Final = {page: name for name, page in PAGES.items()}


def test_webhook_of_the_readme_is_the_same_in_the_file_and_by_the_api() -> None:
    [file], [document] = (blocks("README.md", language) for language in ("yaml", "graphql"))
    [operation] = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    [field] = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    assert field.arguments
    given = value_from_ast_untyped(field.arguments[0].value)
    assert {given.pop("slug"): given} == yaml.safe_load(file)["webhooks"]


def test_every_graphql_document_is_valid() -> None:
    found = [text for page in PAGES.values() for text in documents(page)]
    assert len(found) >= 3
    for text in found:
        assert validate(SCHEMA, parse(text)) == [], text
