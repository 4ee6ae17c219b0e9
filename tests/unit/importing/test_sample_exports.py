"""Sample exports in the shapes of real trackers, and what must come of each."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from agent.importing.history.study import Study, study_files, study_warnings
from agent.importing.loading.plan import prepare
from agent.importing.meaning.statuses import State
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.reading.readiness import stops
from agent.importing.reading.recognition import Recognition
from agent.importing.tasks import Kind, Task, TrackerSprint

EXPORTS = Path(__file__).parent / "exports"
TODAY = date(2026, 11, 1)


def read(name: str, **options: object) -> Recognition:
    """Recognise an export; nothing in it may be refused or in doubt."""
    (recognition,) = recognise_files([EXPORTS / f"{name}.csv"], ImportOptions(**options))  # pyright: ignore[reportArgumentType]
    assert stops([recognition], ImportOptions()) == ()
    assert recognition.refused == ()
    return recognition


def study(*recognitions: Recognition, as_of: date | None = None) -> Study:
    return study_files(recognitions, {}, as_of, None, TODAY)


def states(recognition: Recognition) -> tuple[int, int, int, int, int]:
    counts = recognition.states
    return (
        counts.completed,
        counts.dropped,
        counts.open,
        counts.doing,
        counts.done_on_unknown_day,
    )


def fields(recognition: Recognition) -> dict[str, str]:
    return {column.field: column.header for column in recognition.columns}


def notice(recognition: Recognition, words: str) -> str:
    (text,) = [notice.text for notice in recognition.notices if words in notice.text]
    return text


def by_id(recognition: Recognition) -> dict[str, Task]:
    return {task.id: task for task in recognition.tasks}


def completed_in_sprints(studied: Study) -> int:
    return sum(len(sprint.completed) for history in studied.histories for sprint in history.sprints)


def test_each_row_takes_the_estimate_column_that_it_fills() -> None:
    recognition = read("two-estimate-columns")
    assert states(recognition) == (6, 0, 2, 0, 0)
    assert [task.estimate for task in recognition.tasks] == [2, 3, 5, 8, 1, 2, 3, 3]
    (column,) = [column for column in recognition.columns if column.field == "estimate"]
    assert (column.header, column.sample) == ("Custom field (Story point estimate)", "2.0")


def test_day_of_a_done_category_is_the_finish_day() -> None:
    recognition = read("done-without-a-resolution-date")
    assert states(recognition) == (6, 0, 4, 0, 0)
    assert by_id(recognition)["SHOP-1"].finished == date(2024, 3, 11)
    assert recognition.finish_columns == {"Status Category Changed": 6}
    assert "6 from 'Status Category Changed'" in notice(recognition, "Finish days")
    assert completed_in_sprints(study(recognition)) == 6


def test_status_category_explains_statuses_of_a_teams_own() -> None:
    recognition = read("statuses-of-a-teams-own")
    assert {count.status: count.state for count in recognition.statuses} == {
        "Live": State.DONE,
        "Ready for QA": State.DOING,
        "Icebox": State.TO_DO,
    }
    assert states(recognition) == (6, 0, 4, 2, 0)
    finished = [task.finished for task in recognition.tasks if task.finished]
    assert finished == [date(2024, 3, day) for day in range(11, 17)]
    assert len(study(recognition).histories[0].backlog) == 4


def test_dropped_work_is_a_number_of_its_own() -> None:
    recognition = read("closed-without-work")
    assert states(recognition) == (6, 4, 2, 0, 0)
    assert "4 tasks closed without work" in notice(recognition, "closed without work")
    studied = study(recognition)
    assert completed_in_sprints(studied) == 6
    assert len(studied.histories[0].backlog) == 2


def test_only_stories_are_planned_and_counted() -> None:
    recognition = read("epics-and-subtasks")
    assert {(count.type, count.tasks, count.kind) for count in recognition.kinds} == {
        ("Epic", 3, Kind.CONTAINER),
        ("Story", 9, Kind.WORK),
        ("Sub-task", 27, Kind.PART),
    }
    assert states(recognition) == (6, 0, 3, 0, 0)
    assert "3 Epic" in notice(recognition, "Not planned")
    assert "27 Sub-task" in notice(recognition, "steps of other tasks")
    assert by_id(recognition)["HIE-3"].parent == "HIE-2"
    studied = study(recognition)
    assert completed_in_sprints(studied) == 6
    assert {task.type for task in studied.histories[0].backlog} == {"Story"}


@pytest.mark.parametrize(("types", "work"), [(("Story",), 9), (("Epic",), 3), (("all",), 39)])
def test_types_choose_what_is_work(types: tuple[str, ...], work: int) -> None:
    recognition = read("epics-and-subtasks", types=types)
    assert sum(project.tasks for project in recognition.projects) == work


def test_short_export_tells_projects_by_its_keys_and_no_finish_day() -> None:
    recognition = read("short-export")
    assert [(project.project, project.tasks) for project in recognition.projects] == [
        ("APP", 8),
        ("WEB", 16),
    ]
    assert states(recognition) == (0, 0, 8, 0, 16)
    assert "taken from their ids: APP, WEB" in notice(recognition, "The project")
    unknown = notice(recognition, "unknown day")
    assert "no velocity" in unknown
    assert "'Status Category Changed'" in unknown
    assert [lack.what for lack in recognition.lacks] == ["the day of the finish"]
    studied = study(recognition)
    assert sum(len(history.backlog) for history in studied.histories) == 8
    assert completed_in_sprints(studied) == 0


def test_spanish_export_is_read_in_spanish() -> None:
    recognition = read("spanish")
    mapped = fields(recognition)
    assert (mapped["id"], mapped["project"]) == ("Clave de incidencia", "Clave del proyecto")
    assert (mapped["created"], mapped["finished"]) == ("Creada", "Resuelta")
    assert {"title", "type", "status", "priority", "assignee", "sprint"} <= mapped.keys()
    assert states(recognition) == (9, 0, 5, 2, 0)
    assert recognition.first == date(2024, 1, 5)
    assert max(task.finished for task in recognition.tasks if task.finished) == date(2024, 8, 1)


def test_linear_export_divides_completed_and_canceled() -> None:
    recognition = read("completed-and-canceled-columns")
    tasks = by_id(recognition)
    assert {name for name, task in tasks.items() if task.finished} == {
        f"ENG-{number}" for number in (1, 2, 8, 9, 12)
    }
    assert {name for name, task in tasks.items() if task.dropped} == {"ENG-3", "ENG-7"}
    doing = {name for name, task in tasks.items() if task.state is State.DOING}
    assert doing == {"ENG-4", "ENG-10"}
    assert states(recognition) == (5, 2, 5, 2, 0)
    assert [project.project for project in recognition.projects] == ["ENG"]
    assert tasks["ENG-1"].estimate == 2
    assert "No priority" not in {count.name for count in recognition.priorities}
    assert recognition.sprints == (
        TrackerSprint("ENG", "Cycle 3", date(2024, 3, 4), date(2024, 3, 18)),
    )
    assert {task.sprints for task in recognition.tasks} == {("Cycle 3",)}


def test_rows_that_end_early_are_read_like_whole_ones() -> None:
    whole = read("completed-and-canceled-columns", project="ENG")
    assert read("rows-that-end-early", project="ENG").tasks == whole.tasks


def test_azure_export_is_read_with_american_dates_and_addresses() -> None:
    recognition = read("work-items", project="SHOP")
    assert (recognition.first, recognition.last) == (date(2024, 3, 1), date(2024, 4, 12))
    assert "AM or PM stands in each" in notice(recognition, "m/d/Y")
    assert states(recognition) == (6, 1, 5, 3, 0)
    assert {task.type for task in recognition.tasks} == {"Bug", "Task", "Feature", "User Story"}
    assert {task.labels for task in recognition.tasks} == {("backend", "api")}
    people = {(task.assignee, task.email) for task in recognition.tasks}
    assert people == {("Person A", "person.a@example.com")}
    assert {task.sprints for task in recognition.tasks} == {("Sprint 9",)}


def test_gitlab_export_tells_its_project_by_the_addresses() -> None:
    recognition = read("columns-with-a-unit")
    mapped = fields(recognition)
    assert (mapped["created"], mapped["finished"]) == ("Created At (UTC)", "Closed At (UTC)")
    assert states(recognition) == (8, 0, 4, 0, 0)
    assert [project.project for project in recognition.projects] == ["SHOP"]
    assert {(task.estimate, task.sprints) for task in recognition.tasks} == {(3.0, ("Sprint 4",))}
    assert recognition.tasks[0].assignee == "Person B"


def test_header_is_not_on_the_first_line() -> None:
    recognition = read("lines-above-the-header", project="OPS")
    assert recognition.table is not None
    assert recognition.table.header_line == 4
    assert recognition.table.skipped
    assert states(recognition) == (8, 0, 4, 2, 0)


def test_running_sprint_keeps_its_work_in_progress() -> None:
    recognition = read("running-sprint")
    members: dict[str, list[int]] = {}
    for number, task in enumerate(recognition.tasks, start=1):
        for name in task.sprints:
            members.setdefault(name, []).append(number)
    assert members == {"Board Sprint 6": [1, 2, 4, 6], "Board Sprint 7": [3, 4, 5, 6, 7]}
    doing = {task.id for task in recognition.tasks if task.state is State.DOING}
    assert doing == {"SHOP-5", "SHOP-6"}
    assert all(task.assignee for task in recognition.tasks if task.id in doing)


def test_two_files_of_one_export_are_read_as_one() -> None:
    pages = [EXPORTS / "two-files-1.csv", EXPORTS / "two-files-2.csv"]
    recognitions = recognise_files(pages, ImportOptions())
    assert sum(recognition.states.completed for recognition in recognitions) == 16
    studied = study(*recognitions, as_of=date(2024, 5, 1))
    assert len(studied.histories[0].backlog) == 8
    assert sum(len(sprint.finished) for sprint in studied.histories[0].sprints) == 12
    assert study_warnings(studied)[0] == (
        "4 tasks of SHOP were finished in the last days that the files know, which are less than "
        "half of a sprint: they are in no past sprint yet."
    )


def test_export_of_two_weeks_later_differs_by_what_happened() -> None:
    before, after = by_id(read("first-week")), by_id(read("third-week"))
    assert after.keys() - before.keys() == {"SHOP-15", "SHOP-16"}
    finished = {name for name in before if after[name].finished and not before[name].finished}
    assert finished == {f"SHOP-{number}" for number in range(9, 13)}
    assert before["SHOP-13"].title != after["SHOP-13"].title
    assert before["SHOP-14"].assignee != after["SHOP-14"].assignee


@pytest.mark.parametrize(
    ("name", "counts"),
    [("file-ends-today", (16, 0, 13, 0, 0)), ("project-lives-on", (16, 0, 8, 0, 0))],
)
def test_open_tasks_of_any_age_are_read(name: str, counts: tuple[int, ...]) -> None:
    assert states(read(name)) == counts


def test_newest_day_of_any_kind_is_the_day_before_the_import() -> None:
    studied = study(read("file-ends-today"))
    assert studied.day == date(2024, 6, 6)
    assert len(studied.histories[0].backlog) == 13


def test_dates_with_hyphens_are_read_by_their_days_above_twelve() -> None:
    recognition = read("saved-by-a-spreadsheet")
    assert (recognition.first, recognition.last) == (date(2024, 9, 2), date(2024, 9, 29))
    assert states(recognition) == (8, 0, 2, 0, 0)


def test_two_people_on_a_task_are_two_people_of_the_team() -> None:
    recognition = read("several-people", project="SHOP")
    people = Counter((task.assignee, task.others) for task in recognition.tasks)
    assert people == {("person-a", ("person-b",)): 6, ("person-c", ()): 6}
    studied = study(recognition)
    (plan,) = [prepare(history, studied.day) for history in studied.histories]
    assert {"person-a", "person-c"} <= {person.name for person in plan.people}
    assert "person-a, person-b" not in {person.name for person in plan.people}
