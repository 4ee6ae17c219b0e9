"""One import by the orchestrator's routes, as the command line watches it."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from agent.cli.import_progress import ImportBars
from agent.cli.interrupts import NOTHING_IMPORTED
from agent.cli.upload_files import UploadFile, check_sizes, form_of
from agent.client import OrchestratorClient
from agent.importing.errors import ChangesRefused, CsvRefused
from agent.imports.schema import Import, ImportRequest
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Problem, Unavailable

PARTLY_IMPORTED = "a part is imported; the same command again imports the rest."
ALL_IMPORTED = "everything is imported."
UNKNOWN = "the orchestrator does not answer, the import may go on; the same command again is safe."
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 0.5
# Refusals of what was sent, not of who sent it.
_BAD_INPUT = (400, 413, 422)


class ImportSession:
    """Upload, preview, start and end of one import; `standing` says what became of it so far."""

    def __init__(self, orchestrator: OrchestratorClient) -> None:
        self._orchestrator = orchestrator
        self._import_id: UUID | None = None
        self._ended = False
        self.standing = NOTHING_IMPORTED
        """Sentence for a person who stops the command."""

    async def upload(
        self, files: Sequence[UploadFile], request: ImportRequest, bars: ImportBars
    ) -> Import:
        """Send files, and wait for their preview. Raises: `CsvRefused`, `ChangesRefused`."""
        total = check_sizes(files)
        options = request.model_dump_json(exclude_unset=True)
        form = form_of(files, options, lambda size: bars.send(size, total))
        try:
            uploaded = await self._orchestrator.upload_import(form, wait_seconds=0)
        except PeerRefused as refused:
            if refused.peer_status not in _BAD_INPUT:
                raise
            raise _refusal(refused.detail, refused.problem.get("code")) from refused
        self._import_id = uploaded.import_id
        preview = await self._wait("reading", lambda one: bars.read(one.rows_read))
        if preview.preview is None:
            await self.remove()
            raise _refusal(preview.problem or preview.message, preview.problem_code)
        return preview

    async def start(self, bars: ImportBars) -> Import:
        """Start the import, and wait for its end.

        Raises: `CsvRefused`, `ChangesRefused`, `Unavailable`.
        """
        await self._orchestrator.start_import(self._id)

        def show(one: Import) -> None:
            if one.steps_total:
                bars.write(one.steps_done, one.steps_total)

        done = await self._wait("importing", show)
        self._ended = True
        if done.imported is None:
            raise _failure(done)
        self.standing = ALL_IMPORTED
        return done

    async def refused_rows(self, part: int) -> bytes:
        """Read the refused rows of a file; `part` counts the files that have any from 0."""
        answer = await self._orchestrator.refused_rows(self._id, part)
        return answer.content.encode()

    async def remove(self) -> None:
        """Cancel the import, which removes its upload, and note what stands."""
        if self._import_id is None or self._ended:
            return
        try:
            cancelled = await self._orchestrator.cancel_import(self._import_id)
        except PeerRefused as refused:
            # It was done before, by the state of the import.
            self.standing = ALL_IMPORTED if refused.peer_status == 409 else UNKNOWN
        except Problem:
            self.standing = UNKNOWN
        else:
            self.standing = PARTLY_IMPORTED if cancelled.has_written else NOTHING_IMPORTED
        self._ended = True

    @property
    def _id(self) -> UUID:
        assert self._import_id is not None
        return self._import_id

    async def _wait(self, state: str, show: Callable[[Import], None]) -> Import:
        """Watch an import until it leaves a state, and return it whole."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            current = await self._orchestrator.get_import(self._id, brief=True)
            show(current)
            if current.state != state:
                return await self._orchestrator.get_import(self._id)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _refusal(detail: str, code: object) -> CsvRefused:
    """Return the refusal of files by its words and its code."""
    if code == ChangesRefused.code:
        return ChangesRefused(ChangesRefused.reason_in(detail))
    return CsvRefused(detail)


def _failure(done: Import) -> Problem:
    """Return the error of an import that was started and has failed."""
    if not done.has_written:
        return _refusal(done.problem or done.message, done.problem_code)
    return Unavailable(f"{done.message} The same command again imports the rest.")
