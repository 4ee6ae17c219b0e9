"""Tasks of a project's rows, brought into a backlog and a sprint that are held in memory."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.importing.loading import task_sync
from agent.importing.loading.existing_history import Existing
from agent.importing.loading.task_sync import TaskChanges, TaskSync
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind, Task, TrackerSprint
from domain_services.backlog import schema as backlog
from domain_services.kernel.client.http_client import PeerRefused
from tests.unit.importing.team_in_memory import DAY, OLD, SPRINT_ID, Team, rows_of, task

SPRINT = cast(Any, SimpleNamespace(sprint_id=SPRINT_ID, start_date=date(2024, 3, 11)))


def existing(*, running: bool = False) -> Existing:
    return cast(Existing, SimpleNamespace(running=SPRINT if running else None))


async def sync_of(team: Team, *tasks: Task, running: bool = False) -> TaskSync:
    sync = TaskSync(team.services, rows_of(*tasks))
    await sync.read(existing(running=running))
    return sync


async def imported(*tasks: Task, day: date = OLD) -> Team:
    """Return a team whose backlog has the open ones of some tasks."""
    team = Team()
    await (await sync_of(team, *tasks)).create(day, None)
    return team


async def test_tasks_are_created_up_to_the_day_in_the_order_of_their_creation() -> None:
    team = Team()
    late, next_day = task(1, created=DAY), task(2, created=DAY + timedelta(days=1))
    sync = await sync_of(team, late, next_day, task(4), task(3))
    await sync.create(DAY, None)
    assert team.batches == [["P-3", "P-4", "P-1"]]
    assert sync.changes.created == 3
    # A second time there is nothing to do, as in a later import.
    await sync.create(DAY, None)
    again = await sync_of(team, late, task(4), task(3))
    await again.create(DAY, None)
    assert (len(team.batches), again.changes.created) == (1, 0)


async def test_finished_tasks_are_created_only_within_the_sprints_decided_here() -> None:
    team = Team()
    days = [date(2024, 3, day) for day in (4, 5, 12, 13)]
    unknown = task(9, state=State.DONE)
    sync = await sync_of(team, unknown, *(task(day.day, finished=day) for day in days))
    await sync.create(DAY, None)
    assert team.batches == []
    await sync.create(DAY, (days[1], days[2]))
    assert team.batches == [["P-12", "P-5"]]


async def test_many_tasks_are_created_in_requests_of_the_allowed_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backlog, "MAX_TASKS_PER_REQUEST", 2)
    team = await imported(*(task(number) for number in range(1, 6)))
    assert list(map(len, team.batches)) == [2, 2, 1]


async def test_task_without_a_key_of_the_tracker_is_no_row() -> None:
    team = await imported(task(1))
    team.add("P", backlog.TaskCreate(title="Made here"), external_key=None)
    sync = await sync_of(team, task(1, finished=DAY))
    await sync.finish(DAY)
    assert sync.changes.completed == 1


async def test_tasks_are_completed_on_their_own_days() -> None:
    team = await imported(*(task(number) for number in range(1, 5)))
    days = {1: DAY, 2: date(2024, 3, 5), 3: DAY + timedelta(days=1)}
    unknown = task(9, finished=DAY)
    rows = [*(task(n, finished=day) for n, day in days.items()), task(4), unknown]
    sync = await sync_of(team, *rows)
    await sync.finish(DAY)
    await sync.finish(DAY)
    assert sync.changes.completed == 2
    assert [team.of(f"P-{n}").status for n in range(1, 5)] == [
        *("completed", "completed", "unassigned", "unassigned")
    ]
    assert [team.finished_on[key] for key in team.updates] == [days[2], days[1]]


async def test_task_of_the_running_sprint_is_reported_once_and_never_before_its_start() -> None:
    team = await imported(task(1), task(2), task(3))
    early, late, known = (team.put_in_sprint(f"P-{n}") for n in (1, 2, 3))
    team.sprint_tasks[known] = "completed"
    team.tasks[known] = team.tasks[known].model_copy(update={"status": "completed"})
    rows = [task(1, finished=date(2024, 3, 5)), task(2, finished=DAY), task(3, finished=DAY)]
    sync = await sync_of(team, *rows, running=True)
    await sync.finish(DAY)
    await sync.finish(DAY)
    reports = [(key, report.progress_percentage, report.day) for key, report in team.reports]
    assert reports == [(early, 100, SPRINT.start_date), (late, 100, DAY)]
    assert (sync.changes.reported, sync.changes.completed, team.updates) == (2, 0, [])


async def test_closed_tasks_without_a_finish_and_what_is_no_work_are_closed() -> None:
    numbers = range(1, 8)
    team = await imported(*(task(number) for number in numbers))
    sprint_task = team.put_in_sprint("P-6")
    rows = [
        task(1),
        task(2, state=State.DONE),
        task(3, state=State.DROPPED, dropped=DAY),
        task(4, state=State.DROPPED, dropped=DAY + timedelta(days=1)),
        task(5, kind=Kind.CONTAINER),
        task(6, state=State.DROPPED, dropped=DAY),
        task(7, finished=DAY),
        task(8, state=State.DONE),
    ]
    sync = await sync_of(team, *rows, running=True)
    await sync.close_others(DAY)
    await sync.close_others(DAY)
    closed = [key for key in numbers if team.of(f"P-{key}").status == "completed"]
    assert (closed, sync.changes.closed, len(team.updates)) == ([2, 3, 5], 3, 3)
    assert sprint_task not in team.updates


async def test_open_tasks_say_whether_their_work_has_begun_and_in_which_sprint() -> None:
    running = TrackerSprint("P", "Sprint 7", date(2024, 3, 11), date(2024, 3, 24), state="active")
    team = await imported(*(task(number) for number in range(1, 5)))
    rows = rows_of(
        task(1, started=date(2024, 3, 12), state=State.DOING, sprints=("Sprint 7",)),
        task(2),
        task(3, finished=DAY, sprints=("Sprint 7",)),
        task(4, state=State.DOING),
        task(5, state=State.DOING),
        sprints=[running],
    )
    completed = team.of("P-4").task_id
    team.tasks[completed] = team.of("P-4").model_copy(update={"status": "completed"})
    sync = TaskSync(team.services, rows)
    await sync.read(existing())
    await sync.mark_work(DAY)
    await sync.mark_work(DAY)
    begun = team.of("P-1")
    assert (begun.begun, begun.started_on, begun.source_sprint) == (
        *(True, date(2024, 3, 12)),
        "Sprint 7",
    )
    assert (team.updates, sync.changes.marked) == ([begun.task_id], 1)


async def follow(team: Team, row: Task, old: Task | None, *, running: bool = False) -> TaskSync:
    sync = await sync_of(team, row, running=running)
    await sync.follow_rows(rows_of(old) if old else None, DAY)
    return sync


@pytest.mark.parametrize(
    ("change", "values"),
    [
        ({"title": "New"}, {"title": "New"}),
        ({"priority": "High", "priority_level": 2}, {"priority": 2}),
        ({"type": "Bug"}, {"type": "Bug"}),
        ({"labels": ("ui",)}, {"labels": ["ui"]}),
        ({"estimate": 5.0}, {"estimate": 5.0}),
        ({"assignee": "Ann Reed"}, {"assigned_to": "Ann.Reed"}),
    ],
)
async def test_what_a_later_export_has_changed_is_followed(
    change: dict[str, Any], values: dict[str, Any]
) -> None:
    old = task(1)
    team, row = await imported(old), replace(old, **change)
    sync = await follow(team, row, old)
    assert {name: getattr(team.of("P-1"), name) for name in values} == values
    assert sync.changes.updated == 1


async def test_parts_of_a_later_export_are_written_into_its_description() -> None:
    team = await imported(task(1))
    part = task(9, title="Step", kind=Kind.PART, parent="P-1")
    sync = await sync_of(team, task(1), part)
    await sync.follow_rows(rows_of(task(1)), DAY)
    assert (team.of("P-1").description, sync.changes.updated) == ("Parts:\n- P-9: Step", 1)
    await sync.follow_rows(rows_of(task(1)), DAY)
    assert sync.changes.updated == 1


async def test_value_that_the_export_left_alone_stays_as_it_is_here() -> None:
    old = task(1, assignee="Ann Reed")
    team = await imported(old)
    own = {"title": "Ours", "assigned_to": None, "estimate": 8.0, "description": "Ours"}
    task_id = team.of("P-1").task_id
    team.tasks[task_id] = team.of("P-1").model_copy(update=own)
    assert (await follow(team, replace(old, type="Bug"), old)).changes.updated == 1
    assert {name: getattr(team.of("P-1"), name) for name in own} == own
    assert team.of("P-1").type == "Bug"
    # A row as it was, and one that the import before did not know, change nothing.
    assert (await follow(team, old, old)).changes.updated == 0
    assert (await follow(team, old, task(2))).changes.updated == 0
    # The export has changed what was changed here in the same way.
    renamed = replace(old, title="Ours")
    assert (await follow(team, renamed, replace(old, type="Bug"))).changes.updated == 1
    assert (await follow(team, renamed, old)).changes.updated == 0
    # Without earlier rows every difference counts, but of the parts.
    assert (await follow(team, old, None)).changes.updated == 1
    now = team.of("P-1")
    assert (now.title, now.assigned_to, now.estimate, now.description) == (
        *("Old", "Ann.Reed"),
        *(None, "Ours"),
    )


async def test_reopened_task_is_open_again() -> None:
    next_day = DAY + timedelta(days=1)
    done, again = task(1, finished=date(2024, 3, 5)), task(1, finished=next_day)
    team = await imported(task(1))
    await (await sync_of(team, done)).finish(DAY)
    task_id = team.of("P-1").task_id
    team.tasks[task_id] = team.of("P-1").model_copy(update={"progress_percentage": 100})
    sync = await follow(team, again, done)
    assert (team.of("P-1").status, team.of("P-1").progress_percentage) == ("unassigned", 0)
    assert (sync.changes.reopened, sync.changes.updated) == (1, 0)
    # Open already: nothing to open again.
    assert (await follow(team, again, done)).changes.reopened == 0
    # It can be finished once more.
    await sync.finish(next_day)
    assert (team.of("P-1").status, team.finished_on[task_id]) == ("completed", next_day)


async def test_task_that_the_export_has_not_reopened_stays_completed() -> None:
    done = task(1, finished=date(2024, 3, 5))
    team = await imported(task(1))
    await (await sync_of(team, done)).finish(DAY)
    later = task(1, finished=date(2024, 3, 6))
    assert (await follow(team, later, done)).changes.reopened == 0
    # Completed here: the tracker has it open, as it was.
    assert (await follow(team, task(1, status="Doing"), task(1))).changes.reopened == 0
    assert team.of("P-1").status == "completed"


async def test_reopened_task_of_the_running_sprint_is_reported_as_in_progress() -> None:
    next_day = DAY + timedelta(days=1)
    done, again = task(1, finished=date(2024, 3, 12)), task(1, finished=next_day)
    team = await imported(task(1))
    task_id = team.put_in_sprint("P-1", "completed")
    sync = await follow(team, again, done, running=True)
    ((reported, report),) = team.reports
    assert (reported, report.progress_percentage, report.status) == (task_id, 0, "in_progress")
    assert (sync.changes.reopened, team.updates) == (1, [])
    # Open in the sprint already: nothing is reported.
    team.sprint_tasks[task_id] = "in_progress"
    assert (await follow(team, again, done, running=True)).changes.reopened == 0
    assert len(team.reports) == 1
    # It can be finished once more.
    await sync.finish(next_day)
    assert team.reports[-1][1].progress_percentage == 100


async def test_task_of_the_running_sprint_waits_with_its_changes_until_the_sprint_ends() -> None:
    old, row = task(1), task(1, title="New", assignee="Ann Reed", priority_level=1)
    team = await imported(old, task(2))
    task_id = team.put_in_sprint("P-1")
    sync = await sync_of(team, row, task(2, title="New"), running=True)
    await sync.follow_rows(rows_of(old, task(2)), DAY)
    assert (sync.changes.waiting, team.of("P-1").title) == (("P-1",), "Old")
    assert (team.of("P-2").title, sync.changes.updated) == ("New", 1)
    # The next import sees the change again.
    assert sync.rows_done().tasks == (old, task(2, title="New"))
    team.tasks[task_id] = team.of("P-1").model_copy(update={"sprint_id": None})
    await sync.follow_released(existing(), DAY)
    assert (sync.changes.waiting, sync.deferred, sync.changes.updated) == ((), {}, 2)
    assert (team.of("P-1").title, team.members) == ("New", ["Ann.Reed"])
    assert sync.rows_done().tasks == (row, task(2, title="New"))


async def test_task_of_the_running_sprint_without_a_change_does_not_wait() -> None:
    old = task(1)
    team = await imported(old)
    team.put_in_sprint("P-1")
    sync = await follow(team, replace(old, status="Doing"), old, running=True)
    assert (sync.changes.waiting, sync.deferred) == ((), {})


async def test_row_that_is_not_in_the_backlog_changes_nothing() -> None:
    assert (await follow(Team(), task(1, title="New"), task(1))).changes == TaskChanges()


async def test_waiting_task_that_no_import_knew_has_no_earlier_values() -> None:
    team = await imported(task(1))
    team.put_in_sprint("P-1")
    row = task(1, title="New", estimate=3.0, created=DAY)
    sync = await follow(team, row, None, running=True)
    (row_done,) = sync.rows_done().tasks
    assert (row_done.title, row_done.estimate, row_done.created, row_done.project) == (
        None,
        None,
        DAY,
        "P",
    )


async def test_task_of_another_sprint_does_not_wait() -> None:
    old = task(1)
    team = await imported(old)
    task_id = team.of("P-1").task_id
    team.tasks[task_id] = team.of("P-1").model_copy(update={"sprint_id": "P-S00"})
    sync = await follow(team, task(1, title="New"), old, running=True)
    assert (sync.changes.waiting, team.of("P-1").title) == ((), "New")


async def test_everybody_on_an_open_task_joins_the_team_once() -> None:
    team = Team(employees={"Ann.Reed"}, members=["Ben.Cole"])
    team.employees.add("Ben.Cole")
    rows = [task(1, assignee="Ann Reed", others=("Eva Lund",)), task(2, assignee="Ben Cole")]
    sync = await sync_of(team, *rows)
    await sync.create(DAY, None)
    assert (team.members, sync.changes.members) == (["Ben.Cole", "Ann.Reed", "Eva.Lund"], 2)


async def test_new_people_of_an_older_task_join_while_it_is_open() -> None:
    old = task(1, assignee="Ann Reed")
    team = await imported(old)
    assert team.members == ["Ann.Reed"]
    sync = await follow(team, replace(old, others=("Eva Lund",)), old)
    assert (team.members, sync.changes.updated) == (["Ann.Reed", "Eva.Lund"], 0)
    await follow(team, replace(old, others=("Kim Berg",)), None)
    assert team.members == ["Ann.Reed", "Eva.Lund", "Kim.Berg"]
    closed = replace(old, finished=OLD)
    await follow(team, replace(closed, others=("Tom Park",)), closed)
    assert "Tom.Park" not in team.members
    # An owner is on the team, whatever became of the task.
    await follow(team, replace(closed, assignee="Tom Park"), closed)
    assert team.members[-1] == "Tom.Park"


async def test_large_team_is_assigned_in_requests_of_the_allowed_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_sync, "MAX_ASSIGNED", 2)
    team = await imported(*(task(number, assignee=f"Person {number}") for number in range(1, 6)))
    assert len(team.members) == 5


async def test_refusal_passes_when_the_closed_sprint_releases_its_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(task_sync, "asyncio", SimpleNamespace(sleep=wait))
    team = await imported(task(1))
    team.refusals = [422, 422]
    await (await sync_of(team, task(1, finished=DAY))).finish(DAY)
    assert (team.of("P-1").status, waits) == ("completed", [task_sync.RELEASE_SECONDS] * 2)


@pytest.mark.parametrize("statuses", [[409], [422] * 3])
async def test_refusal_that_does_not_pass_is_raised(
    monkeypatch: pytest.MonkeyPatch, statuses: list[int]
) -> None:
    monkeypatch.setattr(task_sync, "RELEASE_SECONDS", 0)
    monkeypatch.setattr(task_sync, "RELEASE_TRIES", 3)
    team = await imported(task(1))
    team.refusals = [*statuses]
    sync = await sync_of(team, task(1, finished=DAY))
    with pytest.raises(PeerRefused):
        await sync.finish(DAY)
    assert team.refusals == []


@pytest.mark.parametrize("is_read_again", [True, False])
async def test_tasks_of_a_sprint_that_was_left_are_changed_in_the_backlog(
    is_read_again: bool,
) -> None:
    team = await imported(task(1))
    team.put_in_sprint("P-1")
    sync = await sync_of(team, task(1, finished=DAY), running=True)
    if is_read_again:
        await sync.read(existing())
    else:
        sync.leave_sprint()
    await sync.finish(DAY)
    assert (team.reports, sync.changes.completed) == ([], 1)


def test_changes_of_two_steps_are_added() -> None:
    changes = TaskChanges(1, 2, 3, 4, 5, 6, 7, 8, ("P-1",))
    both = changes + TaskChanges(10, 20, 30, 40, 50, 60, 70, 80, ("P-2",))
    assert both == TaskChanges(11, 22, 33, 44, 55, 66, 77, 88, ("P-1", "P-2"))
