"""The operators' page names every metric, and only metrics that exist."""

import re
from pathlib import Path

from tests.house.pages import tracked

PAGE = "docs/operate/metrics.md"
DEFINITION = re.compile(r'(?:Counter|Gauge|Histogram|MetricFamily)\(\s*f?"(dsm_[a-z_]+)')
ROW = re.compile(r"^\| `(dsm_[a-z_]+)` \|", re.MULTILINE)


def _without_suffix(name: str) -> str:
    """Drop the suffix that Prometheus adds to a counter."""
    return name.removesuffix("_total")


def _defined(repository: Path) -> set[str]:
    """Collect the metrics that the packages define; a name that is composed ends with `_`."""
    return {
        _without_suffix(name)
        for package in ("agent", "domain_services", "graphs", "memory")
        for file in tracked(repository, f"{package}/*.py")
        for name in DEFINITION.findall(file.read_text())
    }


def test_every_metric_is_on_the_operators_page(repository: Path) -> None:
    listed = {_without_suffix(name) for name in ROW.findall((repository / PAGE).read_text())}
    unlisted = {
        name
        for name in _defined(repository)
        if not any(row == name or (name.endswith("_") and row.startswith(name)) for row in listed)
    }
    assert unlisted == set()


def test_every_metric_on_the_operators_page_is_defined(repository: Path) -> None:
    defined = _defined(repository)
    composed = tuple(name for name in defined if name.endswith("_"))
    listed = {_without_suffix(name) for name in ROW.findall((repository / PAGE).read_text())}
    assert listed
    assert {row for row in listed if row not in defined and not row.startswith(composed)} == set()
