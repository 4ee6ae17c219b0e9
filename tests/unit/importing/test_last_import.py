"""Options that an import takes from earlier ones, and sources that can be repeated."""

from pathlib import Path
from typing import Any

import pytest

from agent.cli.last_import import files_source
from agent.cli.sync import describe_source, find_import
from agent.importing.errors import CsvRefused
from agent.importing.meaning.statuses import State
from agent.importing.options import ImportOptions
from agent.importing.reading import files as reading_files
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.saved_options import hash_headers
from agent.importing.sources.document import write_document
from agent.importing.sources.meanings import GITHUB
from agent.importing.tables.table import read_table
from agent.imports.job import SavedImport
from agent.imports.recognition import RecognisedFiles, recognise_with_saved
from agent.imports.schema import ImportedProject, ImportRequest, ImportSource


def imported(
    project_id: str, source: ImportSource | None = None, **options: object
) -> ImportedProject:
    request = ImportRequest.model_validate(options)
    return ImportedProject(
        project_id=project_id, options=request, source=source, imported_at=None, headers="h"
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.csv"
    path.write_text("id,project,created,finished,status\n1,P,2024-03-01,,Live\n")
    return path


def recognised(file: Path, saved: list[SavedImport], **options: object) -> RecognisedFiles:
    request = ImportRequest.model_validate(options)
    return recognise_with_saved([file], request, saved, lambda rows, share: None)


def saved(project_id: str, headers: str = "h", **options: object) -> SavedImport:
    return SavedImport(project_id=project_id, headers=headers, options=dict(options))


def test_saved_options_fill_only_what_the_request_leaves_open(file: Path) -> None:
    before = [saved("P", statuses={"Live": "Done"}, cadence_days=7, project="Q", prefix="X-")]
    files = recognised(file, before)
    assert files.options.statuses == {"live": State.DONE}
    assert files.request.cadence_days == 7
    assert (files.options.project, files.options.prefix) == (None, "")
    assert "--status" in files.used_options
    own = recognised(file, before, statuses={"Live": "Dropped"})
    assert own.options.statuses == {"live": State.DROPPED}
    forgotten = recognised(file, before, forget_options=True)
    assert (forgotten.request.cadence_days, forgotten.used_options) == (None, "")


def test_options_of_another_project_are_not_taken(file: Path) -> None:
    files = recognised(file, [saved("Q", cadence_days=7)])
    assert (files.request.cadence_days, files.used_options) == (None, "")


def test_options_of_files_with_the_same_columns_help_before_a_project_is_known(file: Path) -> None:
    file.write_text("Nr,Made\n1,2024-03-01\n")
    headers = hash_headers([["Nr", "Made"]])
    mapping = {"id": "Nr", "created": "Made"}
    files = recognised(file, [saved("Q", headers, mapping=mapping)], project="R")
    assert files.options.mapping == mapping
    assert (files.headers, files.rows) == (headers, 1)


def test_options_about_columns_are_not_taken_for_a_tracker(tmp_path: Path) -> None:
    path = tmp_path / "tracker.jsonl"
    row = SourceRow({"id": ("1",), "project": ("P",), "created": ("2024-03-01",)}, (), 1)
    with path.open("wb") as stream:
        write_document(SourceRows("repository a/p", GITHUB, [row], ()), stream)
    before = [saved("P", date_format="d/m/Y", mapping={"id": "Key"}, cadence_days=7)]
    files = recognised(path, before)
    assert (files.request.date_format, files.request.mapping) == (None, {})
    assert (files.request.cadence_days, files.rows) == (7, 1)
    assert files.used_options.startswith("Used from the last import: --cadence 7d.")


def test_tracker_is_known_again_before_its_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "tracker.jsonl"
    row = SourceRow({"id": ("1",), "project": ("P",), "created": ("2024-03-01",)}, (), 1)
    with path.open("wb") as stream:
        write_document(SourceRows("repository a/p", GITHUB, [row], ()), stream)
    source = ImportSource(kind="api", request={"url": "https://api.github.com", "scope": "a/p"})
    before = [saved("P", cadence_days=7).model_copy(update={"source": source})]
    request = ImportRequest(source=source)
    requests: list[ImportOptions] = []

    def complete(rows: SourceRows, options: ImportOptions) -> SourceRows:
        requests.append(options)
        return rows

    files = recognise_with_saved([path], request, before, lambda rows, share: None, complete)
    assert files.request.cadence_days == 7
    assert len(requests) == 1


def test_files_are_opened_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[Path] = []

    def count(path: Path, *rest: Any, **options: Any) -> Any:
        paths.append(path)
        return read_table(path, *rest, **options)

    monkeypatch.setattr(reading_files, "read_table", count)
    recognised(file, [saved("P", cadence_days=7, statuses={"Live": "Done"})])
    assert paths == [file]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (None, "No source of P is saved"),
        (ImportSource(kind="files", paths=["-"]), "cannot be repeated"),
        (ImportSource(kind="files", paths=["/nowhere/a.csv"]), "/nowhere/a.csv is not there"),
    ],
)
def test_source_that_cannot_be_repeated_is_refused_in_words(
    source: ImportSource | None, words: str
) -> None:
    with pytest.raises(CsvRefused, match=words):
        find_import([imported("P", source)], "P")


def test_files_are_kept_by_their_absolute_paths(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    source = files_source([Path(file.name), Path("-")])
    assert source is not None
    assert source["paths"] == [str(file), "-"]
    assert describe_source(ImportSource.model_validate(source)) == f"{file}, -"
