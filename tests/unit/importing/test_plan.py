"""Plans of an import stay within the limits of the services, before any request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.history.history_windows import split_history
from agent.importing.loading.batches import MAX_BATCH_BYTES, batches, byte_size
from agent.importing.loading.plan import MAX_SPRINT_BYTES, Plan, check, prepare, retrospective
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Task
from domain_services.backlog.schema import TaskCreate, TasksCreate
from domain_services.chronicle.schema import (
    MAX_TASKS,
    SprintRetrospectiveBulk,
    SprintRetrospectiveCreate,
)

Recognise = Callable[..., Recognition]

DAY = date(2016, 6, 6)
BODY_BYTES = 1_048_576  # what a service takes
HEAD = "id,project,created,finished"


def finished(number: int, title: str | None = None, days: int = 1, width: int = 0) -> Task:
    day = DAY - timedelta(days)
    return Task(f"{number:0{width}}", "P", day, day, title=title)


def plan(tasks: list[Task], days: int = 14) -> Plan:
    return prepare(split_history(tasks, DAY, days)["P"], DAY)


def retrospectives(plan: Plan) -> list[SprintRetrospectiveCreate]:
    return [retrospective("P", sprint) for sprint in plan.history.sprints]


def test_requests_stay_below_the_body_limit_of_a_service() -> None:
    project_plan = plan([finished(n, "é" * 300, n % 300 + 1) for n in range(6000)])
    notes = retrospectives(project_plan)
    request_batches = list(batches(notes, 50))
    assert [note for batch in request_batches for note in batch] == notes
    assert (
        max(byte_size(SprintRetrospectiveBulk(notes=batch)) for batch in request_batches)
        < BODY_BYTES
    )


def test_batches_are_limited_by_count_and_by_bytes() -> None:
    tasks = [TaskCreate(title="x" * 300) for _ in range(7)]
    assert [len(batch) for batch in batches(tasks, 3)] == [3, 3, 1]
    two = 2 * (byte_size(tasks[0]) + 1)
    assert [len(batch) for batch in batches(tasks, 500, two)] == [2, 2, 2, 1]
    assert [len(batch) for batch in batches(tasks, 500, 10)] == [1] * 7
    none: list[TaskCreate] = []
    assert list(batches(none, 3)) == []
    many = [TaskCreate(title="é" * 300, labels=["é" * 100] * 50) for _ in range(500)]
    for batch in batches(many, 500):
        assert byte_size(TasksCreate(tasks=batch)) < MAX_BATCH_BYTES + 100


def test_sprint_with_too_many_finished_tasks_is_refused() -> None:
    most = retrospectives(plan([finished(n) for n in range(MAX_TASKS)]))
    assert len(most[0].tasks_summary) == MAX_TASKS
    with pytest.raises(CsvRefused, match=r"P-S01 .*2,001 finished tasks, at most 2,000 .*cadence"):
        plan([finished(n) for n in range(MAX_TASKS + 1)])


@pytest.mark.parametrize("unfinished", [MAX_TASKS - 3, MAX_TASKS - 2])
def test_sprint_with_too_many_unfinished_tasks_keeps_their_count(unfinished: int) -> None:
    parked = tuple(Task(f"open {n}", "P", DAY, None) for n in range(unfinished))
    (sprint,) = plan([finished(n) for n in range(3)]).history.sprints
    note = retrospective("P", replace(sprint, unfinished=parked))
    assert len(note.tasks_summary) == (MAX_TASKS if unfinished == MAX_TASKS - 3 else 3)


def test_sprint_too_large_for_a_request_is_sent_without_titles() -> None:
    (note,) = retrospectives(plan([finished(n, "\u6f22" * 300) for n in range(MAX_TASKS)]))
    assert len(note.tasks_summary) == MAX_TASKS
    assert note.tasks_summary[0].description == note.tasks_summary[0].task_id
    assert byte_size(note) <= MAX_SPRINT_BYTES


def test_sprint_too_large_even_without_titles_is_refused() -> None:
    long = [Task(f"{n:04}" + "\u6f22" * 96, "P", DAY, DAY) for n in range(MAX_TASKS)]
    with pytest.raises(CsvRefused, match="2,000 finished tasks, which are more than"):
        prepare(split_history(long, DAY + timedelta(1), 14)["P"], DAY + timedelta(1))
    with pytest.raises(CsvRefused, match="2,000 finished tasks, which are more than"):
        check(split_history(long, DAY + timedelta(1), 14)["P"], DAY + timedelta(1))


def test_invalid_document_is_refused_with_its_field() -> None:
    with pytest.raises(CsvRefused, match=r"Project P cannot be imported: .*start_date"):
        old = date(1970, 1, 1)
        prepare(
            split_history([Task("1", "P", old, old)], old + timedelta(1), 14)["P"],
            old + timedelta(1),
        )


def test_people_with_different_names_are_different_team_members() -> None:
    names = ["Anna Müller", "Anna Möller", "王伟", "李娜", "-", "\u200b", None]
    tasks = [Task(str(n), "P", DAY, None, assignee=name) for n, name in enumerate(names)]
    project_plan = plan(tasks)
    assert {person.name for person in project_plan.people} == set(names[:4])
    owners = [task.assigned_to for task in project_plan.tasks()]
    assert len(set(owners)) == 5
    assert owners[4:] == [None] * 3


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("type", "t" * 101, "t" * 99 + "…"),
        ("type", "t" * 100, "t" * 100),
        ("labels", "l" * 101, ["l" * 99 + "…"]),
        ("labels", "l" * 100, ["l" * 100]),
        ("title", "t" * 301, "t" * 299 + "…"),
        ("title", "t" * 300, "t" * 300),
        ("estimate", "2000000", None),
        ("estimate", "1000000", 1_000_000),
    ],
)
def test_value_over_a_limit_of_the_services_is_shortened_or_left_out(
    recognised: Recognise, field: str, value: str, stored: object
) -> None:
    recognition = recognised(f"{HEAD},{field}\n1,p,2016-06-06,,{value}\n")
    (task,) = plan(list(recognition.tasks)).tasks()
    assert getattr(task, field) == stored
    assert recognition.refused == ()


def test_id_over_the_limit_of_the_chronicle_is_refused(recognised: Recognise) -> None:
    recognition = recognised(
        f"{HEAD}\n{'A' * 101},p,2016-06-01,\n{'A' * 100},p,2016-06-01,2016-06-02\n"
    )
    ((row, column),) = [(refusal.row, refusal.column) for refusal in recognition.refused]
    assert (row, column) == (2, "id")
    assert plan(list(recognition.tasks)).history.sprints


def test_surplus_labels_are_dropped_with_a_warning(recognised: Recognise) -> None:
    labels = ",".join(f"l{n}" for n in range(51))
    recognition = recognised(f'{HEAD},labels\n1,p,2016-06-06,,"{labels}"\n2,p,2016-06-06,,a\n')
    (notice,) = recognition.notices
    assert "1 tasks have more than 50 labels" in notice.text
    first, second = plan(list(recognition.tasks)).tasks()
    assert (len(first.labels), first.labels[49], second.labels) == (50, "l49", ["a"])


def test_equal_ids_in_two_projects_are_two_tasks(recognised: Recognise) -> None:
    recognition = recognised(
        f"{HEAD}\n1,web,2016-05-01,\n1,api,2016-05-02,2016-05-03\n1,API,2016-05-02,2016-05-03\n"
    )
    assert (len(recognition.tasks), recognition.rows) == (2, 3)
    histories = split_history(recognition.tasks, DAY, 14)
    web, api = (prepare(histories[name], DAY) for name in ("WEB", "API"))
    assert [task.external_key for task in web.tasks()] == ["1"]
    assert list(api.tasks()) == []
    assert [task.id for sprint in api.history.sprints for task in sprint.completed] == ["1"]
