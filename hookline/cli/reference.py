"""Parts of docs/cli.md that are made from the code: columns and exit codes. `make schema` writes
them; a test compares them.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hookline.cli.exit_codes import EXIT_CODES
from hookline.cli.nouns import NOUNS

PAGE: Final = Path("docs/cli.md")


def tables() -> Mapping[str, str]:
    """Returns each generated part by its name in the page."""
    columns = [
        f"| {noun.many} | "
        + " ".join(f"**`{name}`**" if name in noun.usual else f"`{name}`" for name in noun.columns)
        + " |"
        for noun in NOUNS
    ]
    codes = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return {
        "columns": "\n".join(["| | |", "|---|---|", *columns]),
        "exit codes": "\n".join(["| code | |", "|---|---|", *codes]),
    }


def with_tables(page: str) -> str:
    """Returns the page with its generated parts as they are now."""
    for name, table in tables().items():
        mark = f"<!-- {name} -->"
        head, _, rest = page.partition(f"{mark}\n")
        rest = re.sub(r"^\s*(?:\|.*\n)*\s*", "", rest)
        page = f"{head}{mark}\n\n{table}\n\n{rest}"
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")
