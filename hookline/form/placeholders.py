"""Text that stands in a value's place and is none: masks of secrets, and what another tool was to
decrypt or to fill in. Called by the kinds and by the reading of files. Pure.
"""

import re
from typing import Final

# Those of plans and the audit log; stars and bullets, as consoles show them.
_MASKS = re.compile(r"\(secret\)|[*•●…]{3,}")
# By their beginning and their end.
_ENCLOSED: Final = (
    ("ENC[…]", "decrypt", "ENC[", "]"),
    ("{{ … }}", "render", "{{", "}}"),
    ("<% … %>", "render", "<%", "%>"),
)
_CIPHERTEXTS: Final = (
    ("an Ansible vault", re.compile(r"\A\s*\$ANSIBLE_VAULT;")),
    ("a ciphertext of Vault", re.compile(r"\A\s*vault:v[0-9]+:")),
    ("an age file", re.compile("-----BEGIN AGE ENCRYPTED FILE-----|age-encryption.org")),
    ("a PGP message", re.compile("-----BEGIN PGP MESSAGE-----")),
)


# What each of them has: looked for first, as hardly any text has one.
_SIGNS: Final = re.compile(
    r"ENC\[|\$ANSIBLE_VAULT|vault:v|AGE ENCRYPTED|age-encryption|BEGIN PGP|\{\{|<%"
)
# Printable ASCII without what begins most of them. The rest of the signs are words.
_HARMLESS: Final = re.compile(r"[ -#%-;=-Z\\-z|-~]*")


def is_harmless(text: str) -> bool:
    """True for a text that can be seen at once to be ready, without a reference and printable: most
    texts. False says nothing.
    """
    return (
        _HARMLESS.fullmatch(text) is not None
        and "vault:v" not in text
        and "AGE ENC" not in text
        and "age-enc" not in text
        and "BEGIN PGP" not in text
    )


def is_mask(text: str) -> bool:
    return _MASKS.fullmatch(text.strip()) is not None


def unready(text: str) -> str | None:
    """The end of a sentence about text that was to be decrypted or rendered first; None for any
    other. Repeats nothing of the text.
    """
    if not _SIGNS.search(text):
        return None
    for shown, verb, begin, end in _ENCLOSED:
        # No pattern, which looks for the end behind each beginning: 65,536 braces took it 90 s, and
        # all that time it kept the interpreter (2026-12-01).
        if begin in text and end in text.partition(begin)[2]:
            return f"holds {shown}: {verb} it first"
    for shown, expression in _CIPHERTEXTS:
        if expression.search(text):
            return f"holds {shown}: decrypt it first"
    return None
