"""A decision on an import depends on the history of the team, and not on the shape of the file."""

from datetime import date
from pathlib import Path
from typing import Any

from agent.cli import demo
from agent.importing.history.study import study_files
from agent.importing.loading.import_run import run_import
from agent.importing.loading.plan import prepare
from agent.importing.loading.project_place import UNKNOWN_PLACE
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.reading.mapping import parse_mapping
from agent.schema import OrchestrationRequest
from tests.agent.imports import ImportRoom
from tests.graphs.conftest import System
from tests.unit.importing.test_jira_shaped_example import as_jira

DAY = date(2016, 6, 6)
PROJECTS = ("P0", "P1")
# Facts of one run, or of the clock on the wall: no part of a decision.
OF_THE_RUN = {"run_id", "timestamp", "performance_metrics", "episode_id", "title"}


async def decisions(
    system: System, folder: Path, file: Path, options: ImportOptions
) -> dict[str, Any]:
    """Import a file into a system of its own, and decide on both projects without a trace."""
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    room = ImportRoom(system, folder)
    study = study_files(recognise_files([file], options), {}, DAY, None, date.today())
    plans = [prepare(history, study.day, study.clock) for history in study.histories]
    await run_import(
        room.clients, room.store, plans, study, UNKNOWN_PLACE, lambda _: lambda _: None, "act"
    )
    request = OrchestrationRequest(dry_run=True, record=False)
    answers: dict[str, Any] = {}
    for project in PROJECTS:
        answer = await room.clients.orchestrator.orchestrate(project, request)
        answers[project] = without_run(answer.model_dump(mode="json"))
    for name in list(system.running):
        await system.stop(name)
    return answers


def without_run(value: Any) -> Any:
    """Leave out, at any depth, what belongs to one run alone."""
    if isinstance(value, dict):
        return {
            key: without_run(item)
            for key, item in value.items()  # pyright: ignore[reportUnknownVariableType]
            if key not in OF_THE_RUN
        }
    if isinstance(value, list):
        return [without_run(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


async def test_example_in_the_shape_of_jira_is_decided_on_as_the_example_itself(
    system: System, tmp_path: Path
) -> None:
    other = System(system.stack, system.database_url, system.redis_url, system.http)
    (tmp_path / "plain").mkdir()
    (tmp_path / "jira").mkdir()
    columns = parse_mapping([demo.MAPPING])
    mapping = ImportOptions(mapping=columns, prefix=demo.PREFIX)
    plain = await decisions(system, tmp_path / "plain", Path(str(demo.EXAMPLE)), mapping)
    export = as_jira(Path(str(demo.EXAMPLE)), tmp_path / "jira.csv")
    assert plain == await decisions(other, tmp_path / "jira", export, ImportOptions())
