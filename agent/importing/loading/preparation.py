"""Preparation of an import: everything that is known and checked before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agent.importing.history.known_rows import find_all
from agent.importing.history.row_store import RowStore
from agent.importing.history.study import Study, project_ids, study_files
from agent.importing.loading.plan import Plan, prepare
from agent.importing.loading.project_place import ProjectPlace
from agent.importing.reading.recognition import Recognition


@dataclass(frozen=True, slots=True)
class Prepared:
    """Import that can be written."""

    study: Study
    """What the files and earlier imports say."""
    plans: tuple[Plan, ...]
    """Documents of each project."""
    place: ProjectPlace
    """Place of the projects."""


async def prepare_recognitions(
    recognitions: Sequence[Recognition],
    store: RowStore,
    place: ProjectPlace,
    *,
    as_of: date | None = None,
    cadence_days: int | None = None,
) -> Prepared:
    """Unite what was recognised with the rows that earlier imports know. Raises: `CsvRefused`."""
    tasks = [task for recognition in recognitions for task in recognition.tasks]
    known = await find_all(store, project_ids(recognitions), tasks)
    study = study_files(recognitions, known, as_of, cadence_days, place.today())
    plans = tuple(prepare(history, study.day, study.clock, place) for history in study.histories)
    return Prepared(study, plans, place)
