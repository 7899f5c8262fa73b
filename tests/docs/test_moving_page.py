"""docs/how-to/move-to-hookline.md, followed as it stands: files are written, commands run, and what
they print is compared with the page.
"""

import re
import shlex
from pathlib import Path

from tests.docs.walk import blocks
from tests.processes import PROJECT, run_hookline


def test_files_of_other_products_become_webhooks_files_as_the_page_says(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"}
    printed = ""
    for language, text in blocks("docs/how-to/move-to-hookline.md"):
        if language in ("json", "yaml"):
            named = re.match(r"# (\S+)\n", text)
            path = tmp_path / (named[1] if named else "svix.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif language == "sh":
            program, *arguments = shlex.split(text)
            done = run_hookline(tuple(arguments), tmp_path, environment)
            assert (program, done.returncode) == ("hookline", 0), done.stderr
            printed = done.stdout + done.stderr
        else:
            assert printed == text
