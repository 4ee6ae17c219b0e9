"""Dry run of an import without a running stack: all is read here, and nothing is sent."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.cli import import_output
from agent.cli.import_progress import import_bars
from agent.cli.importing import ImportChoices
from agent.cli.stack import print_json
from agent.cli.target import Target
from agent.importing.errors import CsvRefused
from agent.importing.history.known_rows import find_all
from agent.importing.history.row_store import FileRows
from agent.importing.history.study import Study, project_ids, study_files
from agent.importing.loading.plan import check
from agent.importing.options import ImportOptions
from agent.importing.outcome import building
from agent.importing.outcome.outcome_json import to_json
from agent.importing.reading.progress import Progress
from agent.importing.reading.recognition import Recognition
from agent.importing.reading.refusals import free_rejects, write_refusals


def preview_here(
    recognise: Callable[[Progress], Sequence[Recognition]],
    options: ImportOptions,
    choices: ImportChoices,
    target: Target,
    *,
    as_json: bool,
    rejects: Path | None,
) -> None:
    """Show what an import would write, by the copies of the rows known before.

    `recognise` reads its files, or what a tracker told. Raises: `CsvRefused`.
    """
    with import_bars(quiet=as_json or not sys.stderr.isatty()) as bars:
        recognitions = recognise(bars.read)
    rejected = list(map(str, _write_rejects(recognitions, rejects)))
    try:
        study = _study(recognitions, choices, target)
    except CsvRefused:
        # Its reason is easier to understand with what was recognised.
        if not as_json:
            import_output.show_files(list(map(building.file_outcome, recognitions)), rejected)
        raise
    outcome = building.with_rejected(building.make_outcome(study, options), rejected)
    outcome = building.with_commands(
        outcome, lambda name: building.release_command(name, target.options)
    )
    if not as_json:
        import_output.show_preview(outcome)
    # It must find everything that would stop the import.
    for history in study.histories:
        check(history, study.day, study.clock, choices.place)
    if as_json:
        print_json(to_json(outcome))
    else:
        import_output.show_results(outcome, target, choices.level)


def _study(recognitions: Sequence[Recognition], choices: ImportChoices, target: Target) -> Study:
    copies = FileRows(target.folder)
    known = asyncio.run(find_all(copies, project_ids(recognitions)))
    return study_files(
        recognitions, known, choices.day, choices.cadence_days, choices.place.today()
    )


def _write_rejects(recognitions: Sequence[Recognition], chosen: Path | None) -> list[Path]:
    """Write the refused rows of each source, and return the files written.

    Without a chosen file those of a tracker are only shown.
    """
    written: list[Path] = []
    for recognition in recognitions:
        beside = recognition.table and recognition.table.path.with_suffix(".rejected.csv")
        path = chosen or beside
        if path is None or not recognition.refused:
            continue
        written.append(write_refusals(free_rejects(path, written), recognition))
    return written
