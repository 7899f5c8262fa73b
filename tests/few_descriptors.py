"""`python -m tests.few_descriptors SOFT HARD MODULE…`: runs the module with these limits of open
descriptors, as `ulimit -n` sets them for what a shell starts. HARD may be `same`.
"""

import resource
import runpy
import sys


def _limit(soft: str, hard: str) -> None:
    _, usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (int(soft), usual if hard == "same" else int(hard)))


if __name__ == "__main__":
    _limit(*sys.argv[1:3])
    sys.argv = sys.argv[3:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
