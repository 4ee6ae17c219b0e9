"""Known rows that the orchestrator keeps are packed and unpacked task by task."""

import base64
import json
import random
import zlib
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from agent.client import OrchestratorClient
from agent.importing.errors import CsvRefused
from agent.importing.history import known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_store import FileRows
from agent.importing.loading import service_rows
from agent.importing.loading.service_rows import PIECE_BYTES, ServiceRows
from agent.importing.tasks import Task
from domain_services.kernel.client.http_client import Upload

DAY = date(2024, 3, 19)
LETTERS = random.Random(3)
# Packed, more than one piece; titles whose bytes may lie in two.
TASKS = tuple(
    Task(f"P-{number}", "P", DAY, title="".join(chr(LETTERS.randrange(900)) for _ in range(90)))
    for number in range(300)
)
ROWS = KnownRows("P", DAY, 14, DAY, TASKS, anchor=DAY, reached=DAY)


class Orchestrator:
    """Orchestrator that keeps the rows of one project."""

    def __init__(self) -> None:
        self.content: bytes | None = None

    async def known_rows(self, _: str) -> SimpleNamespace:
        packed = None if self.content is None else base64.b64encode(self.content).decode()
        return SimpleNamespace(content=packed)

    async def save_known_rows(self, _: str, upload: Upload) -> None:
        assert isinstance(upload.content, bytes)
        self.content = upload.content


@pytest.fixture
def orchestrator() -> Orchestrator:
    return Orchestrator()


def store(orchestrator: Orchestrator, copies: FileRows | None = None) -> ServiceRows:
    return ServiceRows(cast(OrchestratorClient, orchestrator), copies)


async def test_rows_of_several_pieces_are_read_as_they_were_saved(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    copies = FileRows(tmp_path)
    await known_rows.save(store(orchestrator, copies), ROWS)
    assert orchestrator.content is not None
    assert len(orchestrator.content) > 2 * PIECE_BYTES
    assert await known_rows.find(store(orchestrator), "P") == ROWS
    assert await known_rows.find(copies, "P") == ROWS


async def test_document_of_an_earlier_release_is_read(orchestrator: Orchestrator) -> None:
    await known_rows.save(store(orchestrator), ROWS)
    assert orchestrator.content is not None
    whole = json.dumps(json.loads(zlib.decompress(orchestrator.content)), ensure_ascii=False)
    orchestrator.content = zlib.compress(whole.encode())
    assert await known_rows.find(store(orchestrator), "P") == ROWS


async def test_damaged_document_is_refused(orchestrator: Orchestrator) -> None:
    await known_rows.save(store(orchestrator), ROWS)
    packed = orchestrator.content
    assert packed is not None
    for content in (packed[:-1], packed[: len(packed) // 2], b"no zlib", zlib.compress(b"\xff")):
        orchestrator.content = content
        with pytest.raises(CsvRefused, match="rows of P is damaged"):
            await known_rows.find(store(orchestrator), "P")


async def test_document_is_unpacked_up_to_a_bound(
    orchestrator: Orchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known_rows.save(store(orchestrator), ROWS)
    assert orchestrator.content is not None
    size = len(zlib.decompress(orchestrator.content))
    monkeypatch.setattr(service_rows, "MOST_BYTES", size)
    assert await known_rows.find(store(orchestrator), "P") == ROWS
    monkeypatch.setattr(service_rows, "MOST_BYTES", size - 1)
    with pytest.raises(CsvRefused, match="rows of P is damaged"):
        await known_rows.find(store(orchestrator), "P")
