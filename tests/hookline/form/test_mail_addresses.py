"""Mail addresses as people paste them."""

from hypothesis import given
from hypothesis import strategies as st

from hookline.form.mail_addresses import is_address, split_addresses
from tests.tables import each_of

J, OPS = "j+ops@x.test", "ops@x.test"


@each_of(
    "text, addresses",
    [
        ("", []),
        (" ; , ", []),
        (OPS, [OPS]),
        (f"{OPS};{J}", [OPS, J]),
        (f"{OPS}; {J};", [OPS, J]),
        (f", {OPS} ,, ;{J} , ", [OPS, J]),
        (f"<{OPS}>", [OPS]),
        (f"Jane Doe <{J}>", [J]),
        (f'"Doe, Jane" <{J}>', [J]),
        (f'"Doe; Jane" <{J}>; {OPS}', [J, OPS]),
        (f'"Jane \\"J\\" Doe" < {J} >,{OPS}', [J, OPS]),
        (f'"{OPS}" <{J}>', [J]),
        (f"Jürgen <{J}>", [J]),
    ],
)
def test_separators_and_names_are_understood(text: str, addresses: list[str]) -> None:
    pieces = split_addresses(text)
    assert [piece.address for piece in pieces] == addresses
    assert not [piece for piece in pieces if piece.fault]


@each_of(
    "text, wrong, words",
    [
        (f"{OPS}, nobody", "nobody", "ops@example.com"),
        (f"{OPS} {J}", f"{OPS} {J}", "put a comma"),
        (f"Jane {J}", f"Jane {J}", "<>"),
        (f"Doe, Jane <{J}>", "Doe", "ops@example.com"),
        (f'"Doe, Jane <{J}>', f'"Doe, Jane <{J}>', "quotation mark"),
        (f"{OPS}; Jane <{J}", f"Jane <{J}", "angle bracket"),
        (f"Jane {J}>", f"Jane {J}>", "angle bracket"),
        (f"<{OPS}> <{J}>", f"<{OPS}> <{J}>", "put a comma"),
        (f"<{OPS}> x", f"<{OPS}> x", "<> around"),
        ("Jane <>", "Jane <>", "ops@example.com"),
        (
            "=?utf-8?q?a=2Cz=40z.example?=@example.com",
            "=?utf-8?q?a=2Cz=40z.example?=@example.com",
            "",
        ),
        ("x <=?utf-8?q?a?=@example.com>", "x <=?utf-8?q?a?=@example.com>", ""),
        ("a@[127.0.0.1]", "a@[127.0.0.1]", "ops@example.com"),
    ],
)
def test_piece_that_is_no_address_is_named(text: str, wrong: str, words: str) -> None:
    [bad] = [piece for piece in split_addresses(text) if piece.address is None]
    assert bad.text == wrong
    assert words in bad.fault


@given(st.text(alphabet='ab"\\<>,;@. \r\n=?', max_size=60))
def test_no_text_gives_anything_but_bare_addresses(text: str) -> None:
    for piece in split_addresses(text):
        assert piece.address is None or is_address(piece.address)
        assert (piece.address is None) == bool(piece.fault)


def test_long_hostile_texts_cost_little() -> None:
    for text in (
        '"' * 8_000,
        "<" * 8_000,
        "\\" * 8_000,
        '"a" ' * 2_000,
        "a@" * 4_000,
        "=?" * 4_000,
    ):
        assert all(piece.address is None for piece in split_addresses(text))
