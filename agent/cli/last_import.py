"""Source of a project's last import: files of this machine, or what was asked of a tracker."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli.target import Target
from agent.importing.reading.export_files import DASH
from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.source_request import SourceRequest

if TYPE_CHECKING:
    from agent.imports.schema import ImportedProject

# As the route takes them.
MOST_PATHS, MOST_PATH = 100, 500


async def imported_projects(target: Target) -> "list[ImportedProject]":
    """List how projects were imported. Raises: the problems of `connect`."""
    # Imported here, not above: without a stack no client is needed.
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return (await clients.orchestrator.imported_projects()).projects


def files_source(paths: Sequence[Path]) -> Mapping[str, Any] | None:
    """Describe files by their absolute paths; None when they are too many or too long to keep."""
    names = [str(path) if path == DASH else str(path.absolute()) for path in paths]
    if len(names) > MOST_PATHS or any(len(name) > MOST_PATH for name in names):
        return None
    return {"kind": "files", "paths": names}


def api_source(request: SourceRequest, source: SourceRows) -> Mapping[str, Any]:
    """Describe what was asked of a tracker and when, without its token."""
    return {
        "kind": "api",
        "request": request.to_json(),
        "read_at": source.read_at and source.read_at.isoformat(),
        "setup": source.setup,
    }
