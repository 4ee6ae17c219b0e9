"""Metrics of the runs, and sentences about those that were given up, read when they are asked."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from memory.proposals import Proposals
from memory.run_recovery import RunRecovery
from memory.runs import RunTable

MOST_COUNTED = 100  # of the runs that were given up


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
    """Count the projects whose last plan was not carried out to its end, in a sentence."""
    # Readiness needs no key, so that it names neither projects nor reasons.
    count = len(await recovery.given_up(MOST_COUNTED))
    if not count:
        return []
    runs = "1 run was" if count == 1 else f"{count} runs were"
    return [f"{runs} given up after deciding; list them: dsm runs --status failed"]


async def waiting_runs(proposals: Proposals) -> Iterable[Metric]:
    """Count the runs that wait for a person."""
    count, seconds = await proposals.count()
    return [
        GaugeMetricFamily("dsm_runs_waiting", "Runs that wait for a person", count),
        GaugeMetricFamily(
            "dsm_runs_waiting_expiry_seconds",
            "Time until the first of them expires, 0 without",
            seconds or 0,
        ),
    ]


async def runs_to_approve(proposals: Proposals) -> list[str]:
    """Say how many runs wait for a person, until when, and how they are answered."""
    # Readiness needs no key, so that it names neither projects nor plans.
    waiting = await proposals.first()
    if waiting is None:
        return []
    count, run_id, expires_at = waiting
    until = f"until {expires_at:%Y-%m-%d %H:%M} UTC"
    if count == 1:
        return [f"1 run waits for a person {until}: dsm approve {run_id}"]
    return [
        f"{count} runs wait for a person, the first {until}: dsm approve {run_id};"
        " list them: dsm runs --status waiting"
    ]
