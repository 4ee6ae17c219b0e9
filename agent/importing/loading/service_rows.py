"""Known rows that the orchestrator keeps, with the files of a data folder behind them."""

import asyncio
import base64
import json
import zlib
from typing import Any, cast

from agent.client import OrchestratorClient
from agent.importing.errors import CsvRefused
from agent.importing.history.row_store import Document, RowStore, damaged
from domain_services.kernel.client.http_client import Upload

# Longer rows than any team has; a compressed document of 100,000 tasks has about 3 MB.
MOST_BYTES = 1024**3


class ServiceRows:
    """Known rows of the orchestrator; `copies` has those that it does not know."""

    # The orchestrator's rows are the truth; a file of an earlier release is taken over when its
    # project is written next (docs/adr/0165-known-rows-beside-the-services.md).

    def __init__(self, orchestrator: OrchestratorClient, copies: RowStore | None = None) -> None:
        self._orchestrator = orchestrator
        self._copies = copies

    async def read(self, project_id: str) -> Document | None:
        """Read the document of a project; None without one. Raises: `CsvRefused`."""
        answer = await self._orchestrator.known_rows(project_id)
        if answer.content is not None:
            return await asyncio.to_thread(_decode, answer.content, self.describe(project_id))
        return await self._copies.read(project_id) if self._copies else None

    async def write(self, project_id: str, document: Document) -> None:
        """Keep a document in place of the one before, and its copy after it."""
        content = await asyncio.to_thread(_encode, document)
        await self._orchestrator.save_known_rows(project_id, Upload(content))
        if self._copies is not None:
            await self._copies.write(project_id, document)

    async def project_ids(self) -> list[str]:
        """List the projects that were imported, sorted."""
        answer = await self._orchestrator.imported_projects()
        copied = await self._copies.project_ids() if self._copies else []
        return sorted({*(project.project_id for project in answer.projects), *copied})

    def describe(self, project_id: str) -> str:
        """Name the place of a project's document."""
        return f"the orchestrator's document of the rows of {project_id}"


def _encode(document: Document) -> bytes:
    return zlib.compress(json.dumps(document, ensure_ascii=False).encode())


def _decode(content: str, place: str) -> dict[str, Any]:
    try:
        unpacked = zlib.decompressobj().decompress(base64.b64decode(content), MOST_BYTES)
        document: object = json.loads(unpacked)
    except (ValueError, zlib.error) as error:
        raise damaged(place) from error
    if not isinstance(document, dict):
        raise CsvRefused(f"{place} is no document: import the project's files again.")
    return cast("dict[str, Any]", document)
