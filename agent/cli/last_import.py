"""Options and source of a project's last import, taken and kept by the commands that import."""

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli.importing import ImportChoices
from agent.cli.target import Target
from agent.importing.loading.project_place import parse_place
from agent.importing.meaning.statuses import plain_name
from agent.importing.options import ImportOptions
from agent.importing.reading.export_files import DASH
from agent.importing.reading.recognition import Recognition
from agent.importing.reading.source_rows import SourceRows
from agent.importing.saved_options import choose_saved, describe_saved, fill_in
from agent.importing.sources.last_read import setup_of
from agent.importing.sources.source_request import SourceRequest
from agent.importing.tasks import option_project_id

if TYPE_CHECKING:
    from agent.imports.schema import ImportedProject

# Options that say how a file is read; an API has no columns and one way to write dates.
OF_FILES = ("mapping", "date_format", "sheet", "encoding")
# As the route takes them.
MOST_PATHS, MOST_PATH = 100, 500

Read = Callable[[ImportOptions], Sequence[Recognition]]


@dataclass(frozen=True)
class Recognised:
    """Rows of an import, and what they were recognised by."""

    recognitions: Sequence[Recognition]
    """Recognition of each file or source."""
    options: ImportOptions
    """Options about the rows, those of the last import included."""
    choices: ImportChoices
    """Choices about the import, those of the last one included."""
    source: Mapping[str, Any] | None
    """Where the rows came from, as JSON; None leaves the one that is saved."""
    headers: str
    """Hash of the columns of the files; empty for an API."""
    used: str
    """Sentence about the options of the last import; empty without any."""


def recognise_saved(
    read: Read,
    options: ImportOptions,
    choices: ImportChoices,
    saved: "Sequence[ImportedProject]",
    headers: str = "",
    fixed: Sequence[str] = (),
) -> Recognised:
    """Recognise rows, with the saved options where the command line says nothing.

    They are those of the projects that the rows tell; before that is known, those of the named
    project, else of files with the same columns. `saved` is empty to take none; `fixed` names
    options that are not taken. Raises: `CsvRefused`.
    """
    of_file = [one for one in saved if one.project_id == options.project]
    of_file = of_file or [one for one in saved if headers and one.headers == headers]
    own, own_choices = options, choices
    options, choices, used = _fill(own, own_choices, of_file, fixed)
    recognitions = read(options)
    names = {task.project for rows in recognitions for task in rows.tasks}
    of_projects = [one for one in saved if one.project_id in names]
    if of_projects and of_projects != of_file:
        options, choices, used = _fill(own, own_choices, of_projects, fixed)
        recognitions = read(options)
    return Recognised(recognitions, options, choices, None, headers, used)


def _fill(
    options: ImportOptions,
    choices: ImportChoices,
    saved: "Iterable[ImportedProject]",
    fixed: Sequence[str],
) -> tuple[ImportOptions, ImportChoices, str]:
    """Fill saved options in; return them, the choices, and the sentence about both."""
    last = choose_saved(one.options.model_dump(mode="json") for one in saved if one.options)
    last = {name: value for name, value in last.items() if name not in fixed}
    values, added = fill_in(_values(options, choices), last)
    place = parse_place(values.get("country"), values.get("subdivision"), values.get("timezone"))
    filled = replace(choices, cadence_days=values["cadence_days"], place=place)
    return ImportOptions.from_json(values), filled, describe_saved(added)


def _values(options: ImportOptions, choices: ImportChoices) -> dict[str, object]:
    return {
        **options.to_json(),
        "cadence_days": choices.cadence_days,
        **choices.place.values,
    }


async def saved_imports(target: Target) -> "list[ImportedProject]":
    """List how projects were imported; empty while no stack is running."""
    from deploy.local.folder import DataFolder

    if target.urls is None and DataFolder(target.folder).state() is None:
        return []
    # Imported here, not above: without a stack no client is needed.
    from agent.cli.connect import NotRunning, connect

    try:
        async with connect(target) as clients:
            return (await clients.orchestrator.imported_projects()).projects
    except NotRunning:
        return []


def read_saved(target: Target, *, forget: bool) -> "list[ImportedProject]":
    """List the imports whose options the next one may take; `forget` takes none."""
    if forget:
        return []
    return [one for one in asyncio.run(saved_imports(target)) if one.options]


async def save_import(target: Target, project_ids: Iterable[str], rows: Recognised) -> None:
    """Keep the options and the source of an import; a failure is a line, as the import stands."""
    from agent.cli.connect import connect
    from agent.imports.schema import ImportRequest, SettingsSaved
    from domain_services.kernel.client.http_client import PeerRefused

    values = {name: value for name, value in _values(rows.options, rows.choices).items() if value}
    request = ImportRequest.model_validate(values | {"source": rows.source})
    try:
        async with connect(target) as clients:
            for name in project_ids:
                body = SettingsSaved(options=request, headers=rows.headers)
                await clients.orchestrator.save_import_settings(name, body)
    except PeerRefused as refused:
        print(
            f"The options were not saved for the next import, name them there again: "
            f"{refused.detail}",
            file=sys.stderr,
        )


def files_source(paths: Sequence[Path]) -> Mapping[str, Any] | None:
    """Describe files by their absolute paths; None when they are too many or too long to keep."""
    names = [str(path) if path == DASH else str(path.absolute()) for path in paths]
    if len(names) > MOST_PATHS or any(len(name) > MOST_PATH for name in names):
        return None
    return {"kind": "files", "paths": names}


def api_source(
    request: SourceRequest, source: SourceRows, options: ImportOptions
) -> Mapping[str, Any]:
    """Describe what was asked of a tracker and when, without its token."""
    return {
        "kind": "api",
        "request": request.to_json(),
        "read_at": source.read_at and source.read_at.isoformat(),
        "setup": source.setup,
        "options_hash": options_hash(options),
    }


def options_hash(options: ImportOptions) -> str:
    """Hash the options that decide what a row of a tracker means."""
    statuses = {plain_name(name): str(state) for name, state in options.statuses.items()}
    types = sorted(map(plain_name, options.types))
    named = None if options.project is None else option_project_id(options.project)
    return setup_of(statuses, types, options.prefix, named)
