"""`dsm learn`: calibrate chances by ended sprints, or return to an earlier calibration."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target
from agent.cli.words import count

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
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Learn from how own decisions ended: calibrate the chance to be nearer to the outcome."""
    from agent.cli.failures import one_line
    from agent.learning.schema import Learned

    with one_line():
        answer = asyncio.run(request_learning(target, rollback, history))
    if as_json:
        print(json.dumps(answer.model_dump(mode="json"), indent=2))
    elif isinstance(answer, Learned):
        _show_learned(answer)
    else:
        _show_history(answer)


async def request_learning(
    target: Target, rollback: int | None, history: bool
) -> "Learned | LearningHistory":
    """Ask the orchestrator to roll back, to list its attempts, or else to learn now."""
    from agent.cli.connect import connect
    from agent.learning.schema import Rollback

    async with connect(target) as clients:
        if rollback is not None:
            return await clients.orchestrator.roll_back(Rollback(version=rollback))
        if history:
            return await clients.orchestrator.learning()
        return await clients.orchestrator.learn()


def _show_learned(answer: "Learned") -> None:
    from rich.text import Text

    from agent.cli.layout import page_console

    console = page_console()
    console.print(Text(learned_sentence(answer), style="bold"))
    ended = f"Own decisions that ended: {answer.outcomes}, {answer.new_outcomes} of them new."
    console.print(Text(ended))
    console.print(*_calibration_table(answer.active), sep="\n")


def learned_sentence(answer: "Learned") -> str:
    """State first whether anything was learned, then why."""
    if answer.learned:
        return f"Learned: calibration {answer.active.version} is in force. {answer.reason}."
    return f"Nothing was learned: {answer.reason}."


def _show_history(answer: "LearningHistory") -> None:
    from rich.text import Text

    from agent.cli.layout import page_console

    console = page_console()
    active = answer.active
    attempts = count(len(answer.attempts), "attempt")
    current = (
        f"Calibration {active.version} ({active.name}) is in force, after {attempts} to learn."
    )
    console.print(Text(current, style="bold"))
    for attempt in answer.attempts:
        created_at = f"{attempt.created_at:%Y-%m-%d %H:%M}"
        console.print(Text(f"version {attempt.version} of {created_at}: {attempt.reason}"))
    console.print(*_calibration_table(answer.active), sep="\n")


def _calibration_table(calibration: "CalibrationReport") -> "tuple[str, Table]":
    from rich.table import Table

    title = (
        f"Chance to end nearer, by calibration {calibration.version} ({calibration.name}), as it"
        " came true"
    )
    names = ("chance", "outcomes", "stated", "observed")
    table = Table(*names, box=None, padding=(0, 2, 0, 0))
    for interval in calibration.table:
        stated, observed = (
            "-" if share is None else f"{share:.2f}"
            for share in (interval.stated, interval.observed)
        )
        bounds = f"{interval.low:.2f} to {interval.high:.2f}"
        table.add_row(bounds, str(interval.count), stated, observed)
    return title, table
