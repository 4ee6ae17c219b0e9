"""The round robin, by itself and from sprint to sprint."""

from datetime import date

from domain_services.project.schema import PersonCapacity, ProjectEdit, PtoCreate
from domain_services.sprint.logic.assignment import assign
from domain_services.sprint.schema import SprintCreate
from tests.services.sprint.conftest import Town, eventually


def team(**working_days: int) -> list[PersonCapacity]:
    return [PersonCapacity(employee_id=i, working_days=days) for i, days in working_days.items()]


def test_tasks_are_assigned_round_robin_in_the_teams_order() -> None:
    assert assign([None] * 4, team(A=9, B=9, C=9), None) == (["A", "B", "C", "A"], "A")


def test_round_robin_continues_after_the_last_person() -> None:
    assert assign([None] * 2, team(A=9, B=9, C=9), "B") == (["C", "A"], "A")


def test_present_assignee_stays_and_uses_no_turn() -> None:
    assert assign([None, "X", None], team(A=9, B=9), None) == (["A", "X", "B"], "B")


def test_people_without_a_working_day_are_skipped() -> None:
    assert assign([None] * 3, team(A=9, B=0, C=1), None) == (["A", "C", "A"], "A")


def test_round_robin_continues_after_a_person_who_is_away() -> None:
    assert assign([None], team(A=9, B=0, C=9), "B") == (["C"], "C")


def test_round_robin_starts_anew_when_the_last_person_left_the_team() -> None:
    assert assign([None], team(A=9, B=9), "GONE") == (["A"], "A")


def test_tasks_stay_unassigned_when_nobody_works() -> None:
    assert assign([None, "X"], team(A=0), "A") == ([None, "X"], "A")
    assert assign([None], [], None) == ([None], None)


async def test_round_robin_continues_in_the_next_sprint_and_skips_absent_people(town: Town) -> None:
    await town.create_project("P1", "E1", "E2", "E3")
    away = PtoCreate(start_date=date(2025, 3, 1), end_date=date(2025, 4, 30), reason="leave")
    await town.project.add_pto("P1", "E2", away)
    ids = await town.plan("P1", 5)
    first = await town.sprint.create_sprint("P1", SprintCreate(task_ids=ids[:3]))
    assert [task.assigned_to for task in first.tasks] == ["E1", "E3", "E1"]
    await town.sprint.close_sprint(first.sprint_id)
    second = await town.sprint.create_sprint("P1", SprintCreate(task_ids=ids[3:]))
    assert [task.assigned_to for task in second.tasks] == ["E3", "E1"]


async def test_assignee_from_the_backlog_stays(town: Town) -> None:
    await town.create_project("P1", "E1", "E2")
    await town.plan("P1", 2, assigned_to="E2")
    created = await town.sprint.create_sprint("P1", SprintCreate())
    assert [task.assigned_to for task in created.tasks] == ["E2", "E2"]


async def test_project_that_leaves_unowned_tasks_deals_none_out(town: Town) -> None:
    await town.create_project("P1", "E1", "E2", assign_unowned=False)
    owned = await town.plan("P1", 1, assigned_to="E2")
    unowned = await town.plan("P1", 2)
    first = await town.sprint.create_sprint("P1", SprintCreate())
    owners = {task.task_id: task.assigned_to for task in first.tasks}
    assert owners == {owned[0]: "E2", unowned[0]: None, unowned[1]: None}
    await town.sprint.close_sprint(first.sprint_id)
    await town.project.edit_project("P1", ProjectEdit(assign_unowned=True))
    second = await town.sprint.create_sprint("P1", SprintCreate())
    owners = {task.task_id: task.assigned_to for task in second.tasks}
    assert owners == {owned[0]: "E2", unowned[0]: "E1", unowned[1]: "E2"}


async def test_project_without_a_team_assigns_nobody(town: Town) -> None:
    await town.create_project("P1")
    await town.plan("P1", 2)
    created = await town.sprint.create_sprint("P1", SprintCreate())
    assert [task.assigned_to for task in created.tasks] == [None, None]

    async def confirmed() -> bool:
        return await town.rows("SELECT 1 FROM outbox WHERE closed_at IS NULL") == []

    await eventually(confirmed)
    assert {task.assigned_to for task in (await town.backlog_of("P1")).values()} == {None}
