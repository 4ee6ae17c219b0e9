"""Import of a tracker: it is read here, where its token is, and imported by the orchestrator."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.importing import ImportChoices
from agent.cli.last_import import api_source, imported_projects
from agent.cli.target import Target, is_running
from agent.cli.tracker_reading import ask_credentials, read_tracker
from agent.importing.errors import ChangesRefused
from agent.importing.options import ImportOptions
from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.last_read import LastRead, whole_notice
from agent.importing.sources.source_request import SourceRequest

if TYPE_CHECKING:
    from agent.imports.schema import ImportedProject, ImportRequest


def import_tracker(
    request: SourceRequest,
    options: ImportOptions,
    choices: ImportChoices,
    target: Target,
    forget_options: bool,
    dry_run: bool,
    as_json: bool,
    rejects: Path | None,
) -> None:
    """Read a tracker and import it by the running stack; without one, a dry run shows it here.

    Raises: `Problem`.
    """
    if not dry_run:
        # A long read must not end with the news that nobody takes its rows.
        asyncio.run(imported_projects(target))
    source = read_tracker(request, None, ask_credentials(request))

    def preview() -> None:
        from agent.cli.import_preview import preview_here
        from agent.importing.reading.recognition import recognise_all

        preview_here(
            lambda progress: recognise_all([source], options, progress=progress),
            options,
            choices,
            target,
            as_json=as_json,
            rejects=rejects,
        )

    if dry_run and not is_running(target):
        preview()
        return
    # Imported here, not above: without a stack no client is needed.
    from agent.cli.connect import NotRunning
    from agent.cli.import_request import request_of

    body = request_of(api_source(request, source), options, choices, forget_options)
    try:
        _upload(source, body, target, dry_run=dry_run, as_json=as_json, rejects=rejects)
    except NotRunning:
        if not dry_run:
            raise
        preview()


def sync_tracker(
    imports: "Sequence[ImportedProject]",
    last: "ImportedProject",
    target: Target,
    *,
    whole: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import the changes of a tracker since the last import of a project, or with `whole` all.

    All of it is read too where changes alone would not do; a notice then says why.
    Raises: `Problem`.
    """
    assert last.source is not None
    request = SourceRequest.from_json(last.source.request)
    begin, reason = (None, None) if whole else _last_read(imports, last)
    # Asked once: a second read takes the same token.
    credentials = ask_credentials(request)
    source = read_tracker(request, begin, credentials)
    if source.since is not None:
        changes = replace(source, project=last.project_id)
        body = _repeated(last, request, changes)
        try:
            _upload(changes, body, target, dry_run=dry_run, as_json=as_json)
        except ChangesRefused as refused:
            reason = ChangesRefused.reason_in(refused.detail)
        else:
            return
        source = read_tracker(request, None, credentials)
    if reason is not None:
        source = replace(source, notices=(whole_notice(reason), *source.notices))
    body = _repeated(last, request, source)
    _upload(source, body, target, dry_run=dry_run, as_json=as_json)


def _last_read(
    imports: "Sequence[ImportedProject]", last: "ImportedProject"
) -> tuple[LastRead | None, str | None]:
    """Return the read after which changes are enough; else why they are not."""
    from agent.imports.known_sources import last_read

    assert last.source is not None and last.options is not None
    names = [
        one.project_id
        for one in imports
        if one.source is not None and one.source.request == last.source.request
    ]
    return last_read(last.source, names, last.options.options(), datetime.now(UTC))


def _repeated(
    last: "ImportedProject", request: SourceRequest, source: SourceRows
) -> "ImportRequest":
    from agent.cli.import_request import repeated_request
    from agent.imports.schema import ImportSource

    return repeated_request(last, ImportSource.model_validate(api_source(request, source)))


def _upload(
    source: SourceRows,
    request: "ImportRequest",
    target: Target,
    *,
    dry_run: bool,
    as_json: bool,
    rejects: Path | None = None,
) -> None:
    from agent.cli.import_upload import import_uploaded
    from agent.cli.upload_files import tracker_file

    files = [tracker_file(source)]
    import_uploaded(files, request, target, dry_run=dry_run, as_json=as_json, rejects=rejects)
