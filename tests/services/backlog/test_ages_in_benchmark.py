"""Fortnights that the benchmark rebuilds from dates, against the backlog's own counts."""

from benchmarks.decision_quality.fortnights import fortnights
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.planning_schema import PastTask, PastTasksUpdate
from tests.unit.decision_quality.conftest import dated_tasks


async def test_the_benchmark_counts_windows_as_the_backlog_does(backlog: BacklogClient) -> None:
    tasks = dated_tasks(300)
    past = [
        PastTask(external_key=f"T{task.number}", created_on=task.created, finished_on=task.finished)
        for task in tasks
    ]
    await backlog.put_past_tasks("P1", PastTasksUpdate(tasks=past))
    ages = fortnights("P1", tasks)[-1].ages
    counted = await backlog.count_ages("P1", ages.day, days=ages.days, windows=76)
    assert counted.windows[-len(ages.windows) :] == ages.windows
    # The backlog counts from one window earlier on, which ends with the first creation.
    assert all(not any(window.open) for window in counted.windows[: -len(ages.windows)])
