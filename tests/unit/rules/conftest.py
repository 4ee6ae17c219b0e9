from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from graphs.rules.base import Facts, RequestOptions, SprintFact, TaskFact

BuildFacts = Callable[..., Facts]
BuildSprint = Callable[..., SprintFact]

OPTIONS = RequestOptions(
    create_sprint_if_needed=True,
    create_cronjob=True,
    schedule="0 14 * * 1-5",
    sprint_duration_weeks=2,
    max_tasks=None,
)
FACTS = Facts(
    project_id="APOLLO",
    today=date(2016, 6, 6),
    backlog_tasks=20,
    unassigned_tasks=17,
    plannable=tuple(TaskFact(f"APOLLO-TASK{n:03}", 1) for n in range(1, 18)),
    team_size=5,
    working_days=10,
    team_working_days=48,
    days_off=(),
    active_sprint=None,
    orphaned_cronjobs=(),
    options=OPTIONS,
    pace_tasks=10,
    pace_reason="10 tasks are as likely reached as not.",
)
SPRINT = SprintFact(
    sprint_id="APOLLO-S01",
    end_date=date(2016, 6, 6),
    total_tasks=8,
    pending_tasks=1,
    cronjob="run-dailyscrum-apollo-s01",
)


@pytest.fixture
def facts() -> BuildFacts:
    """Build facts of a project that may start a sprint; `options={...}` changes its options."""

    def build(options: dict[str, Any] | None = None, **changes: Any) -> Facts:
        if "unassigned" in changes:
            tasks = changes.pop("unassigned")
            changes |= {"plannable": tasks, "unassigned_tasks": len(tasks)}
        return replace(FACTS, options=replace(OPTIONS, **(options or {})), **changes)

    return build


@pytest.fixture
def sprint() -> BuildSprint:
    """Build a sprint on its last day, one task pending, with its CronJob."""

    def build(**changes: Any) -> SprintFact:
        return replace(SPRINT, **changes)

    return build
