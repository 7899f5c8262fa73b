"""docs/metrics.md lists every metric with its kind, labels and meaning."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from hookline.metrics import Metrics, SyncSourceMetrics
from workers.reporting import Reporting

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")
_NAME = re.compile(r"(?:hookline|dramatiq)_[a-z_]+")


def listed(registry: CollectorRegistry) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Type, labels and meaning of each metric, without those of the process, which are not ours."""
    found = {}
    for metric in registry.collect():
        # prometheus_client keeps no other list of the labels that a metric without samples has.
        collector = registry._names_to_collectors.get(metric.name)
        if isinstance(collector, MetricWrapperBase):
            name = f"{metric.name}_total" if metric.type == "counter" else metric.name
            found[name] = (metric.type, tuple(collector._labelnames), metric.documentation)
    return found


METRICS = (
    listed(Metrics().registry) | listed(SyncSourceMetrics().registry) | listed(Reporting().registry)
)


def test_every_metric_is_listed_and_no_other() -> None:
    wanted = [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {meaning} |"
        for name, (kind, labels, meaning) in METRICS.items()
    ]
    assert re.findall(r"^\| `(?:hookline|dramatiq)_.*\|$", PAGE, re.MULTILINE) == wanted


def test_names_follow_the_conventions_and_labels_are_chosen_by_hookline() -> None:
    ours = {"status", "reason", "outcome", "state", "fault", "queue_name", "actor_name"}
    for name, (kind, labels, _) in METRICS.items():
        assert _NAME.fullmatch(name)
        assert name.endswith("_total") == (kind == "counter")
        assert set(labels) <= ours
