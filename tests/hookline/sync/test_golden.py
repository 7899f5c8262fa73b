"""The tables of docs/sync.md as folders: each is planned and shown in every form.
After a meant change: REFRESH_GOLDEN=1 before the same command writes what the folders expect.
"""

import os
from pathlib import Path

import pytest

from hookline.runtime import Runtime
from tests.hookline.sync.golden import GOLDEN, open_case
from tests.tables import each_of

pytestmark = pytest.mark.engines("sqlite", "postgres")

CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())


@each_of("folder", CASES)
async def test_a_folder_gives_what_it_expects(runtime: Runtime, folder: Path) -> None:
    case = await open_case(folder, runtime)
    outputs = await case.outputs()
    expected = folder / "expected"
    if os.environ.get("REFRESH_GOLDEN"):
        expected.mkdir(exist_ok=True)
        for name, text in outputs.items():
            (expected / name).write_text(text)
    for name, text in outputs.items():
        assert text == (expected / name).read_text(), f"{folder.name}/expected/{name}"
    assert sorted(path.name for path in expected.iterdir()) == sorted(outputs)
