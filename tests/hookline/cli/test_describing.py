"""`hookline api --describe`: what can be asked of a server, in its own words."""

import re

import pytest
from graphql import GraphQLEnumType, build_schema

from tests.docs.test_reference import members
from tests.hookline.cli.stand import Stand
from tools.docs_site.reference.graphql import root_fields

pytestmark = pytest.mark.engines("sqlite")


def test_every_operation_has_a_line_with_its_arguments_and_a_sentence(stand: Stand) -> None:
    viewer = stand.seen_with(HOOKLINE_TOKEN=stand.make_token("publisher"))

    done = viewer.run("api", "--describe")

    lines = done.stdout.splitlines()
    named = [re.match(r"(query|mutation|subscription) (\w+)", line) for line in lines[::2]]
    assert [one and one[2] for one in named] == [name for _, name, _ in root_fields()]
    assert all(re.fullmatch(r"    [A-Z].*\.", line) for line in lines[1::2])
    assert "mutation tokenRevoke(input: TokenRevokeInput!): TokenPayload" in lines
    assert done.stderr == "One of them whole: hookline api --describe NAME\n"


def test_an_operation_is_described_with_all_that_it_takes_and_gives(stand: Stand) -> None:
    shown = stand.run("api", "--describe", "webhookCreate").stdout

    assert "Requires the scope webhooks:write." in shown
    for name in ("WebhookCreateInput", "RetryInput", "WebhookPayload"):
        assert re.search(rf"^(input|type) {name} {{$", shown, re.MULTILINE), name
    assert "WebhookCreateInput" in shown
    listed = stand.run("api", "--describe", "deliveries").stdout
    for name in ("DeliveryFilter", "DeliveryStatus", "DeliveryConnection", "Delivery"):
        assert re.search(rf"^(input|enum|type) {name} ", listed, re.MULTILINE), name


def test_a_type_is_described_and_a_name_that_is_none_is_told_with_close_ones(stand: Stand) -> None:
    shown = stand.run("api", "--describe", "TokenRole").stdout

    found = build_schema(shown).type_map["TokenRole"]
    assert isinstance(found, GraphQLEnumType)
    assert set(found.values) == members("TokenRole")
    unknown = stand.run("api", "--describe", "webhookCreat", code=1).stderr
    assert "webhookCreat: There is neither an operation nor a type of this name" in unknown
    assert "webhookCreate" in unknown
    nothing = stand.run("api", code=64).stderr
    assert "Give a document" in nothing
