"""A decision knows nothing of what happens to an imported project after its day."""

import json
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.importing.tasks import Task
from tests.agent.imports import ImportRoom
from tests.graphs.conftest import System

DAY = date(2023, 2, 27)
PAST_DAYS, FUTURE_DAYS = 300, 60
# Names of the copies of one project whose futures differ.
COPIES = ("AAA", "BBB", "CCC")


def generate(chance: random.Random) -> list[Task]:
    """Make tasks of a past and of a future around the day; some are never finished."""
    rows: list[Task] = []
    for number in range(200):
        created = DAY + timedelta(chance.randrange(-PAST_DAYS, FUTURE_DAYS))
        days = round(chance.expovariate(1 / 20))
        finished = None if chance.random() < 0.1 else created + timedelta(days)
        rows.append(Task(f"T{number:03d}", "AAA", created, finished, title=f"Item {number}"))
    return rows


def with_other_future(rows: list[Task], chance: random.Random) -> list[Task]:
    """Change what happens after the day: other ends, and other tasks that are created."""
    changed: list[Task] = []
    for row in (row for row in rows if row.created <= DAY):
        if row.finished is None or row.finished > DAY:
            end = DAY + timedelta(chance.randrange(1, FUTURE_DAYS))
            changed.append(replace(row, finished=None if chance.random() < 0.3 else end))
        else:
            changed.append(row)
    for number in range(chance.randrange(80)):
        created = DAY + timedelta(chance.randrange(1, FUTURE_DAYS))
        finished = created + timedelta(chance.randrange(10))
        changed.append(Task(f"N{number:03d}", "AAA", created, finished, title="Later"))
    return changed


def without_future(rows: list[Task]) -> list[Task]:
    """Leave out all that happens after the day."""
    known = (row for row in rows if row.created <= DAY)
    return [
        replace(row, finished=None) if row.finished and row.finished > DAY else row for row in known
    ]


def answer_of(run: dict[str, Any], project_id: str) -> str:
    """Return what a decision says, without the names of projects and runs."""
    history = run["analysis"]["historical_context"]
    # Each copy is a similar project of the others.
    history = {name: value for name, value in history.items() if name != "similar_projects"}
    answer = [
        run["analysis"] | {"historical_context": history},
        *(run[name] for name in ("as_of", "decisions", "expectation", "selection")),
        run["actions_planned"],
    ]
    return json.dumps(answer).replace(project_id, "PROJECT")


@pytest.mark.parametrize("seed", range(3))
async def test_other_future_changes_no_answer(whole: System, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    rows = generate(chance)
    futures = [rows, with_other_future(rows, chance), without_future(rows)]
    for copy, future in zip(COPIES, futures, strict=True):
        folder = tmp_path / copy
        folder.mkdir()
        room = ImportRoom(whole, folder)
        await room.load([replace(row, project=copy) for row in future], as_of=DAY)
    answers: list[str] = []
    for copy in COPIES:
        run = await whole.orchestrate(copy, dry_run=True)
        assert run.status_code == 200, run.text
        assert run.json()["selection"]["tasks"], "a plan is compared, not its absence"
        answers.append(answer_of(run.json(), copy))
    assert answers[0] == answers[1] == answers[2]
