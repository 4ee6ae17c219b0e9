"""`dsm backfill`: compute missing embeddings in batches, with progress."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.client import OrchestratorClient

EPISODES_PER_BATCH = 100


@dataclass(frozen=True)
class BackfillResult:
    """Outcome of the command."""

    done: int
    """Episodes embedded by this command."""
    left: int
    """Episodes that still have no embedding."""
    model: str | None
    """Embedding model that was used; None when nothing was embedded."""


def backfill(*, target: Target, as_json: AsJson = False) -> None:
    """Embed every past decision that has no embedding yet; exit code 1 when some could not be."""
    from agent.cli.failures import one_line

    with one_line():
        result = asyncio.run(_backfill(target, as_json))
    if as_json:
        print(json.dumps(asdict(result), indent=2))
    else:
        by_model = f" by {result.model}" if result.model else ""
        print(f"{result.done} episodes embedded{by_model}, {result.left} left")
    raise SystemExit(1 if result.left else 0)


async def _backfill(target: Target, quiet: bool) -> BackfillResult:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from agent.cli.connect import connect

    # On stderr, so that stdout holds only the result, also in a pipe.
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    async with connect(target) as clients:
        total = (await clients.orchestrator.embedding_backlog()).to_embed
        with Progress(*columns, console=console, disable=quiet) as progress:
            bar = progress.add_task("embedding", total=total)
            return await embed_all(clients.orchestrator, lambda n: progress.advance(bar, n))


async def embed_all(
    orchestrator: "OrchestratorClient", advance: Callable[[int], None]
) -> BackfillResult:
    """Embed batch after batch, until none is left or a batch fails."""
    from agent.schema import BackfillRequest

    done, model = 0, None
    while True:
        batch = await orchestrator.backfill(BackfillRequest(limit=EPISODES_PER_BATCH))
        done, model = done + batch.done, batch.model or model
        advance(batch.done)
        # Failed episodes stay in the queue, so another batch would only meet them again.
        if not batch.left or batch.failed or not batch.done:
            return BackfillResult(done, batch.left, model)
