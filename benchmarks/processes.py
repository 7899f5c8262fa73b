"""CPU seconds and memory of process trees, the servers' backends included: what a delivery really
costs.
"""

import contextlib

import psutil


class Trees:
    """The trees below some processes. A process that has ended keeps what it used, as far as it was
    sampled.
    """

    def __init__(self, roots: dict[str, list[int]]) -> None:
        self._roots = roots
        self._used: dict[str, dict[int, float]] = {name: {} for name in roots}
        self.peak_pss_mb = 0.0

    def sample(self) -> None:
        pss = 0
        for name, pids in self._roots.items():
            for process in _below(pids):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    self._used[name][process.pid] = times.user + times.system
                    # its backends map one shared buffer each; PSS of our own is the figure
                    if name != "postgres":
                        pss += process.memory_full_info().pss
        self.peak_pss_mb = max(self.peak_pss_mb, round(pss / 1e6, 1))

    def cpu_seconds(self) -> dict[str, float]:
        return {name: sum(used.values()) for name, used in self._used.items()}


def _below(pids: list[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            found += [root, *root.children(recursive=True)]
    return found
