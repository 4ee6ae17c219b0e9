"""Requests of an import and their order, against services that only record them."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.existing_history import check_existing
from agent.importing.history_windows import split_history
from agent.importing.load import load
from agent.importing.plan import Plan, prepare
from agent.importing.services import Services
from agent.importing.tasks import Task
from domain_services.chronicle.schema import SprintRetrospective
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Assignment

DAY = date(2016, 6, 6)
START = DAY - timedelta(20)


def plan(tasks: list[Task], days: int = 14) -> Plan:
    return prepare(split_history(tasks, DAY, days)["P"], DAY)


def retrospectives_of(project_plan: Plan) -> list[SprintRetrospective]:
    """Return the plan's sprints as the chronicle answers them."""
    return [
        SprintRetrospective.model_validate(
            note.model_dump()
            | {
                "retrospective_id": "00000000-0000-0000-0000-000000000001",
                "completed_tasks": len(note.tasks_summary),
                "total_tasks": None,
                "created_at": "2016-06-06T00:00:00Z",
            }
        )
        for note in project_plan.retrospectives
    ]


class RecordingClient:
    """Client that gives the configured answers, or an empty list, and records its calls."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*arguments: Any, **_: Any) -> Any:
            self.calls.append((name, arguments))
            return self.answers.get(name, lambda *_: [])(*arguments)

        return call


def existing_project(_: str) -> SimpleNamespace:
    return SimpleNamespace(as_of=DAY)


def assigned(_: str, body: Assignment) -> SimpleNamespace:
    return SimpleNamespace(newly_assigned=body.employee_ids)


def services(chronicle: RecordingClient, **project: Callable[..., Any]) -> Any:
    answers: dict[str, Callable[..., Any]] = {"get_project": existing_project}
    return SimpleNamespace(
        project=RecordingClient(**answers | project),
        backlog=RecordingClient(),
        sprint=RecordingClient(),
        chronicle=chronicle,
        orchestrator=RecordingClient(),
    )


def chronicle_with(project_plan: Plan) -> RecordingClient:
    return RecordingClient(list_sprint_retrospectives=lambda *_: retrospectives_of(project_plan))


ROWS = [Task("1", "P", START, START + timedelta(9), title="one"), Task("2", "P", START)]


async def test_same_history_and_new_project_are_accepted() -> None:
    project_plan = plan(ROWS)
    await check_existing(cast(Services, services(chronicle_with(project_plan))), project_plan)

    def missing(*_: object) -> None:
        raise PeerRefused("peer", 404, {})

    await check_existing(
        cast(Services, services(RecordingClient(list_sprint_retrospectives=missing))), project_plan
    )
    await check_existing(
        cast(Services, services(RecordingClient(), get_project=missing)), project_plan
    )


@pytest.mark.parametrize(
    ("rows", "days", "words"),
    [
        (ROWS, 7, r"sprints of 14 days, not of 7 \(--cadence\)"),
        ([*ROWS, Task("3", "P", DAY - timedelta(3))], 14, "P-S01 .*1 tasks created in it inst"),
        (
            [Task("1", "P", START, START + timedelta(9), title="other"), ROWS[1]],
            14,
            "P-S01 .*: 1 finished tasks have another title or assignee",
        ),
        ([Task("1", "P", START), ROWS[1]], 14, None),
        (
            [*ROWS, Task("0", "P", START - timedelta(20), START - timedelta(9))],
            14,
            "is recorded as",
        ),
        (
            [*ROWS, Task("3", "P", START, START + timedelta(9))],
            14,
            "P-S01 .*: 1 finished tasks are new, 3 open tasks at its start instead of 2",
        ),
    ],
)
async def test_changed_history_is_refused_with_the_difference(
    rows: list[Task], days: int, words: str | None
) -> None:
    existing = services(chronicle_with(plan(ROWS)))
    if words is None:
        # Without a finished task there is no sprint to differ.
        await check_existing(cast(Services, existing), plan(rows, days))
        return
    with pytest.raises(CsvRefused, match=f"{words}.*nothing was changed"):
        await check_existing(cast(Services, existing), plan(rows, days))


async def test_sprint_closed_here_is_not_mistaken_for_an_imported_one() -> None:
    project_plan = plan(ROWS)
    closed = [
        note.model_copy(update={"origin": "sprint_service", "end_date": DAY})
        for note in retrospectives_of(project_plan)
    ]
    existing = services(RecordingClient(list_sprint_retrospectives=lambda *_: closed))
    with pytest.raises(CsvRefused, match=r"P-S01 .* closed here, not imported"):
        await check_existing(cast(Services, existing), project_plan)


async def test_large_team_is_assigned_in_several_requests() -> None:
    rows = [Task(f"{n}", "P", START, assignee=f"person{n}") for n in range(1001)]
    existing = services(RecordingClient(), assign_team_members=assigned)
    result = await load(cast(Services, existing), plan(rows), lambda _: None)
    parts = [call[1][1] for call in existing.project.calls if call[0] == "assign_team_members"]
    assert [len(part.employee_ids) for part in parts] == [500, 500, 1]
    assert (result.members, result.tasks) == (1001, 1001)
    assert [len(call[1][1].tasks) for call in existing.backlog.calls[1:]] == [500, 500, 1]
