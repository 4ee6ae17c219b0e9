"""Metrics of the runs, and sentences about those that were given up, read when they are asked."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from memory.run_recovery import RunRecovery
from memory.runs import RunTable

SHOWN = 3  # of the runs that were given up


async def unfinished_runs(runs: RunTable) -> Iterable[Metric]:
    """Count the runs that are neither done, failed nor abandoned."""
    count, oldest_seconds = await runs.unfinished()
    return [
        GaugeMetricFamily("dsm_runs_unfinished", "Runs that have not ended", count),
        GaugeMetricFamily(
            "dsm_runs_oldest_seconds", "Age of the oldest, 0 without", oldest_seconds
        ),
    ]


async def given_up_runs(recovery: RunRecovery) -> list[str]:
    """Return sentences about projects whose last plan was not carried out to its end."""
    runs = await recovery.given_up(SHOWN)
    return [
        f"the run {run_id} of {project_id} was given up: {reason}; see dsm runs --status failed"
        for run_id, project_id, reason in runs
    ]
