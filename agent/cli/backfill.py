"""`dsm backfill`: make the embeddings that are missing, in batches, with progress."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from agent.client import OrchestratorClient

BATCH = 100


@dataclass(frozen=True)
class Backfilled:
    """Episodes that got an embedding by this command, those without one still, and the model."""

    done: int
    left: int
    model: str | None


def backfill(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Embed every episode that has no embedding yet; exit code 1 when some could not be."""
    from agent.cli.failures import one_line

    with one_line():
        found = asyncio.run(_backfill(data_dir, as_json))
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        by = f" by {found.model}" if found.model else ""
        print(f"{found.done} episodes embedded{by}, {found.left} left")
    raise SystemExit(1 if found.left else 0)


async def _backfill(data_dir: Path, quiet: bool) -> Backfilled:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from agent.cli.connect import connect

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    async with connect(data_dir) as clients:
        waiting = (await clients.orchestrator.embedding_backlog()).to_embed
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as progress:
            bar = progress.add_task("embedding", total=waiting)
            return await embed_all(clients.orchestrator, lambda n: progress.advance(bar, n))


async def embed_all(
    orchestrator: "OrchestratorClient", advance: Callable[[int], None]
) -> Backfilled:
    """Batch after batch, until nothing is left or a batch fails."""
    from agent.schema import BackfillRequest

    done, model = 0, None
    while True:
        made = await orchestrator.backfill(BackfillRequest(limit=BATCH))
        done, model = done + made.done, made.model or model
        advance(made.done)
        if not made.left or made.failed or not made.done:
            return Backfilled(done, made.left, model)
