"""Imports of generated rows into real services, and a look at what became of them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.cli.connect import Clients
from agent.client import OrchestratorClient
from agent.importing.history.known_rows import KnownRows, from_document
from agent.importing.history.row_store import FileRows
from agent.importing.history.study import Study, project_ids, study_files
from agent.importing.loading.import_run import run_import
from agent.importing.loading.load import LoadResult
from agent.importing.loading.plan import prepare
from agent.importing.loading.project_place import UNKNOWN_PLACE
from agent.importing.options import ImportOptions
from agent.importing.outcome.building import make_outcome, project_result, with_results
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.reading.files import recognise_files
from agent.importing.tasks import Task
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from tests.graphs.conftest import System

FIELDS = (
    "id",
    "project",
    "created",
    "finished",
    "title",
    "assignee",
    "priority",
    "updated",
    "rank",
)


def outcome_of(study: Study, *results: LoadResult) -> ImportOutcome:
    """Return the outcome of an import, done when it has results."""
    outcome = make_outcome(study, ImportOptions())
    return with_results(outcome, list(map(project_result, results))) if results else outcome


def clients_of(system: System) -> Clients:
    """Return clients of every service, with the admin's key."""
    http, urls = system.http, system.urls
    return Clients(
        ProjectClient(http, urls["project"]),
        BacklogClient(http, urls["backlog"]),
        SprintClient(http, urls["sprint"]),
        ChronicleClient(http, urls["chronicle"]),
        OrchestratorClient(http, urls["orchestrator"]),
        {},
        {},
    )


@dataclass(frozen=True)
class History:
    """Imported sprint as the chronicle has it."""

    sprint_id: str
    start_date: date
    end_date: date
    finished: frozenset[str]


class ImportRoom:
    """Services with a data folder, into which files are imported."""

    def __init__(self, system: System, folder: Path) -> None:
        self.clients = clients_of(system)
        self.folder = folder
        self.store = FileRows(folder)
        self._files = 0

    def write(self, tasks: Sequence[Task] | str) -> Path:
        """Write tasks as an export, or the text of one."""
        self._files += 1
        path = self.folder / f"export-{self._files}.csv"
        if isinstance(tasks, str):
            path.write_text(tasks)
            return path
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            # A column without any value is left out, as it is in most exports.
            fields = [name for name in FIELDS if any(getattr(task, name) for task in tasks)]
            writer.writerow(fields)
            for task in tasks:
                writer.writerow([getattr(task, name) or "" for name in fields])
        return path

    def study(
        self, *files: Sequence[Task] | str, as_of: date | None = None, today: date | None = None
    ) -> Study:
        """Study exports as `dsm import csv` does."""
        recognitions = recognise_files([self.write(tasks) for tasks in files], ImportOptions())
        known = {
            name: rows for name in project_ids(recognitions) if (rows := self.known_rows(name))
        }
        return study_files(recognitions, known, as_of, None, today or date.today())

    def known_rows(self, project_id: str) -> KnownRows | None:
        """Read the known rows of a project; None without any."""
        document = self.store.load(project_id)
        if document is None:
            return None
        return from_document(document, self.store.describe(project_id))

    async def load(
        self, *files: Sequence[Task] | str, as_of: date | None = None, today: date | None = None
    ) -> LoadResult:
        """Import exports of one project."""
        study = self.study(*files, as_of=as_of, today=today)
        plans = [prepare(history, study.day, study.clock) for history in study.histories]
        (result,) = await run_import(
            self.clients, self.store, plans, study, UNKNOWN_PLACE, lambda _: lambda _: None, "act"
        )
        return result

    async def history(self, project_id: str, origin: str = "import") -> list[History]:
        """List the recorded sprints of one origin, the oldest first."""
        try:
            notes = await self.clients.chronicle.list_sprint_retrospectives(project_id)
        except PeerRefused:
            return []
        return [
            History(
                note.sprint_id,
                note.start_date,
                note.end_date,
                frozenset(task.task_id for task in note.tasks_summary if task.status == "close"),
            )
            for note in notes
            if note.origin == origin
        ]

    async def tasks(self, project_id: str) -> dict[str, tuple[str, str, str | None]]:
        """Return status, title and assignee of each task, by the id in its file."""
        return {
            task.external_key or task.task_id: (task.status, task.title, task.assigned_to)
            for task in await self.clients.backlog.list_tasks(project_id)
        }
