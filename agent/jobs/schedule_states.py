"""Metric of the schedules: how many are active, and how many the cluster does not have."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from agent.jobs.cronjob_table import CronJobTable

STATES = ("active", "pending", "refused")


async def schedule_states(table: CronJobTable) -> Iterable[Metric]:
    """Count the schedules by their state, in both modes."""
    counts = await table.count_states()
    metric = GaugeMetricFamily("dsm_schedules", "Schedules by state", labels=["state"])
    for state in STATES:
        metric.add_metric([state], counts.get(state, 0))
    return [metric]
