"""Answers about imports, with words for what stands and what comes next."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from agent.importing.errors import ChangesRefused
from agent.importing.outcome.outcome import ImportOutcome
from agent.importing.outcome.project_outcome import ProjectResult
from agent.imports.schema import Import, ImportRequest, UploadedFile
from domain_services.kernel.errors import Problem
from memory.imports import ImportFile, ImportRow

_PREVIEW = TypeAdapter(ImportOutcome)
_RESULTS = TypeAdapter(tuple[ProjectResult, ...])


class ImportRefused(Problem):
    """Refusal of files that arrived whole and cannot be imported as they are."""

    status = 422
    code = "csv_refused"
    title = "CSV cannot be imported"


class TrackerChangesRefused(ImportRefused):
    """Refusal of changes of a tracker: all of it must be read and uploaded."""

    code = ChangesRefused.code
    title = ChangesRefused.title


def refusal_of(row: ImportRow) -> ImportRefused:
    """Return the refusal of the files of a failed import."""
    is_of_changes = row.problem_code == ChangesRefused.code
    kind = TrackerChangesRefused if is_of_changes else ImportRefused
    return kind(row.problem or "", import_id=str(row.import_id))


def answer(row: ImportRow, files: Sequence[ImportFile], *, short: bool = False) -> Import:
    """Make the answer about an import; a `short` one has no preview and no results."""
    return Import(
        import_id=row.import_id,
        state=row.state,
        message=_message(row),
        owner=row.owner,
        created_at=row.created_at,
        updated_at=row.updated_at,
        files=[UploadedFile(name=file.name, bytes=file.bytes) for file in files],
        options=ImportRequest.model_validate(row.request),
        projects=row.projects,
        rows_read=row.rows_read,
        steps_done=row.steps_done,
        steps_total=row.steps_total,
        preview=None if short or row.preview is None else _PREVIEW.validate_json(row.preview),
        imported=None if short or row.results is None else _RESULTS.validate_json(row.results),
        has_written=row.has_written,
        has_refused_rows=row.has_refused,
        problem=row.problem,
        problem_code=row.problem_code,
    )


def _message(row: ImportRow) -> str:
    projects = ", ".join(row.projects)
    if row.state == "reading":
        return "The files are being read; ask again for the preview."
    if row.state == "previewed":
        return f"{projects} can be imported: start it, or give other options. Nothing is written."
    if row.state == "importing":
        return f"{projects}: {row.steps_done:,} of {row.steps_total:,} records are there."
    if row.state == "done":
        return f"{projects} is imported."
    stands = (
        f"What was written of {projects} stays; importing the same files again completes it."
        if row.has_written
        else "Nothing was written: every project is as it was."
    )
    if row.state == "cancelled":
        return f"Cancelled, and the upload is removed. {stands}"
    return f"{row.problem} {stands}"
