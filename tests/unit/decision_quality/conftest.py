"""Fixtures: a few invented teams as a sprints.csv, and a project with dated tasks."""

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from benchmarks.decision_quality.fortnights import Fortnight, Task, fortnights
from benchmarks.decision_quality.sprints import Row, Teams, read

COLUMNS = (
    "project_key",
    "team_id",
    "sprint_id",
    "seq",
    "duration_days",
    "n_issues_scope_t0",
    "team_size_t0",
    "n_completed",
    "usable",
    "n_added",
)
MONDAY = date(2016, 1, 4)
BUSY = (0, 0, 1, 1, 2)  # tasks a day
SOON, LATE = (0, 20), (90, 500)  # days until a task is finished
COMPLETED = {
    "slow": (2, 3, 2, 4, 3, 2, 3, 3),
    "fast": (28, 31, 25, 30, 36, 24, 29, 33),
    "even": (9, 11, 10, 12, 8, 10, 9, 11),
    "wild": (0, 14, 3, 22, 1, 17, 0, 12),
    "new": (5, 6),
}

Write = Callable[[list[dict[str, str]]], Path]


def lines() -> list[dict[str, str]]:
    return [
        {
            "project_key": f"project-{team}",
            "team_id": team,
            "sprint_id": f"{seq:03}",
            "seq": str(seq),
            "duration_days": "14",
            "n_issues_scope_t0": str(count + 2),
            "team_size_t0": "5",
            "n_completed": str(count),
            "usable": "1",
            "n_added": "0",
        }
        for team, counts in COMPLETED.items()
        for seq, count in enumerate(counts, 1)
    ]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_lines(rows: list[dict[str, str]]) -> Path:
        with (tmp_path / "sprints.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return tmp_path

    return write_lines


@pytest.fixture
def teams(write: Write) -> Teams:
    return read(write(lines()))


@pytest.fixture
def row() -> Callable[..., Row]:
    def make(**changes: object) -> Row:
        known = {
            "project": "p",
            "team": "t",
            "sprint_id": "1",
            "days": 14,
            "scope": 8,
            "people": 5,
            "added": 0,
            "completed": 6,
        }
        return Row(**(known | changes))  # pyright: ignore[reportArgumentType]

    return make


def dated_tasks(days: int = 560) -> list[Task]:
    """Make up to two tasks a day; two of three are finished soon, the others after months."""
    draw = Random(7)
    created = [
        MONDAY + timedelta(days=day) for day in range(days) for _ in range(draw.choice(BUSY))
    ]
    return [
        Task(day, number, day + timedelta(days=draw.randint(*(SOON if number % 3 else LATE))))
        for number, day in enumerate(created)
    ]


@pytest.fixture(scope="session")
def projects() -> dict[str, list[Fortnight]]:
    return {"project 0": fortnights("project 0", dated_tasks())}
