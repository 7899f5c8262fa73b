"""The client as a distribution: installed by the readme's command, typed, and light."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "clients/python/README.md").read_text("utf-8")
LOOK = """
import sys, hookline_client
from importlib.resources import files
from importlib.metadata import requires
print(hookline_client.__file__)
print(files("hookline_client").joinpath("py.typed").is_file())
print(requires("hookline-client"))
print(sorted({"asyncpg", "cryptography", "django", "hookline", "sqlalchemy"} & set(sys.modules)))
"""


def test_the_readmes_command_installs_it(tmp_path: Path) -> None:
    command = re.findall(r"^```sh\n(.*?)\n```", README, re.MULTILINE | re.DOTALL)[0]
    assert command == "pip install ./clients/python"
    # A copy: building leaves folders beside the sources.
    left_out = shutil.ignore_patterns("build", "*.egg-info")
    shutil.copytree(ROOT / "clients", tmp_path / "checkout/clients", ignore=left_out)
    options = [
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(tmp_path / "site"),
    ]
    subprocess.run(
        [sys.executable, "-m", *command.split(), *options, "--quiet"],
        cwd=tmp_path / "checkout",
        check=True,
        timeout=120,
    )

    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    place, typed, needed, heavy = done.stdout.splitlines()
    assert place.startswith(str(tmp_path / "site"))
    assert typed == "True"
    assert needed.startswith("['httpx")
    assert heavy == "[]"
