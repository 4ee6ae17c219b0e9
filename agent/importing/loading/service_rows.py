"""Known rows that the orchestrator keeps, with the files of a data folder behind them."""

import asyncio
import base64
import zlib
from collections.abc import Iterator

from agent.client import OrchestratorClient
from agent.importing.history.row_document import Document, damaged, from_lines, to_lines
from agent.importing.history.row_store import RowStore
from domain_services.kernel.client.http_client import Upload

# Longer rows than any team has; a compressed document of 100,000 tasks has about 3 MB.
MOST_BYTES = 1024**3
# Compressed bytes that are unpacked at a time: at most a thousand times as many.
PIECE_BYTES = 16 * 1024


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
            return _decode(answer.content, self.describe(project_id))
        return await self._copies.read(project_id) if self._copies else None

    async def write(self, project_id: str, document: Document) -> None:
        """Keep a document in place of the one before, and its copy after it."""
        content = await asyncio.to_thread(_encode, document)
        await self._orchestrator.save_known_rows(project_id, Upload(content))
        if self._copies is not None:
            # The tasks of the document were read when it was packed.
            await self._copies.write(project_id, _unpacked(content, self.describe(project_id)))

    async def project_ids(self) -> list[str]:
        """List the projects that were imported, sorted."""
        answer = await self._orchestrator.imported_projects()
        copied = await self._copies.project_ids() if self._copies else []
        return sorted({*(project.project_id for project in answer.projects), *copied})

    def describe(self, project_id: str) -> str:
        """Name the place of a project's document."""
        return f"the orchestrator's document of the rows of {project_id}"


def _encode(document: Document) -> bytes:
    """Pack a document task by task: its text as a whole would be as large as all its tasks."""
    packer = zlib.compressobj()
    pieces = [packer.compress(line.encode()) for line in to_lines(document)]
    return b"".join([*pieces, packer.flush()])


def _decode(content: str, place: str) -> Document:
    try:
        packed = base64.b64decode(content)
    except ValueError as error:
        raise damaged(place) from error
    return _unpacked(packed, place)


def _unpacked(packed: bytes, place: str) -> Document:
    return from_lines(_lines(packed, place), place)


def _lines(packed: bytes, place: str) -> Iterator[str]:
    """Unpack lines, one after another. Raises: `CsvRefused`, and `ValueError` for no text."""
    begun: list[bytes] = []
    for piece in _pieces(packed, place):
        *ends, begin = piece.split(b"\n")
        for end in ends:
            yield b"".join([*begun, end, b"\n"]).decode()
            begun.clear()
        begun.append(begin)
    if line := b"".join(begun):
        yield line.decode()


def _pieces(packed: bytes, place: str) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    unpacked = 0
    try:
        for start in range(0, len(packed), PIECE_BYTES):
            piece = unpacker.decompress(packed[start : start + PIECE_BYTES])
            unpacked += len(piece)
            if unpacked > MOST_BYTES:
                raise damaged(place)
            yield piece
    except zlib.error as error:
        raise damaged(place) from error
    if not unpacker.eof:
        raise damaged(place)
