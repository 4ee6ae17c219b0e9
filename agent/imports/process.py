"""Work of the process of one import: read the files, and write when its job says so.

Nothing that it does can hold up the decisions of the orchestrator, whose child it is: its memory
and its time have bounds of their own (docs/adr/0164-imports-by-route.md).
"""

import asyncio
import gc
import os
import resource
from collections.abc import Callable
from json import dumps
from pathlib import Path

import httpx

from agent.client import OrchestratorClient
from agent.importing.errors import CsvRefused
from agent.importing.loading.current_projects import CurrentProjects, read_current
from agent.importing.loading.history_sync import Advance
from agent.importing.loading.import_run import run_import
from agent.importing.loading.load import LoadResult, step_count
from agent.importing.loading.plan import Plan
from agent.importing.loading.preparation import Prepared, prepare_recognitions
from agent.importing.loading.project_place import parse_place
from agent.importing.loading.service_rows import ServiceRows
from agent.importing.outcome.building import make_outcome, project_result
from agent.importing.outcome.outcome_json import to_json
from agent.importing.reading.collection import without_collection
from agent.importing.reading.readiness import refuse
from agent.importing.reading.recognition import Recognition
from agent.importing.reading.refusals import write_refusals
from agent.importing.saved_options import hash_options
from agent.imports.job import UPLOADED_FOLDER, Event, Job
from agent.imports.known_sources import KnownSource
from agent.imports.recognition import RecognisedFiles, recognise_with_saved
from agent.imports.schema import ImportRequest, ImportSource
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient

Send = Callable[[bytes], None]
TIMEOUT_SECONDS = 30.0
REFUSED_FILE = "refused.csv"


class Services:
    """Clients of the services, with the key of the person who asked for the import."""

    def __init__(self, http: httpx.AsyncClient, job: Job) -> None:
        self.project = ProjectClient(http, job.urls["project"])
        self.backlog = BacklogClient(http, job.urls["backlog"])
        self.sprint = SprintClient(http, job.urls["sprint"])
        self.chronicle = ChronicleClient(http, job.urls["chronicle"])
        self.orchestrator = OrchestratorClient(http, job.urls["orchestrator"])


class Worker:
    """Work on one job."""

    def __init__(self, job: Job, services: Services, send: Send) -> None:
        self._job = job
        self._services = services
        self._send = send
        self._store = ServiceRows(services.orchestrator)
        self._done = self._total = 0

    async def work(self) -> None:
        """Read, and write when the job says so. Raises: `Problem`."""
        with without_collection():
            files = await self._read()
            prepared = await self._prepare(files)
            projects = [history.project_id for history in prepared.study.histories]
            current = await self._current(prepared)
            outcome = make_outcome(prepared.study, files.options, files.used_options, current)
            preview = dumps(to_json(outcome))
        self._emit(Event(kind="preview", rows=files.rows, projects=projects, preview=preview))
        if not self._job.writes:
            return
        refuse(outcome.stops)
        # The tasks stay until the end: no look for circles needs to walk them again.
        gc.freeze()
        results = await self._import(prepared, files.request)
        self._emit(
            Event(
                kind="done",
                results=dumps([to_json(project_result(result)) for result in results]),
                projects=projects,
                headers=files.headers,
                options=files.request.model_dump(mode="json", exclude={"source"}),
                source=_kept_source(files),
            )
        )

    async def _read(self) -> RecognisedFiles:
        """Read the files, and write the refused rows of all of them into one."""
        job = self._job
        # Not kept: the study reads the known rows again, of all projects.
        known = await KnownSource.read(job.request.source, job.saved, self._store)
        files = recognise_with_saved(
            job.files, job.request, job.saved, self._show_rows, known.complete
        )
        self._write_refusals(files.recognitions)
        return files

    def _show_rows(self, rows: int, share: float | None) -> None:
        self._emit(Event(kind="rows", rows=rows))

    async def _prepare(self, files: RecognisedFiles) -> Prepared:
        request = files.request
        place = parse_place(request.country, request.subdivision, request.timezone)
        return await prepare_recognitions(
            files.recognitions,
            self._store,
            place,
            as_of=request.as_of,
            cadence_days=request.cadence_days,
        )

    async def _current(self, prepared: Prepared) -> CurrentProjects | None:
        """Ask the services what the projects are; None where a preview finds one of them down."""
        try:
            return await read_current(self._services, prepared.study)
        except Unavailable:
            if self._job.writes:
                raise
            return None

    def _write_refusals(self, recognitions: tuple[Recognition, ...]) -> None:
        """Write the refused rows of all files into one."""
        with (self._job.folder / REFUSED_FILE).open("wb") as stream:
            for number, recognition in enumerate(recognitions):
                if recognition.refused:
                    path = self._job.folder / f"refused-{number}.csv"
                    stream.write(write_refusals(path, recognition).read_bytes())

    async def _import(self, prepared: Prepared, request: ImportRequest) -> list[LoadResult]:
        self._total = sum(step_count(plan) for plan in prepared.plans)
        return await run_import(
            self._services,
            self._store,
            prepared.plans,
            prepared.study,
            prepared.place,
            self._progress,
            request.autonomy,
        )

    def _progress(self, plan: Plan) -> Advance:
        # Every project was checked: from here on something may be written.
        self._emit_steps(0)
        return self._emit_steps

    def _emit_steps(self, steps: int) -> None:
        self._done += steps
        self._emit(Event(kind="steps", done=self._done, total=max(self._total, self._done)))

    def _emit(self, event: Event) -> None:
        self._send(event.model_dump_json(exclude_defaults=True).encode())


def _kept_source(files: RecognisedFiles) -> ImportSource | None:
    """Return the source of an import, with the options by which a tracker's rows were read."""
    source = files.request.source
    if source is None or source.kind != "api":
        return source
    return source.model_copy(update={"options_hash": hash_options(files.options)})


async def run(job: Job, send: Send) -> None:
    """Work on a job; a refusal is an event, not a traceback."""
    headers = {"Authorization": f"Bearer {job.key}"}
    try:
        async with httpx.AsyncClient(headers=headers, timeout=TIMEOUT_SECONDS) as http:
            await Worker(job, Services(http, job), send).work()
    except CsvRefused as refusal:
        event = Event(kind="refused", detail=refusal.detail, code=refusal.code)
    except Problem as problem:
        event = Event(kind="refused", detail=f"{problem.detail}; try again", code=problem.code)
    except MemoryError:
        size = job.memory_bytes // 1024**2
        detail = f"The files need more than {size} MB of memory: divide them, and upload the parts."
        event = Event(kind="refused", detail=detail, code=CsvRefused.code)
    else:
        return
    send(event.model_dump_json(exclude_defaults=True).encode())


def limit(job: Job) -> None:
    """Bound memory, beside that of the loaded code, and processor time of this process."""
    memory = _data_bytes() + job.memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (job.cpu_seconds, job.cpu_seconds + 5))


def _data_bytes() -> int:
    """Return the memory that this process holds for data; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[5]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def main(job: str, send: Send) -> None:
    """Work on a job, given as JSON; its events are sent as JSON lines."""
    work = Job.model_validate_json(job)
    limit(work)
    # Messages name the files as they were uploaded.
    os.chdir(work.folder / UPLOADED_FOLDER)
    asyncio.run(run(work, send))
