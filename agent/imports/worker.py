"""Work on imports: one process each, watched from here, with the lease of its row."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import psycopg
import structlog
from pydantic import ValidationError

from agent.importing.errors import CsvRefused
from agent.imports.forked import Forked
from agent.imports.job import UPLOADED_FOLDER, Event, Job, SavedImport, place_files
from agent.imports.schema import ImportRequest
from agent.imports.settings import ImportLimits
from domain_services.kernel.background import giving_back
from memory.imports import LEASE_SECONDS, Ending, ImportRow, Imports, Work
from memory.known_rows import StoredRows

logger = structlog.get_logger()

REFUSED_FILE = "refused.csv"
# Of refused rows that are kept: a file in which more are wrong is corrected as a whole.
MOST_REFUSED_BYTES = 10 * 1024 * 1024
RENEW_SECONDS = LEASE_SECONDS / 5
# Rhythm of a bar that somebody watches.
PROGRESS_SECONDS = 0.5
ENDED = "the orchestrator ended while this import was worked on; start it again: it goes on"
BROKEN = (
    "the process of this import ended without an answer: the files need too much memory or time;"
    " divide them, and upload the parts"
)


@dataclass
class _Watched:
    """Process of one import, as its events tell."""

    import_id: UUID
    worker: UUID
    work: Work = field(default_factory=Work)
    preview: Event | None = None
    done: Event | None = None
    refusal: Event | None = None
    task: asyncio.Task[None] | None = None
    """The work; None before it begins."""
    is_cancelled: bool = False
    """True when a person ends it: whoever cancels writes the end of its row."""


class ImportWorker:
    """Runs the processes of imports, at most a few at one time."""

    def __init__(self, imports: Imports, rows: StoredRows, limits: ImportLimits) -> None:
        self._imports = imports
        self._rows = rows
        self._limits = limits
        self._places = asyncio.Semaphore(limits.at_once)
        self._running: dict[UUID, _Watched] = {}

    def begin(self, row: ImportRow, worker: UUID, urls: Mapping[str, str], key: str) -> None:
        """Begin to read, or write, an import that `worker` holds, with a person's API key."""
        watched = _Watched(row.import_id, worker)
        watched.task = asyncio.create_task(
            self._work(row, watched, urls, key), name=f"import {row.import_id}"
        )
        self._running[row.import_id] = watched
        watched.task.add_done_callback(lambda _: self._forget(watched))

    def _forget(self, watched: _Watched) -> None:
        if self._running.get(watched.import_id) is watched:
            del self._running[watched.import_id]

    async def wait(self, import_id: UUID, seconds: float) -> None:
        """Wait for the end of the work on an import, for at most `seconds`."""
        watched = self._running.get(import_id)
        if watched is not None and watched.task is not None:
            await asyncio.wait([watched.task], timeout=seconds)

    async def stop(self, import_id: UUID) -> bool | None:
        """End the process of an import that a person cancels; its row is left to the caller.

        Return whether it may have written; None when it does not run here.
        """
        watched = self._running.get(import_id)
        if watched is None:
            return None
        watched.is_cancelled = True
        await _end(watched)
        return watched.work.has_written

    async def close(self) -> None:
        """End all processes: this one leaves."""
        for watched in list(self._running.values()):
            await _end(watched)

    async def _work(
        self, row: ImportRow, watched: _Watched, urls: Mapping[str, str], key: str
    ) -> None:
        async def fail(words: str) -> None:
            ending = Ending("failed", words, has_written=watched.work.has_written)
            await self._imports.finish(row.import_id, watched.worker, ending)

        async def give_back() -> None:
            if not watched.is_cancelled:
                await fail(ENDED)

        try:
            async with giving_back(f"import {row.import_id}", give_back):
                renewing = asyncio.create_task(self._renew(row, watched))
                try:
                    await self._in_turn(row, watched, urls, key)
                finally:
                    renewing.cancel()
        except CsvRefused as refusal:
            await fail(refusal.detail)
        except Exception as error:
            logger.error("import.failed", import_id=str(row.import_id), exc_info=error)
            with suppress(Exception):
                await fail(
                    "something went wrong; the log of the orchestrator has the id of this import"
                )

    async def _in_turn(
        self, row: ImportRow, watched: _Watched, urls: Mapping[str, str], key: str
    ) -> None:
        async with self._places:
            with TemporaryDirectory(prefix="dsm-import-") as name:
                folder = Path(name)
                job = await self._job(row, folder, urls, key)
                seconds = self._limits.write_seconds if job.writes else self._limits.read_seconds
                status = await self._run(job, watched, seconds)
                await self._finish(row, watched, folder, status)

    async def _job(self, row: ImportRow, folder: Path, urls: Mapping[str, str], key: str) -> Job:
        """Write the files into a folder, and describe the work."""
        files = await self._imports.files(row.import_id)
        paths = place_files([file.name for file in files])
        for file, name in zip(files, paths, strict=True):
            path = folder / UPLOADED_FOLDER / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as stream:
                async for part in self._imports.parts(row.import_id, file.number):
                    await asyncio.to_thread(stream.write, part)
            if path.stat().st_size != file.bytes:
                raise CsvRefused(f"{file.name} did not arrive whole: upload the files again.")
        saved = [
            SavedImport.model_validate(
                {
                    "project_id": one.project_id,
                    "headers": one.headers,
                    "options": one.request,
                    "source": one.source,
                }
            )
            for one in await self._rows.settings()
        ]
        writes = row.state == "importing"
        seconds = self._limits.write_seconds if writes else self._limits.read_seconds
        return Job(
            writes=writes,
            folder=folder,
            files=list(paths),
            request=ImportRequest.model_validate(row.request),
            saved=saved,
            urls=dict(urls),
            key=key,
            memory_bytes=self._limits.memory_bytes,
            cpu_seconds=max(1, int(seconds)),
        )

    async def _run(self, job: Job, watched: _Watched, seconds: float) -> int:
        """Run the process of a job, and return its exit status."""
        process = Forked(job)
        try:
            async with asyncio.timeout(seconds):
                await process.start()
                async for line in process.lines():
                    _note(watched, line)
                return await process.ended()
        except TimeoutError:
            logger.warning("import.process_too_slow", import_id=str(watched.import_id))
            return -1
        finally:
            await self._kill(process, watched)

    async def _kill(self, process: Forked, watched: _Watched) -> None:
        """End a process; what it said last tells whether it had begun to write."""
        await process.end()
        async for line in process.lines():
            _note(watched, line)

    async def _finish(self, row: ImportRow, watched: _Watched, folder: Path, status: int) -> None:
        refused_path = folder / REFUSED_FILE
        refused = None
        if refused_path.exists():
            with refused_path.open("rb") as stream:
                refused = stream.read(MOST_REFUSED_BYTES) or None
        ending = _ending(row, watched, status)
        work = watched.work
        ending = replace(ending, refused=refused, rows=work.rows, has_written=work.has_written)
        if ending.state == "done" and watched.done is not None:
            # Before the state says so: whoever reads it finds the options, and no files.
            origin = watched.done.source
            source = None if origin is None else origin.model_dump(mode="json")
            for project_id in watched.done.projects:
                await self._rows.save_settings(
                    project_id, watched.done.headers, watched.done.options, source
                )
            await self._imports.remove_files(row.import_id)
        # The last steps, which came after the last renewal.
        await self._imports.renew(row.import_id, watched.worker, work)
        await self._imports.finish(row.import_id, watched.worker, ending)

    async def _renew(self, row: ImportRow, watched: _Watched) -> None:
        """Hold the row while the process works; end the work when the row is held no longer."""
        held_until = time.monotonic() + LEASE_SECONDS
        while True:
            asked_at, stored = time.monotonic(), watched.work
            try:
                # Behind a silent database, somebody else may take the row at the lease's end.
                async with asyncio.timeout(held_until - asked_at):
                    is_held = await self._imports.renew(watched.import_id, watched.worker, stored)
                held_until = asked_at + LEASE_SECONDS
            except (psycopg.Error, OSError) as error:
                # The lease outlasts a short outage; after a long one the row is not held.
                logger.warning("import.not_renewed", error=str(error))
                is_held = time.monotonic() < held_until
            if not is_held:
                if watched.task is not None:
                    watched.task.cancel()
                return
            for _ in range(int(RENEW_SECONDS / PROGRESS_SECONDS)):
                await asyncio.sleep(PROGRESS_SECONDS)
                if watched.work != stored:
                    break


async def _end(watched: _Watched) -> None:
    if watched.task is not None:
        watched.task.cancel()
        await asyncio.wait([watched.task])


def _note(watched: _Watched, line: bytes) -> None:
    try:
        event = Event.model_validate_json(line)
    except ValidationError:
        logger.warning("import.line_unreadable", bytes=len(line))
        return
    if event.kind == "rows":
        watched.work = replace(watched.work, rows=event.rows)
    elif event.kind == "steps":
        watched.work = replace(watched.work, done=event.done, total=event.total, has_written=True)
    elif event.kind == "preview":
        watched.work = replace(watched.work, rows=event.rows)
        watched.preview = event
    elif event.kind == "done":
        watched.done = event
    else:
        watched.refusal = event


def _ending(row: ImportRow, watched: _Watched, status: int) -> Ending:
    preview = None if watched.preview is None else watched.preview.preview
    projects = None if watched.preview is None else watched.preview.projects
    if watched.refusal is not None:
        refusal = watched.refusal
        return Ending(
            "failed", refusal.detail, preview=preview, projects=projects, problem_code=refusal.code
        )
    if row.state == "importing" and watched.done is not None:
        results = watched.done.results
        return Ending("done", preview=preview, results=results, projects=projects)
    if row.state == "reading" and watched.preview is not None and status == 0:
        return Ending("previewed", preview=preview, projects=projects)
    return Ending("failed", BROKEN, preview=preview, projects=projects)


def new_worker() -> UUID:
    """Return an id for the work on an import."""
    return uuid4()
