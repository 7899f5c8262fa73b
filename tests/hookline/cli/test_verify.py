"""`hookline verify`: a request that a receiver got, checked by hand."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline import clock
from hookline.cli.verify import verify
from tests.hookline.cli.test_cli_page import BLOCKS
from tests.hookline.outbound.test_verification import BODY, SECRET, signed

pytestmark = pytest.mark.engines("sqlite")


def test_the_pages_command_verifies_a_request_and_no_changed_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sent = signed(at=clock.now())
    headers = "".join(f"{name.title()}: {value}\r\n" for name, value in sent.items())
    Path("headers").write_text(headers)
    Path("body").write_bytes(BODY)
    Path("secret").write_text(SECRET + "\n")
    [block] = [block for block in BLOCKS if block.startswith("hookline verify")]
    given = shlex.split(block)[2:]

    good = CliRunner().invoke(verify, given)
    bad = CliRunner().invoke(verify, [*given[:-1], "{}"])
    malformed = CliRunner().invoke(verify, [*given, "--header", "POST / HTTP/1.1"])

    assert (good.exit_code, good.stderr) == (0, "It is verified.\n")
    assert good.stdout.splitlines()[-1].split() == ["webhook-signature", "yes", "v1", "fits"]
    assert (bad.exit_code, "see webhook-signature." in bad.stderr) == (1, True)
    assert SECRET not in good.output + bad.output
    assert "'POST / HTTP/1.1' is not NAME: VALUE" in malformed.stderr
