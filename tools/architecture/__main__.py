"""`make docs` writes the picture and the table of packages; `make check` asks (--check) whether
both are what would be written.
"""

import sys

from tools.architecture.drawing import picture
from tools.architecture.packages import ROOT
from tools.architecture.page import page


def main() -> int:
    drawn, written = ROOT / "docs/architecture.svg", ROOT / "docs/architecture.md"
    # Both are made before either is written or compared: a fault leaves the old pair together.
    made = {drawn: picture(), written: page(written.read_text("utf-8"))}
    if "--check" in sys.argv[1:]:
        return int(any(not p.exists() or p.read_text("utf-8") != text for p, text in made.items()))
    for path, text in made.items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
