"""One import, from plans to records: a project that is new is loaded, any other is updated."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.importing.history import known_rows
from agent.importing.history.row_store import RowStore
from agent.importing.history.study import Study
from agent.importing.loading.autonomy import Level
from agent.importing.loading.current_projects import check_existing
from agent.importing.loading.existing_history import read_existing
from agent.importing.loading.history_sync import Advance
from agent.importing.loading.load import LoadResult, load
from agent.importing.loading.plan import Plan
from agent.importing.loading.planning_sync import rank_tasks, send_past_tasks
from agent.importing.loading.project_place import ProjectPlace
from agent.importing.loading.services import Services
from agent.importing.loading.update import update


async def run_import(
    services: Services,
    store: RowStore,
    plans: Sequence[Plan],
    study: Study,
    place: ProjectPlace,
    progress: Callable[[Plan], Advance],
    level: Level = "approve",
) -> list[LoadResult]:
    """Load or update every project of a study; `progress` opens a project's progress.

    `level` is the autonomy of projects that are new; that of others stays as it is.
    Raises: `CsvRefused` before anything is written, when one of them cannot be updated.
    """
    # Every plan first: an error in the second project must not leave the first half imported.
    existing = [await read_existing(services, plan.project.id) for plan in plans]
    for plan, project in zip(plans, existing, strict=True):
        check_existing(project, study, plan.project.id)
    results: list[LoadResult] = []
    for plan, project in zip(plans, existing, strict=True):
        advance = progress(plan)
        if project is None:
            result = await load(services, plan, advance, level)
            await send_past_tasks(services, study.rows[plan.project.id], study.day)
            # Saved last: a failed import is repeated as if it had not begun.
            await known_rows.save(store, study.rows[plan.project.id])
        else:
            result = await update(services, store, plan, project, study, place, advance)
        tasks = study.rows_of_files(plan.project.id)
        ranked = await rank_tasks(services, plan.project.id, tasks)
        results.append(replace(result, ranked=ranked))
    return results
