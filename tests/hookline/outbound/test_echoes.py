"""Secrets that receivers send back as their languages' encoders write them."""

import json
from collections.abc import Callable

import pytest

from hookline.outbound.echoes import MASK, TELLING_BYTES, forms_of, without_secrets
from tests.tables import each_of

SECRETS = ("p&s<w>+'é/\"x", "whsec_MfKQ9r8/GKY+qrTw==", "ключ&\U0001f511", "C:\\new/\\u0026")

Encode = Callable[[str], str]


def escaping(characters: str, above: int, hex_digits: str) -> Encode:
    """An encoder that writes these characters, and those above a code, as \\uXXXX."""

    def encode(text: str) -> str:
        units = json.dumps(text, ensure_ascii=False)[1:-1]
        return "".join(
            unit
            if unit not in characters and ord(unit) <= above
            else "".join(
                f"\\u{int.from_bytes(pair):{hex_digits}}"
                for pair in zip(*[iter(unit.encode("utf-16-be"))] * 2, strict=True)
            )
            for unit in units
        )

    return encode


def dotnet(text: str) -> str:
    return escaping("&<>+'`", 126, "04X")(text).replace('\\"', "\\u0022")


def php(text: str) -> str:
    return escaping("", 126, "04x")(text).replace("/", "\\/")


ENCODERS: dict[str, Encode] = {
    "go": escaping("&<>\u2028", 0x10FFFF, "04x"),
    "dotnet": dotnet,
    "php": php,
    "python": lambda text: json.dumps(text)[1:-1],
    "node": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
}


@each_of("secret", SECRETS)
@each_of("name", ENCODERS)
def test_secret_is_masked_as_each_language_writes_it(name: str, secret: str) -> None:
    body = f'{{"got": "{ENCODERS[name](secret)}"}}'
    assert json.loads(body)["got"] == secret
    assert without_secrets(body.encode(), forms_of(SECRETS)) == b'{"got": "***"}'


@each_of("secret", SECRETS)
@each_of("outer", ENCODERS)
@each_of("inner", ENCODERS)
def test_secret_is_masked_in_json_inside_the_json_of_another_language(
    inner: str, outer: str, secret: str
) -> None:
    text = f'{{"got": "{ENCODERS[inner](secret)}"}}'
    body = f'{{"body": "{ENCODERS[outer](text)}"}}'
    assert json.loads(json.loads(body)["body"])["got"] == secret
    masked = without_secrets(body.encode(), forms_of(SECRETS))
    assert masked.startswith(b'{"body": "{')
    assert masked.count(MASK) == 1
    assert len(masked) <= len('{"body": "{\\u0022got\\u0022: \\u0022***\\u0022}"}')


@pytest.mark.parametrize("name", ENCODERS)
def test_beginning_that_a_cut_left_behind_escapes_is_masked(name: str) -> None:
    secret, before = SECRETS[0], '{"got": "'
    for kept in range(TELLING_BYTES, len(secret)):
        whole = before + ENCODERS[name](secret[:kept]) + "\\u002"
        for body in (whole, whole[:-4], whole.removesuffix("\\u002")):
            masked = without_secrets(body.encode(), forms_of(SECRETS), is_cut=True)
            assert masked.startswith(before.encode() + MASK), (kept, body)


@each_of(
    "body",
    [
        b'{"path": "C:\\users\\u00", "also": "\\uD83D alone", "link": "http:\\/\\/example.com"}',
        b'{"text": "\\u0026\\u00e9 \\\\u0026 \\\\\\/"}',
        b"\xff\xfe\\u0026\x00",
        b"\\" * 16_000 + b"u0026",
        b"\\/" * 8_000,
    ],
)
@each_of("is_cut", [False, True])
def test_answer_with_escapes_and_no_secret_is_kept_to_the_byte(body: bytes, is_cut: bool) -> None:
    assert without_secrets(body, forms_of(SECRETS), is_cut) == body
