"""Messages about a webhooks file in which a secret stands where it should not."""

from hookline.sync.read import file
from hookline.sync.read.references import UnresolvedReferences
from tests.hookline.sync.files import BOUNDS, FILE
from tests.tables import each_of

SECRET = "hunter2"


@each_of(
    "lines",
    [
        "basicAuth: {username: u, password: hunter2}",
        "basicAuth: {username: u, password:hunter2}",
        "basicAuth: {hunter2}",
        "basicAuth: hunter2",
        "basicAuth: [hunter2]",
        "basicAuth: {hunter2, hunter2}",
        "basicAuth: {username: u, password: !hunter2}",
        "basicAuth: {username: u, password: !a!hunter2 x}",
        "basicAuth: {username: u, password: *hunter2}",
        "basicAuth: {username: &hunter2 u, password: &hunter2 x}",
        "basicAuth: {username: u, password: 'x${hunter2'}",
        "secretHeader: {name: X-A, value: {hunter2: 1}}",
        "secretHeader: {X-Api-Key: hunter2}",
        "secretHeader: X-Api-Key:hunter2",
        "headers: X-Api-Key:hunter2",
        "headers: 'X-Api-Key: hunter2'",
        "headers: {X-Api-Key:hunter2}",
        "headers: {X-Api-Key: '${hunter2'}",
        "headers: {X-Shop: '${hunter2'}",
        "headers: {X-Api-Key: !hunter2}",
        "headers: {X-Shop: *hunter2}",
        "headers: [X-Api-Key: hunter2]",
        "signingSecret: hunter2",
        "signingSecret: [hunter2]",
        "signingSecret: !hunter2",
        "{signingSecret:hunter2}",
        "signingSecrets: hunter2",
        "retry: {signingSecret:hunter2}",
        "url: 'https://a.example/?key=${hunter2'",
    ],
)
def test_no_message_repeats_a_secret(lines: str) -> None:
    text = f"version: 1\nset: shop\nwebhooks:\n  a:\n    {lines}\n"
    reading = file.decoded(text.encode(), FILE, BOUNDS, UnresolvedReferences())
    assert reading.problems
    for problem in reading.problems:
        assert SECRET not in f"{problem.message} {problem.hint} {'.'.join(problem.path)}"


def test_a_slip_in_a_key_s_name_is_still_shown() -> None:
    text = "version: 1\nset: shop\nwebhooks:\n  a:\n    basicAuth: {usrname: u}\n"
    reading = file.decoded(text.encode(), FILE, BOUNDS, UnresolvedReferences())
    messages = [(problem.message, problem.hint) for problem in reading.problems]
    assert ("unknown key 'usrname'", "did you mean 'username'?") in messages
