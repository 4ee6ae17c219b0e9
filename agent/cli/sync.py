"""`dsm sync`: import a project once more from where its last import came from."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.interrupts import NOTHING_IMPORTED, stoppable
from agent.cli.stack import AsJson, print_json
from agent.cli.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.imports.schema import ImportedProject, ImportSource

Project = Annotated[
    str | None, typer.Argument(help="Project to import again; without it, projects are listed.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the changes, import nothing.")]
All = Annotated[
    bool,
    typer.Option("--all", help="Read a tracker as a whole, not only what changed in it."),
]


def sync(
    project: Project = None,
    dry_run: DryRun = False,
    everything: All = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Import a project once more from its last source, with the options of its last import.

    Of a tracker only the changes since then are read; --all reads everything again.
    """
    from agent.cli.failures import one_line
    from agent.cli.last_import import imported_projects

    with stoppable(NOTHING_IMPORTED), one_line():
        imports = asyncio.run(imported_projects(target))
        if project is None:
            _show(imports, as_json=as_json)
            return
        last = find_import(imports, project)
        if last.source is not None and last.source.kind == "files":
            _import_files(last, target, dry_run, as_json)
            return
        # Imported here, not above: files need no client of a tracker.
        from agent.cli.tracker_import import sync_tracker

        sync_tracker(imports, last, target, whole=everything, dry_run=dry_run, as_json=as_json)


def find_import(imports: "Sequence[ImportedProject]", project_id: str) -> "ImportedProject":
    """Return the last import of a project that can be repeated. Raises: `CsvRefused`."""
    from agent.importing.errors import CsvRefused
    from agent.importing.reading.export_files import DASH

    last = next((one for one in imports if one.project_id == project_id), None)
    if last is None or last.source is None or last.options is None:
        raise CsvRefused(
            f"No source of {project_id} is saved: import it once by `dsm import csv FILE`, "
            "`dsm import jira`, `dsm import github` or `dsm import gitlab`. `dsm sync` lists the "
            "projects with a source."
        )
    if str(DASH) in last.source.paths:
        raise CsvRefused(
            f"The last import of {project_id} read standard input, which cannot be repeated: save "
            "the export as a file, and import it by `dsm import csv FILE`."
        )
    missing = [path for path in last.source.paths if not Path(path).is_file()]
    if missing:
        raise CsvRefused(
            f"{', '.join(missing)} is not there: save the export at this path again, or import it "
            "from another one by `dsm import csv FILE`."
        )
    return last


def _import_files(last: "ImportedProject", target: Target, dry_run: bool, as_json: bool) -> None:
    from agent.cli.import_request import repeated_request
    from agent.cli.import_upload import import_uploaded
    from agent.cli.upload_files import open_files

    assert last.source is not None
    files = open_files([Path(path) for path in last.source.paths])
    request = repeated_request(last, last.source)
    import_uploaded(files, request, target, dry_run=dry_run, as_json=as_json)


def _show(imports: "Sequence[ImportedProject]", *, as_json: bool) -> None:
    """Print projects with their sources and the day of the last import."""
    if as_json:
        print_json({"projects": [one.model_dump(mode="json") for one in imports]})
        return
    if not imports:
        print("No project was imported: begin by `dsm import csv FILE`.")
    for one in imports:
        day = "an earlier release" if one.imported_at is None else f"{one.imported_at:%Y-%m-%d}"
        print(f"{one.project_id}: {describe_source(one.source)}; last import: {day}")


def describe_source(source: "ImportSource | None") -> str:
    """Name a source in words."""
    from agent.importing.terminal import printable

    if source is None:
        return "no source is saved"
    if source.kind == "files":
        return printable(", ".join(source.paths))
    request = source.request
    return printable(f"{request.get('kind')} {request.get('url')} {request.get('scope')}".strip())
