"""The exported schema: it is what the code makes, and everything in it is described for users."""

from collections.abc import Iterator
from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
)

from api.schema import export, make_schema

EXPORTED = Path(__file__).parents[3] / "schema.graphql"


def undescribed() -> Iterator[str]:
    for name, kind in make_schema()._schema.type_map.items():
        if name.startswith("__"):
            continue
        if not kind.description:
            yield name
        if isinstance(kind, GraphQLEnumType):
            yield from (
                f"{name}.{value}" for value, about in kind.values.items() if not about.description
            )
        elif isinstance(kind, GraphQLInputObjectType):
            yield from (
                f"{name}.{field}" for field, about in kind.fields.items() if not about.description
            )
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, place in kind.fields.items():
                if not place.description:
                    yield f"{name}.{field}"
                yield from (
                    f"{name}.{field}({argument})"
                    for argument, about in place.args.items()
                    if not about.description
                )


def test_everything_in_the_schema_is_described() -> None:
    assert list(undescribed()) == []


def test_the_exported_schema_is_what_the_code_makes() -> None:
    assert EXPORTED.read_text("utf-8") == export(), "run: make schema"


def test_the_export_is_a_schema_that_others_can_read() -> None:
    assert build_schema(export()).query_type is not None


def test_nothing_of_later_releases_stands_in_the_schema() -> None:
    later = ("OPERATOR",)
    text = export()
    assert [word for word in later if word in text] == []
