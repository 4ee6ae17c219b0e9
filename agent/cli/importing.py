"""`dsm import csv`: import a team's history from files, as of a day."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.interrupts import NOTHING_IMPORTED, stoppable
from agent.cli.stack import AsJson, print_json
from agent.cli.target import Target, is_running

if TYPE_CHECKING:
    from agent.cli.last_import import Recognised
    from agent.importing.history.study import Study
    from agent.importing.loading.autonomy import Level
    from agent.importing.loading.load import LoadResult
    from agent.importing.loading.plan import Plan
    from agent.importing.loading.project_place import ProjectPlace
    from agent.importing.options import ImportOptions
    from agent.importing.reading.recognition import Recognition

DASH = Path("-")
PARTLY_IMPORTED = "a part may be imported; the same command again imports the rest."

Files = Annotated[
    list[Path],
    typer.Argument(
        allow_dash=True,
        help="CSV files or workbooks, - for standard input; their rows unite.",
    ),
]
Sheet = Annotated[str | None, typer.Option(help="Sheet of a workbook; default: the first table.")]
EncodingName = Annotated[
    str | None, typer.Option("--encoding", help="Encoding of a text, e.g. cp1250; default: found.")
]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", help="field=column pairs, e.g. id=Key,created=Created."),
]
Prefix = Annotated[str, typer.Option(help="Put before each value of the project column.")]
Project = Annotated[str | None, typer.Option(help="Project id, for a file without a column.")]
AsOf = Annotated[
    str | None,
    typer.Option(help="YYYY-MM-DD; default: the day after the newest date, at most today."),
]
Cadence = Annotated[
    str | None,
    typer.Option(help="Length of a sprint, e.g. 2w or 10d; default: as before, as tracked, or 2w."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what is recognised, import nothing.")]
Rejects = Annotated[
    Path | None, typer.Option(help="Where refused rows go; default: FILE.rejected.csv.")
]
DateFormatName = Annotated[
    str | None, typer.Option("--date-format", help="Settles ambiguous dates, e.g. m/d/Y.")
]
Country = Annotated[str | None, typer.Option(help="Country of the team's calendar, e.g. DE.")]
Subdivision = Annotated[str | None, typer.Option(help="Part of the country, e.g. BY.")]
TimeZone = Annotated[str | None, typer.Option("--timezone", help="E.g. Europe/Berlin.")]
Statuses = Annotated[
    list[str] | None,
    typer.Option("--status", help="Meaning of a status, e.g. Live=done (todo, doing, dropped)."),
]
Types = Annotated[
    str | None,
    typer.Option(help="Types that are planned and counted, e.g. Story,Bug,Task; or all."),
]
Refusals = Annotated[
    str, typer.Option(help="Largest share of refused rows with which an import begins.")
]
Forget = Annotated[
    bool, typer.Option("--forget-options", help="Take no options of the project's last import.")
]
AutonomyName = Annotated[
    str,
    typer.Option(
        "--autonomy",
        help="How far a new project acts by itself: observe, approve (it asks) or act.",
    ),
]


def import_csv(
    files: Files,
    sheet: Sheet = None,
    encoding: EncodingName = None,
    mapping: Mapping = None,
    statuses: Statuses = None,
    types: Types = None,
    prefix: Prefix = "",
    project: Project = None,
    as_of: AsOf = None,
    cadence: Cadence = None,
    country: Country = None,
    subdivision: Subdivision = None,
    timezone: TimeZone = None,
    dry_run: DryRun = False,
    rejects: Rejects = None,
    refusals: Refusals = "2%",
    date_format: DateFormatName = None,
    autonomy: AutonomyName = "approve",
    forget_options: Forget = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Import tasks from CSV: what was open on a day is the backlog, what was finished the past."""
    # Imported here, not above: `dsm up` and `dsm status` must not wait for pydantic models.
    from agent.cli.failures import one_line
    from agent.importing.option_texts import parse_share, parse_statuses, parse_types
    from agent.importing.options import ImportOptions
    from agent.importing.reading.mapping import parse_mapping

    with stoppable(NOTHING_IMPORTED), one_line():
        choices = parse_choices(as_of, cadence, (country, subdivision, timezone), autonomy)
        options = ImportOptions(
            mapping=parse_mapping(mapping or []),
            statuses=parse_statuses(statuses or []),
            types=parse_types(types),
            prefix=prefix,
            project=project,
            date_format=date_format,
            sheet=sheet,
            encoding=encoding,
            refusal_share=parse_share(refusals),
        )
        import_files(files, options, choices, target, forget_options, dry_run, as_json, rejects)


@dataclass(frozen=True)
class ImportChoices:
    """Choices about an import, whatever its source is."""

    level: "Level"
    """Autonomy of new projects."""
    cadence_days: int | None
    """Length of a sprint in days; None: as imported before, or two weeks."""
    day: date | None
    """Day of the import; None: the day after the newest date."""
    place: "ProjectPlace"
    """Country and time zone."""


def parse_choices(
    as_of: str | None,
    cadence: str | None,
    place: tuple[str | None, str | None, str | None],
    autonomy: str,
) -> ImportChoices:
    """Read the options about day, length of a sprint, place and autonomy.

    `place` is country, part of it, and time zone. Raises: `Invalid` for a value that is none.
    """
    from agent.importing.history.cutoff import parse_as_of, parse_cadence
    from agent.importing.loading.project_place import parse_place

    return ImportChoices(
        level=_level(autonomy),
        cadence_days=parse_cadence(cadence) if cadence else None,
        day=parse_as_of(as_of) if as_of else None,
        place=parse_place(*place),
    )


def import_files(
    paths: Sequence[Path],
    options: "ImportOptions",
    choices: ImportChoices,
    target: Target,
    forget_options: bool,
    dry_run: bool,
    as_json: bool,
    rejects: Path | None,
) -> None:
    """Import files by the running stack; without one, a dry run reads them here.

    Raises: `CsvRefused`, `NotRunning`.
    """
    if dry_run and not is_running(target):
        from agent.cli.import_preview import preview_files

        preview_files(paths, options, choices, target, as_json=as_json, rejects=rejects)
        return
    # Imported here, not above: without a stack no client is needed.
    from agent.cli.connect import NotRunning
    from agent.cli.import_request import request_of
    from agent.cli.import_upload import import_uploaded
    from agent.cli.upload_files import open_files

    request = request_of(paths, options, choices, forget_options)
    files = open_files(paths)
    try:
        import_uploaded(files, request, target, dry_run=dry_run, as_json=as_json, rejects=rejects)
    except NotRunning:
        if not dry_run or DASH in paths:
            raise
        from agent.cli.import_preview import preview_files

        preview_files(paths, options, choices, target, as_json=as_json, rejects=rejects)


def import_recognised(
    rows: "Recognised", rejected: Sequence[Path], target: Target, dry_run: bool, as_json: bool
) -> None:
    """Show what was recognised, and import it unless `dry_run`; `rejected` are files of rows.

    Raises: `CsvRefused` before anything is written.
    """
    from agent.cli import import_output
    from agent.cli.imported_rows import find_known
    from agent.cli.last_import import save_import
    from agent.importing.history.study import project_ids, study_files
    from agent.importing.loading.plan import check
    from agent.importing.outcome import building
    from agent.importing.outcome.outcome_json import to_json
    from agent.importing.reading.readiness import refuse_doubts

    recognitions, choices, options = rows.recognitions, rows.choices, rows.options
    place, level = choices.place, choices.level
    with _explained(recognitions, rejected, as_json):
        if not dry_run:
            refuse_doubts(recognitions, options)
        known = asyncio.run(find_known(target, project_ids(recognitions)))
        study = study_files(recognitions, known, choices.day, choices.cadence_days, place.today())
    outcome = building.make_outcome(study, options, rows.used)
    outcome = building.with_rejected(outcome, list(map(str, rejected)))
    outcome = building.with_commands(
        outcome, lambda name: building.release_command(name, target.options)
    )
    if not as_json:
        import_output.show_preview(outcome)
    # Checked in a dry run too: it must find everything that would stop the import.
    plans = [] if dry_run else _plans(study, place)
    if dry_run:
        for history in study.histories:
            check(history, study.day, study.clock, place)
    with stoppable(NOTHING_IMPORTED if dry_run else PARTLY_IMPORTED):
        if not dry_run:
            results = _load(target, plans, study, choices, quiet=as_json)
            asyncio.run(save_import(target, study.rows, rows))
            outcome = building.with_results(outcome, list(map(building.project_result, results)))
        if not as_json:
            import_output.show_results(outcome, target, level)
            return
        print_json(to_json(outcome))


def _plans(study: "Study", place: "ProjectPlace") -> "list[Plan]":
    from agent.importing.loading.plan import prepare

    return [prepare(history, study.day, study.clock, place) for history in study.histories]


def _load(
    target: Target,
    plans: "Sequence[Plan]",
    study: "Study",
    choices: ImportChoices,
    *,
    quiet: bool,
) -> "list[LoadResult]":
    # Imported here, not above: a preview needs no client of any service.
    from agent.cli.import_loading import load_plans

    return asyncio.run(
        load_plans(target, plans, study, choices.place, level=choices.level, quiet=quiet)
    )


def _level(name: str) -> "Level":
    """Return the autonomy that an option names. Raises: `Invalid`."""
    from agent.importing.loading.autonomy import LEVELS
    from domain_services.kernel.errors import Invalid

    for level in LEVELS:
        if level == name:
            return level
    raise Invalid(f"--autonomy {name} is no level; name {', '.join(LEVELS)}")


@contextmanager
def _explained(
    recognitions: "Sequence[Recognition]", rejected: Sequence[Path], as_json: bool
) -> Iterator[None]:
    """Show what was recognised before a refusal, whose reason is easier to understand with it."""
    from agent.cli import import_output
    from agent.importing.errors import CsvRefused
    from agent.importing.outcome.building import file_outcome

    try:
        yield
    except CsvRefused:
        if not as_json:
            files = list(map(file_outcome, recognitions))
            import_output.show_files(files, list(map(str, rejected)))
        raise


def write_rejects(recognitions: "Sequence[Recognition]", chosen: Path | None) -> list[Path]:
    """Write the refused rows of each source, and return the files written.

    Without a chosen file those of a tracker are only shown.
    """
    from agent.importing.reading.refusals import free_rejects, write_refusals

    written: list[Path] = []
    for recognition in recognitions:
        beside = recognition.table and recognition.table.path.with_suffix(".rejected.csv")
        path = chosen or beside
        if path is None or not recognition.refused:
            continue
        written.append(write_refusals(free_rejects(path, written), recognition))
    return written
