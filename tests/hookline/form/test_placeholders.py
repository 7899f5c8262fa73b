"""Masks and texts that another tool was to decrypt or to render first."""

from hookline.form.placeholders import is_mask, unready
from tests.tables import each_of


@each_of("text", ["(secret)", "***", "********", "•••••", "…………", " ****\n"])
def test_masks_are_known(text: str) -> None:
    assert is_mask(text)


@each_of("text", ["", "**", "*a*", "secret", "(secret) x", "p(secret)"])
def test_other_texts_are_no_masks(text: str) -> None:
    assert not is_mask(text)


@each_of(
    "text, verb",
    [
        ("ENC[AES256_GCM,data:4Zg=,iv:x,tag:y,type:str]", "decrypt"),
        ("Bearer ENC[PKCS7,MIIB]", "decrypt"),
        ("$ANSIBLE_VAULT;1.1;AES256\n3831", "decrypt"),
        ("vault:v1:8SDd3WHDOjf7mq69", "decrypt"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\nYWdl", "decrypt"),
        ("age-encryption.org/v1\n-> X25519", "decrypt"),
        ("-----BEGIN PGP MESSAGE-----\n", "decrypt"),
        ("{{ crm_token }}", "render"),
        ("Bearer {{\n token }}", "render"),
        ("${{ secrets.CRM }}", "render"),
        ("<%= ENV['CRM'] %>", "render"),
    ],
)
def test_what_is_not_ready_says_what_to_do_and_repeats_nothing(text: str, verb: str) -> None:
    said = unready(text)
    assert said is not None
    assert said.endswith(f"{verb} it first")
    assert text not in said


# A pattern that looks for the end behind each beginning takes them minutes.
@each_of("text", ["{" * 500_000, "ENC[" * 300_000, "<%" * 300_000, "${env:A}" + "{{ " * 300_000])
def test_beginnings_without_an_end_are_ready_at_once(text: str) -> None:
    assert unready(text) is None


@each_of("text", ["}} {{", "%> <%", "] ENC[", "{{}"])
def test_an_end_before_the_beginning_is_none(text: str) -> None:
    assert unready(text) is None


@each_of(
    "text",
    [
        "plain",
        "ENC",
        "a {b} c",
        "vault",
        "see vault:v1",
        "50 % < 60 %",
        "{ {",
        "<a>",
    ],
)
def test_other_texts_are_ready(text: str) -> None:
    assert unready(text) is None
