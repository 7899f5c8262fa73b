"""`make docs`: builds the site, or says which links are broken."""

import sys

from tools.docs_site.building import SITE, BuildFailed, build
from tools.docs_site.staging import ROOT

if __name__ == "__main__":
    try:
        build()
    except BuildFailed as failure:
        sys.exit(f"The documentation was not built:\n{failure}")
    sys.stdout.write(f"Built {SITE.relative_to(ROOT)}: `hookline dev` serves it at /docs\n")
