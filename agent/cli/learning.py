"""`dsm learn`: calibrate confidence by ended sprints, or return to an earlier calibration."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from rich.table import Table

    from agent.learning.schema import CalibrationReport, Learned, LearningHistory

RollbackOption = Annotated[
    int | None,
    typer.Option(
        "--rollback", min=0, help="Put this version in force again; 0 comes with the software."
    ),
]
HistoryOption = Annotated[
    bool, typer.Option("--history", help="Show every attempt, learn nothing.")
]


def learn(
    rollback: RollbackOption = None,
    history: HistoryOption = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Calibrate confidence again from how own decisions turned out; a worse result is refused."""
    from agent.cli.failures import one_line
    from agent.learning.schema import Learned

    with one_line():
        answer = asyncio.run(request_learning(data_dir, rollback, history))
    if as_json:
        print(json.dumps(answer.model_dump(mode="json"), indent=2))
    elif isinstance(answer, Learned):
        _show_learned(answer)
    else:
        _show_history(answer)


async def request_learning(
    data_dir: Path, rollback: int | None, history: bool
) -> "Learned | LearningHistory":
    """Ask the orchestrator to roll back, to list its attempts, or else to learn now."""
    from agent.cli.connect import connect
    from agent.learning.schema import Rollback

    async with connect(data_dir) as clients:
        if rollback is not None:
            return await clients.orchestrator.roll_back(Rollback(version=rollback))
        if history:
            return await clients.orchestrator.learning()
        return await clients.orchestrator.learn()


def _show_learned(answer: "Learned") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"{answer.outcomes} outcomes, {answer.new_outcomes} of them new: {answer.reason}")
    console.print(_calibration_table(answer.active))


def _show_history(answer: "LearningHistory") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for attempt in answer.attempts:
        created_at = f"{attempt.created_at:%Y-%m-%d %H:%M}"
        console.print(f"version {attempt.version} of {created_at}: {attempt.reason}")
    console.print(_calibration_table(answer.active))


def _calibration_table(calibration: "CalibrationReport") -> "Table":
    from rich.table import Table

    title = f"calibration {calibration.version} ({calibration.name}) is in force"
    table = Table("confidence", "outcomes", "stated", "observed", title=title, box=None)
    for interval in calibration.table:
        stated, observed = (
            "-" if share is None else f"{share:.2f}"
            for share in (interval.stated, interval.observed)
        )
        bounds = f"{interval.low:.2f} to {interval.high:.2f}"
        table.add_row(bounds, str(interval.count), stated, observed)
    return table
