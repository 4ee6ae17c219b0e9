"""Job of the process that reads and writes one import, and the events by which it answers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.importing.reading.export_files import DASH
from agent.imports.schema import ImportRequest, ImportSource

# Folder of the uploaded files within that of the job; messages name them as they were uploaded.
UPLOADED_FOLDER = "files"


def place_files(names: Sequence[str]) -> list[Path]:
    """Return a path for each uploaded file: its name, or with its number where two are alike."""
    folded = {name.casefold() for name in names}
    # A dash alone would be standard input.
    if len(folded) == len(names) and str(DASH) not in names:
        return [Path(name) for name in names]
    return [Path(str(number), name) for number, name in enumerate(names, 1)]


class SavedImport(BaseModel):
    """Options of a project's last import."""

    project_id: str
    headers: str
    """Hash of the columns of its files."""
    options: dict[str, Any]
    """Values of an `ImportRequest`."""
    source: ImportSource | None = None
    """Where its rows came from; None: nobody said."""


class Job(BaseModel):
    """Work of one process."""

    model_config = ConfigDict(frozen=True)

    writes: bool
    """False reads and checks; True imports."""
    folder: Path
    """Folder of this job alone."""
    files: list[Path]
    """Files to read, within `UPLOADED_FOLDER`."""
    request: ImportRequest
    """Options."""
    saved: list[SavedImport]
    """Imports before, the newest first."""
    urls: dict[str, str]
    """Base URLs of the services by name."""
    key: str
    """API key of the person who asked: their rights hold, and audits name them."""
    memory_bytes: int
    """Most memory of the process, beside that of its code."""
    cpu_seconds: int
    """Most time of the processor."""


class Event(BaseModel):
    """Line that the process prints."""

    kind: Literal["rows", "preview", "steps", "done", "refused"]
    """What it tells."""
    rows: int = 0
    """Rows that were read (`rows`, `preview`)."""
    done: int = 0
    """Steps that were done (`steps`)."""
    total: int = 0
    """Steps of all projects (`steps`)."""
    preview: str | None = None
    """JSON of the `ImportOutcome` (`preview`)."""
    projects: list[str] = []
    """Ids of the projects (`preview`)."""
    results: str = "[]"
    """JSON of the `ProjectResult` of each project (`done`)."""
    headers: str = ""
    """Hash of the columns of the files (`done`)."""
    options: dict[str, Any] = {}
    """Options that were used, those of the last import included (`done`)."""
    source: ImportSource | None = None
    """Where the rows came from, as it is kept for the next import; None: nobody said (`done`)."""
    detail: str = ""
    """Why it ended (`refused`)."""
    code: str = ""
    """Code of the problem (`refused`)."""
