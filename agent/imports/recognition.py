"""Recognition of the uploaded files, with the options of the last import where none are given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.importing.options import ImportOptions
from agent.importing.reading.export_files import Complete, ExportFiles
from agent.importing.reading.progress import Progress
from agent.importing.reading.recognition import Recognition
from agent.importing.saved_options import OF_FILES, choose_saved, describe_saved, fill_in
from agent.imports.job import SavedImport
from agent.imports.known_sources import imports_of
from agent.imports.schema import ImportRequest


@dataclass(frozen=True, slots=True)
class RecognisedFiles:
    """Files of an import, and the options by which they were read."""

    recognitions: tuple[Recognition, ...]
    """Recognition of each file."""
    request: ImportRequest
    """Options, those of the last import included."""
    used_options: str
    """Sentence about the options of the last import; "" without any."""
    headers: str
    """Hash of the columns of the files."""

    @property
    def options(self) -> ImportOptions:
        """Options about the rows."""
        return self.request.options()

    @property
    def rows(self) -> int:
        """Count all rows, the refused ones included."""
        return sum(recognition.rows for recognition in self.recognitions)


def recognise_with_saved(
    paths: Sequence[Path],
    request: ImportRequest,
    saved: Sequence[SavedImport],
    progress: Progress,
    complete: Complete | None = None,
) -> RecognisedFiles:
    """Read files by the options of a request, filled up from earlier imports.

    Those are of the projects that the rows tell; before that is known, of the named project, else
    of the same tracker or of files with the same columns. `complete` completes what a tracker told.
    Raises: `CsvRefused`.
    """
    files = ExportFiles(paths, complete)
    if request.forget_options:
        recognitions = files.recognise(request.options(), progress)
        return RecognisedFiles(recognitions, request, "", files.headers(request.options()))
    headers = files.headers(request.options())
    fixed = OF_FILES if files.are_of_trackers(request.options()) else ()
    alike = [one for one in saved if one.project_id == request.project]
    alike = alike or imports_of(request.source, saved)
    alike = alike or [one for one in saved if headers and one.headers == headers]
    filled, used = _fill(request, alike, fixed)
    recognitions = files.recognise(filled.options(), progress)
    names = {task.project for recognition in recognitions for task in recognition.tasks}
    of_projects = [one for one in saved if one.project_id in names]
    if of_projects and of_projects != alike:
        again, used = _fill(request, of_projects, fixed)
        if again != filled:
            filled, recognitions = again, files.recognise(again.options(), progress)
    return RecognisedFiles(recognitions, filled, used, files.headers(filled.options()))


def _fill(
    request: ImportRequest, saved: Sequence[SavedImport], fixed: Sequence[str]
) -> tuple[ImportRequest, str]:
    """Return the request with saved values but those of `fixed`, and the sentence about them."""
    last = choose_saved(one.options for one in saved)
    last = {name: value for name, value in last.items() if name not in fixed}
    values, added = fill_in(request.model_dump(mode="json"), last)
    return ImportRequest.model_validate(values), describe_saved(added)
