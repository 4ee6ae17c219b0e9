"""Options that an import takes from earlier ones, and sources that can be repeated."""

from pathlib import Path

import pytest

from agent.cli.importing import ImportChoices
from agent.cli.last_import import files_source, recognise_exports
from agent.cli.sync import describe_source, find_import
from agent.importing.errors import CsvRefused
from agent.importing.loading.project_place import UNKNOWN_PLACE
from agent.importing.meaning.statuses import State
from agent.importing.options import ImportOptions
from agent.imports.schema import ImportedProject, ImportRequest, ImportSource

CHOICES = ImportChoices("approve", None, None, UNKNOWN_PLACE)


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


def test_saved_options_fill_only_what_the_command_line_leaves_open(file: Path) -> None:
    saved = [imported("P", statuses={"Live": State.DONE}, cadence_days=7, project="Q", prefix="X-")]
    rows = recognise_exports([file], ImportOptions(), CHOICES, saved)
    assert rows.options.statuses == {"Live": State.DONE}
    assert rows.choices.cadence_days == 7
    assert (rows.options.project, rows.options.prefix) == (None, "")
    assert "--status" in rows.used
    own = ImportOptions(statuses={"live": State.DROPPED})
    assert recognise_exports([file], own, CHOICES, saved).options.statuses == own.statuses


def test_options_of_another_project_are_not_taken(file: Path) -> None:
    rows = recognise_exports([file], ImportOptions(), CHOICES, [imported("Q", cadence_days=7)])
    assert (rows.choices.cadence_days, rows.used) == (None, "")


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
