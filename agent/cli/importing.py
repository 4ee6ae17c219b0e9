"""`dsm import csv`: import a team's history from files, as of a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.interrupts import NOTHING_IMPORTED, stoppable
from agent.cli.stack import AsJson
from agent.cli.target import Target, is_running

if TYPE_CHECKING:
    from agent.importing.loading.autonomy import Level
    from agent.importing.loading.project_place import ProjectPlace
    from agent.importing.options import ImportOptions

DASH = Path("-")

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

    def preview() -> None:
        from agent.cli.import_preview import preview_here
        from agent.importing.reading.files import recognise_files

        preview_here(
            lambda progress: recognise_files(paths, options, progress),
            options, choices, target, as_json=as_json, rejects=rejects,
        )  # fmt: skip

    if dry_run and not is_running(target):
        preview()
        return
    # Imported here, not above: without a stack no client is needed.
    from agent.cli.connect import NotRunning
    from agent.cli.import_request import request_of
    from agent.cli.import_upload import import_uploaded
    from agent.cli.last_import import files_source
    from agent.cli.upload_files import open_files

    request = request_of(files_source(paths), options, choices, forget_options)
    files = open_files(paths)
    try:
        import_uploaded(files, request, target, dry_run=dry_run, as_json=as_json, rejects=rejects)
    except NotRunning:
        if not dry_run or DASH in paths:
            raise
        preview()


def _level(name: str) -> "Level":
    """Return the autonomy that an option names. Raises: `Invalid`."""
    from agent.importing.loading.autonomy import LEVELS
    from domain_services.kernel.errors import Invalid

    for level in LEVELS:
        if level == name:
            return level
    raise Invalid(f"--autonomy {name} is no level; name {', '.join(LEVELS)}")
