"""The example projects give the same documents by an export in the shape of Jira.

A decision reads nothing but what these documents become, so that it is the same, too.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

from agent.cli import demo
from agent.importing.history.history_windows import ProjectHistory, split_history
from agent.importing.loading.plan import Plan, prepare, retrospective
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from domain_services.chronicle.schema import SprintRetrospectiveCreate

EXAMPLE = Path(str(demo.EXAMPLE))
DAY = date(2016, 6, 6)
HEAD = (
    *("Summary", "Issue key", "Issue id", "Issue Type", "Status", "Project key", "Priority"),
    *("Resolution", "Created", "Resolved", "Status Category"),
)


def moment(text: str) -> str:
    return f"{date.fromisoformat(text):%d/%b/%y} 3:45 PM" if text else ""


def as_jira(source: Path, target: Path) -> Path:
    """Write the example as a tracker with keys, statuses and resolutions exports it."""
    with source.open(newline="") as stream, target.open("w", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(HEAD)
        for number, row in enumerate(csv.DictReader(stream), start=1):
            finished = row["finished_date"]
            status = "Done" if finished else "To Do"
            cells = (row["id"], row["id"], str(number), "task", status, f"P{row['project']}")
            moments = (moment(row["created_date"]), moment(finished))
            resolution = "Done" if finished else ""
            writer.writerow((*cells, "Medium", resolution, *moments, status))
    return target


def plans(path: Path, options: ImportOptions) -> dict[str, Plan]:
    """Make the plans of both projects."""
    (recognition,) = recognise_files([path], options)
    assert (recognition.rows, recognition.refused) == (4123, ())
    histories: dict[str, ProjectHistory] = split_history(recognition.tasks, DAY, 14)
    return {name: prepare(history, DAY) for name, history in histories.items()}


def retrospectives(plan: Plan) -> list[SprintRetrospectiveCreate]:
    return [retrospective("P", sprint) for sprint in plan.history.sprints]


@pytest.mark.parametrize("project", ["P0", "P1"])
def test_example_in_the_shape_of_jira_becomes_the_same_documents(
    tmp_path: Path, project: str
) -> None:
    plain = plans(EXAMPLE, ImportOptions(prefix="P"))[project]
    jira = plans(as_jira(EXAMPLE, tmp_path / "jira.csv"), ImportOptions())[project]
    titled = [task.model_copy(update={"title": task.external_key}) for task in plain.tasks()]
    assert list(jira.tasks()) == titled
    assert (jira.project, jira.people) == (plain.project, plain.people)
    assert retrospectives(jira) == retrospectives(plain)
    assert [len(sprint.completed) for sprint in jira.history.sprints] == [
        len(sprint.completed) for sprint in plain.history.sprints
    ]
