"""`dsm import csv`: import a team's history from a file, as of a day."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from agent.importing.recognition import Recognition

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The CSV file.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", help="field=column pairs, e.g. id=Key,created=Created."),
]
Prefix = Annotated[str, typer.Option(help="Put before each value of the project column.")]
Project = Annotated[str | None, typer.Option(help="Project id, for a file without a column.")]
AsOf = Annotated[
    str | None, typer.Option(help="YYYY-MM-DD; default: the day after the last finish.")
]
Cadence = Annotated[str, typer.Option(help="Length of a sprint, e.g. 2w or 10d.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what is recognised, import nothing.")]
Rejects = Annotated[
    Path | None, typer.Option(help="Where refused rows go; default: FILE.rejected.csv.")
]
DateFormatName = Annotated[
    str | None, typer.Option("--date-format", help="Settles ambiguous dates, e.g. m/d/Y.")
]


def import_csv(
    file: File,
    mapping: Mapping = None,
    prefix: Prefix = "",
    project: Project = None,
    as_of: AsOf = None,
    cadence: Cadence = "2w",
    dry_run: DryRun = False,
    rejects: Rejects = None,
    date_format: DateFormatName = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Import tasks from CSV: what was open on a day is the backlog, what was finished the past."""
    # Imported here, not above: `dsm up` and `dsm status` must not wait for pydantic models.
    from agent.cli import import_output
    from agent.cli.failures import one_line
    from agent.cli.import_loading import load_plans
    from agent.importing.cutoff import choose_as_of, future_day_warning, parse_as_of, parse_cadence
    from agent.importing.dates import latest_today
    from agent.importing.history_windows import split_history
    from agent.importing.plan import prepare

    with one_line():
        days = parse_cadence(cadence)
        requested_day = parse_as_of(as_of) if as_of else None
        recognition = _recognise(file, mapping or [], prefix, project, date_format)
        rejected = _write_rejects(recognition, rejects or file.with_suffix(".rejected.csv"))
        warning = future_day_warning(requested_day, latest_today())
        # Shown before the checks below, whose errors are easier to understand with it.
        if not as_json:
            import_output.show_recognition(recognition, rejected, warning)
        day = choose_as_of(recognition, requested_day)
        histories = list(split_history(recognition.tasks, day, days).values())
        if not as_json:
            import_output.show_histories(histories, day, days)
        # Prepared in a dry run too: it must find everything that would stop the import.
        plans = [prepare(history, day) for history in histories]
        results = (
            [] if dry_run else asyncio.run(load_plans(data_dir, plans, day, days, quiet=as_json))
        )
        if as_json:
            answer = import_output.to_json(recognition, histories, results, day, rejected, warning)
            print(json.dumps(answer | {"dry_run": dry_run}, indent=2))
        else:
            import_output.show_results(results, dry_run)


def _recognise(
    file: Path, mapping: list[str], prefix: str, project: str | None, date_format: str | None
) -> "Recognition":
    from agent.importing.mapping import parse_mapping
    from agent.importing.recognition import recognise
    from agent.importing.table import read_table

    return recognise(
        read_table(file),
        parse_mapping(mapping),
        prefix=prefix,
        project=project,
        format_name=date_format,
    )


def _write_rejects(recognition: "Recognition", path: Path) -> Path | None:
    """Write the refused rows and return the file; None when no row was refused."""
    from agent.importing.refusals import write_refusals

    return write_refusals(path, recognition) if recognition.refused else None
