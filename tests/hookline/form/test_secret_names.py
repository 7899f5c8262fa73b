"""Names of headers whose values are secrets, and names that only look like them."""

from hookline.form.webhook_kinds import SECRET_WORDS, is_sensitive_header
from tests.tables import each_of

SECRET = (
    "Authorization X-Authorization X-Auth X-Auth-User X-AUTHENTICATION OAuth-Verifier X_Auth "
    "X-Passwd X-Pwd X-Credential X-Credentials X-Signature X-Hub-Signature-256 X-Session-Id "
    "X-JWT X-Bearer X-Api-Key ApiKey X-Token X-Secret X-Password X-PASSWORD-2"
).split()
OPEN = "X-Author X-Author-Id Author X-Shop Accept-Language X-Trace X-Source X-Path From".split()


@each_of("name", SECRET)
def test_a_header_of_this_name_is_secret(name: str) -> None:
    assert is_sensitive_header(name)


@each_of("name", OPEN)
def test_a_header_of_this_name_is_shown(name: str) -> None:
    assert not is_sensitive_header(name)


def test_every_word_makes_a_name_secret_wherever_it_stands() -> None:
    names = [f"X-My{word.upper()}Of" for word in SECRET_WORDS]
    assert [name for name in names if not is_sensitive_header(name)] == []
