"""The exported schema: it is what the code makes, and everything in it is described for users."""

import re
from collections import defaultdict
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
RIDDLE = re.compile(
    r"(what|who|whoever|whose|which|whether|how|when|where|why|it|its|that|true:|false:)\b",
    re.IGNORECASE,
)
SENTENCES = re.compile(r"[A-Z{*].*[.)]", re.DOTALL)
SAME_EVERYWHERE = re.compile(  # a sync's userErrors stand beside the problems of the file
    r"\w+\.(createdAt|pageInfo|edges|nodes|totalCount)|\w+\.\w+\((first|last|before)\)"
    r"|(?!Sync)\w+\.(userErrors)"
)


def descriptions() -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument and enum value with its description."""
    for name, kind in make_schema()._schema.type_map.items():
        if name.startswith("__") or name in ("ID", "String", "Int", "Boolean", "Float"):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from (
                (f"{name}.{value}", about.description) for value, about in kind.values.items()
            )
        elif isinstance(kind, GraphQLInputObjectType):
            yield from (
                (f"{name}.{field}", about.description) for field, about in kind.fields.items()
            )
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, place in kind.fields.items():
                yield f"{name}.{field}", place.description
                for argument, about in place.args.items():
                    yield f"{name}.{field}({argument})", about.description


def test_everything_in_the_schema_is_described() -> None:
    assert [place for place, text in descriptions() if not text] == []


def test_a_description_begins_with_a_noun_or_a_verb() -> None:
    riddles = [f"{place}: {text}" for place, text in descriptions() if RIDDLE.match(text or "")]

    assert riddles == []


def test_a_description_is_made_of_sentences() -> None:
    broken = [
        f"{place}: {text}" for place, text in descriptions() if not SENTENCES.fullmatch(text or "")
    ]

    assert broken == []


def test_a_name_that_means_the_same_everywhere_is_described_alike() -> None:
    described = defaultdict[str, set[str | None]](set)
    for place, text in descriptions():
        if found := SAME_EVERYWHERE.fullmatch(place):
            described[str(found[found.lastindex or 0])].add(text)

    assert len(described) == 9
    assert {name: texts for name, texts in described.items() if len(texts) > 1} == {}


def test_every_mutation_names_its_scope_and_its_errors() -> None:
    mutation = make_schema()._schema.mutation_type
    assert mutation is not None
    silent = [
        name
        for name, field in mutation.fields.items()
        if "User errors: " not in (field.description or "")
        or "Requires the scope" not in (field.description or "")
    ]

    assert silent == []


def test_the_exported_schema_is_what_the_code_makes() -> None:
    assert EXPORTED.read_text("utf-8") == export(), "run: make schema"


def test_the_export_is_a_schema_that_others_can_read() -> None:
    assert build_schema(export()).query_type is not None


def test_nothing_of_later_releases_stands_in_the_schema() -> None:
    later = ("OPERATOR",)
    text = export()
    assert [word for word in later if word in text] == []
