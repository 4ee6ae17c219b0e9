"""Places that keep the known rows of projects: a data folder, or the orchestrator."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from agent.importing.history.row_document import Document, from_lines, to_lines


class RowStore(Protocol):
    """Documents with the known rows of projects, as `known_rows` writes them."""

    async def read(self, project_id: str) -> Document | None:
        """Read the document of a project; None when none is kept. Raises: `CsvRefused`."""
        ...

    async def write(self, project_id: str, document: Document) -> None:
        """Keep a document in place of the one before, whole or not at all."""
        ...

    async def project_ids(self) -> list[str]:
        """List the projects with a document, sorted."""
        ...

    def describe(self, project_id: str) -> str:
        """Name the place of a project's document, for messages."""
        ...


class FileRows:
    """Known rows in the files of a data folder, as `dsm` has kept them since its first release."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "imports"

    async def read(self, project_id: str) -> Document | None:
        """Read the file of a project; None when there is none. Raises: `CsvRefused`."""
        return self.load(project_id)

    def load(self, project_id: str) -> Document | None:
        """Read as `read` does, for callers that wait for nothing."""
        path = self.path_of(project_id)
        return from_lines(_lines(path), str(path)) if path.exists() else None

    async def write(self, project_id: str, document: Document) -> None:
        """Write the file in one step: a crash leaves either the old file or the new one."""
        path = self.path_of(project_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp")
        try:
            with temporary.open("w", encoding="utf-8") as stream:
                stream.writelines(to_lines(document))
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    async def project_ids(self) -> list[str]:
        """List the projects that were imported into the folder, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def describe(self, project_id: str) -> str:
        """Name the path of a project's file."""
        return str(self.path_of(project_id))

    def path_of(self, project_id: str) -> Path:
        """Return the path of a project's file."""
        return self._folder / f"{project_id}.json"


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", newline="\n") as stream:
        yield from stream
