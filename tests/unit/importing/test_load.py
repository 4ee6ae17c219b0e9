"""What is asked of the services in which order, with services that only remember it."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.history_windows import cut
from agent.importing.load import Services, check, load
from agent.importing.plan import Plan, prepare
from agent.importing.tasks import Task
from domain_services.chronicle.schema import SprintRetrospective
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Assignment

DAY = date(2016, 6, 6)
START = DAY - timedelta(20)


def plan(tasks: list[Task], days: int = 14) -> Plan:
    return prepare(cut(tasks, DAY, days)["P"], DAY)


def recorded(made: Plan) -> list[SprintRetrospective]:
    """The plan's sprints as the chronicle gives them back."""
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
        for note in made.retrospectives
    ]


class Fake:
    """A client: answers as told, or with an empty list, and remembers what it was asked."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*given: Any, **_: Any) -> Any:
            self.calls.append((name, given))
            return self.answers.get(name, lambda *_: [])(*given)

        return call


def known_project(_: str) -> SimpleNamespace:
    return SimpleNamespace(as_of=DAY)


def assigned(_: str, body: Assignment) -> SimpleNamespace:
    return SimpleNamespace(newly_assigned=body.employee_ids)


def services(chronicle: Fake, **project: Callable[..., Any]) -> Any:
    known: dict[str, Callable[..., Any]] = {"get_project": known_project}
    return SimpleNamespace(
        project=Fake(**known | project),
        backlog=Fake(),
        sprint=Fake(),
        chronicle=chronicle,
        orchestrator=Fake(),
    )


def chronicle_with(made: Plan) -> Fake:
    return Fake(list_sprint_retrospectives=lambda *_: recorded(made))


ROWS = [Task("1", "P", START, START + timedelta(9), title="one"), Task("2", "P", START)]


async def test_same_history_and_a_new_project_pass_the_check() -> None:
    made = plan(ROWS)
    await check(cast(Services, services(chronicle_with(made))), made)

    def missing(*_: object) -> None:
        raise PeerRefused("peer", 404, {})

    await check(cast(Services, services(Fake(list_sprint_retrospectives=missing))), made)
    await check(cast(Services, services(Fake(), get_project=missing)), made)


@pytest.mark.parametrize(
    ("rows", "days", "words"),
    [
        (ROWS, 7, r"sprints of 14 days, not of 7 \(--cadence\)"),
        ([*ROWS, Task("3", "P", DAY - timedelta(3))], 14, "P-S02 .*1 tasks created in it inst"),
        (
            [Task("1", "P", START, START + timedelta(9), title="other"), ROWS[1]],
            14,
            "P-S02 .*: 1 finished tasks have another title or assignee",
        ),
        ([Task("1", "P", START), ROWS[1]], 14, None),
        ([*ROWS, Task("0", "P", START - timedelta(20))], 14, "is recorded as 2016-05-09 to"),
        (
            [*ROWS, Task("3", "P", START, START + timedelta(9))],
            14,
            "P-S02 .*: 1 finished tasks are new, 3 open tasks at its start instead of 2",
        ),
    ],
)
async def test_history_that_would_change_is_refused_with_what_differs(
    rows: list[Task], days: int, words: str | None
) -> None:
    there = services(chronicle_with(plan(ROWS)))
    if words is None:
        # Without a finished task there is no sprint to differ.
        await check(cast(Services, there), plan(rows, days))
        return
    with pytest.raises(CsvRefused, match=f"{words}.*nothing was changed"):
        await check(cast(Services, there), plan(rows, days))


async def test_sprint_that_was_closed_here_is_not_taken_for_an_imported_one() -> None:
    made = plan(ROWS)
    closed = [
        note.model_copy(update={"origin": "sprint_service", "end_date": DAY})
        for note in recorded(made)
    ]
    there = services(Fake(list_sprint_retrospectives=lambda *_: closed))
    with pytest.raises(CsvRefused, match=r"P-S01 .* closed here, not imported"):
        await check(cast(Services, there), made)


async def test_large_team_is_assigned_in_several_requests() -> None:
    rows = [Task(f"{n}", "P", START, assignee=f"person{n}") for n in range(1001)]
    there = services(Fake(), assign_team_members=assigned)
    loaded = await load(cast(Services, there), plan(rows), lambda _: None)
    parts = [call[1][1] for call in there.project.calls if call[0] == "assign_team_members"]
    assert [len(part.employee_ids) for part in parts] == [500, 500, 1]
    assert (loaded.members, loaded.tasks) == (1001, 1001)
    assert [len(call[1][1].tasks) for call in there.backlog.calls[1:]] == [500, 500, 1]
