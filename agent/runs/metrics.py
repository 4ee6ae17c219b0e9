"""Metrics of the runs, read from their table when Prometheus asks."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from memory.runs import RunTable


async def unfinished_runs(runs: RunTable) -> Iterable[Metric]:
    """Count the runs that are neither done, failed nor abandoned."""
    count, oldest_seconds = await runs.unfinished()
    return [
        GaugeMetricFamily("dsm_runs_unfinished", "Runs that have not ended", count),
        GaugeMetricFamily(
            "dsm_runs_oldest_seconds", "Age of the oldest, 0 without", oldest_seconds
        ),
    ]
