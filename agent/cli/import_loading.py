"""Loading step of `dsm import csv`, with progress bars."""

import asyncio
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from agent.cli.connect import connect
from agent.cli.imported_rows import rows_of
from agent.cli.target import Target
from agent.client import OrchestratorClient
from agent.importing.history.study import Study
from agent.importing.loading.autonomy import Level
from agent.importing.loading.history_sync import Advance
from agent.importing.loading.import_run import run_import
from agent.importing.loading.load import LoadResult, step_count
from agent.importing.loading.plan import Plan
from agent.importing.loading.project_place import UNKNOWN_PLACE, ProjectPlace

# Longest wait for embeddings; the orchestrator makes the others after the command has ended.
EMBEDDING_SECONDS = 5.0
POLL_SECONDS = 0.1


async def load_plans(
    target: Target,
    plans: Sequence[Plan],
    study: Study,
    place: ProjectPlace = UNKNOWN_PLACE,
    *,
    level: Level = "approve",
    quiet: bool,
) -> list[LoadResult]:
    """Load every plan into the running stack; `quiet` shows no progress.

    `level` is the autonomy of new projects.

    Raises: `CsvRefused` before anything is written, when one of them cannot be loaded or updated.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # On stderr, so that stdout holds only the result, also in a pipe.
    console = Console(stderr=True)
    async with connect(target) as clients:
        with Progress(*columns, TimeElapsedColumn(), console=console, disable=quiet) as progress:

            def open_bar(plan: Plan) -> Advance:
                bar = progress.add_task(f"importing {plan.project.id}", total=step_count(plan))
                return lambda steps: progress.advance(bar, steps)

            results = await run_import(
                clients, rows_of(clients, target), plans, study, place, open_bar, level
            )
            remaining = await _wait_for_embeddings(clients.orchestrator, progress)
    if remaining and not quiet:
        print(
            f"{remaining} episodes are not embedded yet; until then recall finds them by numbers: "
            f"`dsm backfill{target.options}` embeds them now."
        )
    return results


async def _wait_for_embeddings(orchestrator: OrchestratorClient, progress: Progress) -> int:
    """Wait a few seconds for the orchestrator to embed; return the episodes that are left."""
    remaining = (await orchestrator.embedding_backlog()).to_embed
    deadline, bar = time.monotonic() + EMBEDDING_SECONDS, None
    while remaining and time.monotonic() < deadline:
        if bar is None:
            bar = progress.add_task("embedding episodes", total=remaining)
        await asyncio.sleep(POLL_SECONDS)
        before, remaining = remaining, (await orchestrator.embedding_backlog()).to_embed
        progress.advance(bar, before - remaining)
    return remaining
