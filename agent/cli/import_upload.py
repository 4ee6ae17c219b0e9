"""Import by the orchestrator's routes: upload, preview, start and results, for every source."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from agent.cli import import_output
from agent.cli.connect import connect
from agent.cli.import_progress import ImportBars, import_bars
from agent.cli.import_session import ImportSession
from agent.cli.interrupts import NOTHING_IMPORTED, stoppable
from agent.cli.row_copies import copy_rows, take_over_rows
from agent.cli.stack import print_json
from agent.cli.target import Target
from agent.cli.upload_files import UploadFile
from agent.client import OrchestratorClient
from agent.importing.history.row_store import FileRows
from agent.importing.outcome import building
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.outcome.outcome_json import to_json
from agent.importing.reading.readiness import refuse
from agent.importing.reading.refusals import free_rejects, save_refusals
from agent.imports.schema import ImportRequest

# Longest wait for embeddings; the orchestrator makes the others after the command has ended.
EMBEDDING_SECONDS = 5.0
EMBEDDING_PAUSE_SECONDS = 0.2


def import_uploaded(
    files: Sequence[UploadFile],
    request: ImportRequest,
    target: Target,
    *,
    dry_run: bool = False,
    as_json: bool = False,
    rejects: Path | None = None,
) -> None:
    """Upload files to the orchestrator of a target, show what is in them, and import them.

    A dry run ends after the preview and removes the upload. `rejects` is the file for refused
    rows; None is that of each file. Ctrl-C cancels the import, and says what stands.
    Raises: `CsvRefused`, `ChangesRefused`, and the problems of `connect`.
    """
    command = UploadCommand(files, request, target, dry_run, as_json, rejects)
    with stoppable(command.standing):
        asyncio.run(command.run())


class UploadCommand:
    """The steps of one command."""

    def __init__(
        self,
        files: Sequence[UploadFile],
        request: ImportRequest,
        target: Target,
        dry_run: bool,
        as_json: bool,
        rejects: Path | None,
    ) -> None:
        self._files = files
        self._request = request
        self._target = target
        self._dry_run = dry_run
        self._as_json = as_json
        self._rejects = rejects
        self._session: ImportSession | None = None

    def standing(self) -> str:
        """Say what became of the import so far."""
        return NOTHING_IMPORTED if self._session is None else self._session.standing

    async def run(self) -> None:
        """Carry the command out."""
        async with connect(self._target) as clients:
            session = self._session = ImportSession(clients.orchestrator)
            try:
                await self._import(session, clients.orchestrator)
            finally:
                # Also by Ctrl-C, and when the rows stop the import: nobody would start it.
                await session.remove()

    async def _import(self, session: ImportSession, orchestrator: OrchestratorClient) -> None:
        copies = FileRows(self._target.folder)
        await take_over_rows(orchestrator, copies)
        with import_bars(quiet=self._as_json) as bars:
            uploaded = await session.upload(self._files, self._request, bars)
        assert uploaded.preview is not None
        outcome = await self._own(uploaded.preview, session)
        if not self._as_json:
            import_output.show_preview(outcome)
        if not self._dry_run:
            refuse(outcome.stops)
            with import_bars(quiet=self._as_json) as bars:
                done = await session.start(bars)
                outcome = building.with_results(outcome, done.imported or ())
                await copy_rows(orchestrator, copies, outcome.projects)
                remaining = await _wait_for_embeddings(orchestrator, bars)
            self._say_remaining(remaining)
        if self._as_json:
            print_json(to_json(outcome))
        else:
            import_output.show_results(outcome, self._target, self._request.autonomy)

    async def _own(self, outcome: ImportOutcome, session: ImportSession) -> ImportOutcome:
        """Return the outcome with the paths and commands of this machine; write refused rows."""
        outcome = building.with_names(outcome, [file.name for file in self._files])
        outcome = building.with_commands(
            outcome, lambda name: building.release_command(name, self._target.options)
        )
        written: list[Path] = []
        places = [place for place, file in enumerate(outcome.files) if file.refused_rows]
        for part, place in enumerate(places):
            file = self._files[place]
            chosen = self._rejects or file.rejects
            if chosen is None:
                continue
            path = free_rejects(chosen, written)
            # Empty when others have filled what is kept of refused rows.
            if not (content := await session.refused_rows(part)):
                continue
            written.append(save_refusals(path, content, file.path))
        return building.with_rejected(outcome, list(map(str, written)))

    def _say_remaining(self, episodes: int) -> None:
        if episodes and not self._as_json:
            print(
                f"{episodes} episodes are not embedded yet; until then recall finds them by"
                f" numbers: `dsm backfill{self._target.options}` embeds them now."
            )


async def _wait_for_embeddings(orchestrator: OrchestratorClient, bars: ImportBars) -> int:
    """Wait a few seconds for the orchestrator to embed; return the episodes that are left."""
    total = remaining = (await orchestrator.embedding_backlog()).to_embed
    deadline = time.monotonic() + EMBEDDING_SECONDS
    while remaining and time.monotonic() < deadline:
        await asyncio.sleep(EMBEDDING_PAUSE_SECONDS)
        remaining = (await orchestrator.embedding_backlog()).to_embed
        bars.embed(total - remaining, total)
    return remaining
