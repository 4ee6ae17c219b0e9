"""One team's work, exported by each tracker in its own shape, is read as the same work.

Ten tasks of two people in two sprints: five done, one dropped, two in work, two open. What a
tracker's export does not hold is said in `Expected`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.meaning.priorities import DEFAULT_PRIORITY
from agent.importing.meaning.statuses import State
from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.recognition import Recognition, recognise
from agent.importing.tables.table import read_table
from agent.importing.tasks import Kind, Task

EXPORTS = Path(__file__).parent / "exports"
TODAY = date(2024, 4, 2)
CREATED = dict(enumerate([4, 5, 6, 7, 8, 11, 12, 19, 20, 21], 1))
FINISHED = {1: 13, 2: 14, 3: 15, 5: 26, 6: 27}
DROPPED = {4: 18}
DOING = {7, 8}
ESTIMATES = dict(enumerate([3, 2, 5, 1, 3, 2, 5, 3, 2, None], 1))
SPRINTS = {**dict.fromkeys([1, 2, 3, 4], 1), **dict.fromkeys([5, 6, 7, 8], 2)}
OWNERS = {number: "ann" if number in {1, 3, 6, 7} else "ben" for number in range(1, 9)}
NAMES = {"ann": "Ann Reed", "ben": "Ben Cole"}
LOGINS = {"ann": "areed", "ben": "bcole"}
ADDRESSES = {"ann": "ann@shop.example", "ben": "ben@shop.example"}


@dataclass(frozen=True)
class Expected:
    """Facts of one export that differ from those of the others."""

    id: Callable[[int], str]
    project: str = "SHOP"
    option: str | None = None
    """Value of --project; None when the file tells the project."""
    people: dict[str, str] = field(default_factory=lambda: NAMES)
    emails: bool = False
    second_person: bool = False
    """Task 3 has two people."""
    finish_days: bool = True
    drop_days: bool = True
    doing: bool = True
    """False when an open task does not say whether it is in work."""
    dropped: bool = True
    """False when dropped work looks like completed work."""
    estimates: bool = True
    sprints: tuple[str, str] = ("Sprint 1", "Sprint 2")
    sprint_days: bool = False
    started: bool = False
    labels: bool = True
    priorities: bool = True
    container: str | None = None
    """Id of the epic around all tasks."""
    part: tuple[str, int] | None = None
    """Id of a step, and the number of its task."""


def number(n: int) -> str:
    return str(n)


LINEAR = Expected(
    id=lambda n: f"SHOP-{n}",
    sprints=("Cycle 1", "Spring cleaning"),
    sprint_days=True,
    started=True,
)
AZURE = Expected(
    id=lambda n: str(400 + n), emails=True, drop_days=False, started=True, container="400"
)
GITHUB = Expected(
    id=number,
    people=LOGINS,
    second_person=True,
    doing=False,
    estimates=False,
    priorities=False,
)
ASANA = Expected(
    id=lambda n: str(1200000000000000 + n),
    option="SHOP",
    emails=True,
    drop_days=False,
    priorities=False,
    part=("1200000000000011", 7),
)
REDMINE = Expected(id=number, project="WEB-SHOP", labels=False)
OPENPROJECT = Expected(
    id=lambda n: str(100 + n),
    project="WEB-SHOP",
    finish_days=False,
    drop_days=False,
    labels=False,
    container="100",
)
CLICKUP = Expected(
    id=lambda n: f"86b1x{n}", project="WEB-SHOP", second_person=True, part=("86b1x11", 7)
)
LANGUAGES = ("-de", "-es", "-fr", "-pt", "-ru")
EXPECTED: dict[str, Expected] = {
    "linear.csv": LINEAR,
    "linear-newer.csv": LINEAR,
    "azure-boards.csv": AZURE,
    "azure-boards-tree.csv": AZURE,
    "github-issues.csv": GITHUB,
    "github-issues-by-gh.csv": GITHUB,
    "gitlab.csv": Expected(id=number, priorities=False, part=("2", 1)),
    "gitlab-older.csv": Expected(id=number, doing=False, dropped=False, priorities=False),
    "asana.csv": ASANA,
    "asana-spreadsheet.csv": ASANA,
    "youtrack.csv": Expected(id=lambda n: f"SHOP-{n}"),
    **{f"redmine{language}.csv": REDMINE for language in ("", *LANGUAGES)},
    **{f"openproject{language}.csv": OPENPROJECT for language in ("", *LANGUAGES)},
    "taiga-user-stories.csv": Expected(
        id=number, option="SHOP", second_person=True, sprint_days=True, priorities=False
    ),
    "clickup-view.csv": CLICKUP,
    "clickup-workspace.csv": Expected(
        **{
            **vars(CLICKUP),
            "finish_days": False,
            "drop_days": False,
            "estimates": False,
            "sprints": (),
        }
    ),
    "shortcut.csv": Expected(
        id=lambda n: str(500 + n),
        option="SHOP",
        people=ADDRESSES,
        emails=True,
        second_person=True,
        drop_days=False,
        started=True,
    ),
    "trello.csv": Expected(
        id=lambda n: f"{_seconds(n):08x}7c1d2e4f0a{n:06x}",
        project="WEB-SHOP",
        second_person=True,
        finish_days=False,
        drop_days=False,
        estimates=False,
        sprints=(),
        priorities=False,
    ),
}


def _seconds(n: int) -> int:
    """Return the second at which card n was made: 10:15 on its day."""
    return 1709547300 + (CREATED[n] - 4) * 86_400


@pytest.fixture(params=sorted(EXPECTED))
def export(request: pytest.FixtureRequest) -> tuple[Expected, Recognition]:
    expected = EXPECTED[request.param]
    return expected, recognise_export(request.param, expected.option)


def recognise_export(name: str, project: str | None = None) -> Recognition:
    table = read_table(EXPORTS / name, is_header)
    return recognise(table, ImportOptions(project=project), today=TODAY)


def march(day: int) -> date:
    return date(2024, 3, day)


def tasks_of(expected: Expected, recognition: Recognition) -> dict[int, Task]:
    by_id = {task.id: task for task in recognition.tasks}
    return {n: by_id[expected.id(n)] for n in CREATED}


def test_every_row_is_a_task_of_the_project(export: tuple[Expected, Recognition]) -> None:
    expected, recognition = export
    assert recognition.refused == ()
    assert recognition.questions == ()
    extra = [name for name in (expected.container, expected.part and expected.part[0]) if name]
    known = [expected.id(n) for n in CREATED]
    assert {task.id for task in recognition.tasks} == {*known, *extra}
    assert {task.project for task in recognition.tasks} == {expected.project}
    titles = [task.title for task in tasks_of(expected, recognition).values()]
    assert titles[:2] == ["Cart shows the total", "Pay by card"]


def test_days_and_states_are_those_of_the_work(export: tuple[Expected, Recognition]) -> None:
    expected, recognition = export
    tasks = tasks_of(expected, recognition)
    dropped = DROPPED if expected.dropped else {}
    finished = FINISHED if expected.dropped else FINISHED | DROPPED
    assert {n: task.created for n, task in tasks.items()} == {
        n: march(day) for n, day in CREATED.items()
    }
    assert {n for n, task in tasks.items() if task.state is State.DONE} == set(finished)
    assert {n for n, task in tasks.items() if task.state is State.DROPPED} == set(dropped)
    doing = DOING if expected.doing else set[int]()
    assert {n for n, task in tasks.items() if task.state is State.DOING} == doing
    assert {n: task.finished for n, task in tasks.items() if task.finished} == (
        {n: march(day) for n, day in finished.items()} if expected.finish_days else {}
    )
    assert {n: task.dropped for n, task in tasks.items() if task.dropped} == (
        {n: march(day) for n, day in dropped.items()} if expected.drop_days else {}
    )
    started = {n for n, task in tasks.items() if task.started == task.created}
    assert started == (set(OWNERS) if expected.started else set())


def test_people_estimates_and_sprints_are_read(export: tuple[Expected, Recognition]) -> None:
    expected, recognition = export
    tasks = tasks_of(expected, recognition)
    assert {n: task.assignee for n, task in tasks.items() if task.assignee} == {
        n: expected.people[owner] for n, owner in OWNERS.items()
    }
    assert {n: task.email for n, task in tasks.items() if task.email} == (
        {n: ADDRESSES[owner] for n, owner in OWNERS.items()} if expected.emails else {}
    )
    assert {n: task.others for n, task in tasks.items() if task.others} == (
        {3: (expected.people["ben"],)} if expected.second_person else {}
    )
    assert {n: task.estimate for n, task in tasks.items()} == (
        ESTIMATES if expected.estimates else dict.fromkeys(ESTIMATES)
    )
    assert {n: task.sprints[-1] for n, task in tasks.items() if task.sprints} == (
        {n: expected.sprints[place - 1] for n, place in SPRINTS.items()} if expected.sprints else {}
    )
    days = [(sprint.start, sprint.end) for sprint in recognition.sprints]
    sprint_days = [(march(4), march(18)), (march(18), date(2024, 4, 1))]
    assert [day for day in days if day != (None, None)] == (
        sprint_days if expected.sprint_days else []
    )


def test_kinds_labels_and_priorities_are_read(export: tuple[Expected, Recognition]) -> None:
    expected, recognition = export
    tasks = tasks_of(expected, recognition)
    kinds = {task.id: task.kind for task in recognition.tasks if task.kind is not Kind.WORK}
    parents = {task.id: task.parent for task in recognition.tasks}
    if expected.container:
        assert kinds == {expected.container: Kind.CONTAINER}
        assert {task.parent for task in tasks.values()} == {expected.container}
    if expected.part:
        part, owner = expected.part
        assert kinds == {part: Kind.PART}
        assert parents[part] == expected.id(owner)
    assert bool(tasks[1].labels) is expected.labels
    assert not any(set("[]") & set(label) for label in tasks[1].labels)
    known = {count.name: count.priority for count in recognition.priorities}
    assert None not in known.values()
    if expected.priorities:
        numbers = [known.get(tasks[n].priority or "", DEFAULT_PRIORITY) for n in (1, 4, 6)]
        assert numbers[2] <= numbers[0] < numbers[1]
    else:
        assert known == {}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("github-project.tsv", "dsm import github OWNER/REPO"),
        ("azure-boards-default-query.csv", "Column options"),
    ],
)
def test_export_without_dates_says_what_to_do(name: str, remedy: str) -> None:
    with pytest.raises(CsvRefused) as refusal:
        recognise_export(name, "SHOP")
    assert remedy in str(refusal.value)
    assert "No column is known" not in str(refusal.value)


def test_export_without_a_project_asks_for_it() -> None:
    with pytest.raises(CsvRefused, match="--project"):
        recognise_export("taiga-user-stories.csv")


@pytest.mark.parametrize(("name", "project"), [("asana.csv", "WEB-SHOP"), ("shortcut.csv", "WEB")])
def test_column_that_names_one_project_needs_no_option(name: str, project: str) -> None:
    assert {task.project for task in recognise_export(name).tasks} == {project}
    assert len(recognise_export(name).tasks) == len(recognise_export(name, "SHOP").tasks)


@pytest.mark.parametrize("name", ["openproject.csv", "trello.csv", "clickup-workspace.csv"])
def test_export_without_finish_days_says_how_to_get_them(name: str) -> None:
    recognition = recognise_export(name)
    lack = next(lack for lack in recognition.lacks if lack.field == "finished")
    warnings = [text for text in recognition.warnings if "unknown day" in text]
    assert len(warnings) == 1
    assert lack.remedy[1:] in warnings[0]


def test_sections_of_a_board_contradict_no_finish() -> None:
    recognition = recognise_export("asana.csv", "SHOP")
    assert [text for text in recognition.warnings if "status says" in text] == []


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_unknown_status_is_asked_for_or_told_by_other_facts(name: str, tmp_path: Path) -> None:
    content = (EXPORTS / name).read_bytes()
    for status in (b"In Review", b"In Progress", b"In progress", b"Doing", b"In Development"):
        content = content.replace(status, b"Parked")
    path = tmp_path / name
    path.write_bytes(content)
    option = EXPECTED[name].option
    recognition = recognise(read_table(path, is_header), ImportOptions(project=option), today=TODAY)
    answers = " ".join(question.answer for question in recognition.questions)
    parked = {task.status for task in recognition.tasks if task.state is None and task.status}
    assert parked <= {"Parked"}
    assert ("Parked=" in answers) is bool(parked)
