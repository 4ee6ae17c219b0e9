"""An imported team asks a person before anything is done for it."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.cli import import_summary
from agent.cli.target import Target
from agent.importing.loading.import_run import run_import
from agent.importing.loading.plan import prepare
from agent.importing.loading.project_place import UNKNOWN_PLACE
from agent.importing.tasks import Task
from domain_services.kernel.errors import Unavailable
from tests.agent.conftest import get
from tests.agent.imports import ImportRoom, outcome_of
from tests.graphs.conftest import System

DAY = date(2026, 3, 2)
ROWS = [Task(f"{n}", "TEAM", DAY - timedelta(20), title=f"Task {n}") for n in range(4)]
PATH = "/orchestrate/project/TEAM/autonomy"


async def load(room: ImportRoom, **level: Any) -> Any:
    study = room.study(ROWS, as_of=DAY)
    plans = [prepare(history, study.day, study.clock) for history in study.histories]
    (result,) = await run_import(
        room.clients, room.store, plans, study, UNKNOWN_PLACE, lambda _: lambda _: None, **level
    )
    return study, result


async def test_imported_team_asks_and_says_how_to_let_it_act(whole: System, tmp_path: Path) -> None:
    room = ImportRoom(whole, tmp_path)
    study, result = await load(room)
    autonomy = await get(whole, PATH)
    assert (autonomy["level"], autonomy["always_ask"]) == ("approve", ["close_sprint"])
    lines = import_summary.result_lines(outcome_of(study, result), Target(tmp_path))
    assert "TEAM asks a person before it acts; to let it act: `dsm autonomy TEAM act" in lines[-1]

    # It was let to act, and still asks before a sprint is closed; the next import changes nothing.
    await whole.post("orchestrator", PATH, {"level": "act"})
    study, result = await load(room, level="observe")
    assert result.autonomy is None
    after = await get(whole, PATH)
    assert (after["version"], after["level"], after["always_ask"]) == (2, "act", ["close_sprint"])
    lines = import_summary.result_lines(outcome_of(study, result), Target(tmp_path))
    assert not [line for line in lines if "dsm autonomy" in line]


async def test_team_that_may_act_gets_no_version_of_its_own(whole: System, tmp_path: Path) -> None:
    await load(ImportRoom(whole, tmp_path), level="act")
    autonomy = await get(whole, PATH)
    assert (autonomy["version"], autonomy["level"], autonomy["always_ask"]) == (0, "act", [])


async def test_autonomy_that_could_not_be_stored_is_told_with_the_command(
    whole: System, tmp_path: Path
) -> None:
    room = ImportRoom(whole, tmp_path)
    await whole.stop("orchestrator")
    words = "TEAM was created, and its autonomy could not be stored.*--always-ask close_sprint"
    with pytest.raises(Unavailable, match=words):
        await load(room)
