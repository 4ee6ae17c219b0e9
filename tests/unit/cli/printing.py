"""Pages of `dsm orchestrate` as they are printed, for the tests of their parts."""

from dataclasses import dataclass

from rich.console import Console

from agent.cli.comparison import Comparison
from agent.cli.report import render
from agent.cli.running_sprint import RunningSprint
from graphs.answer import Orchestration
from memory.decision import LeftOutTask
from tests.unit.cli.answers import (
    selected,
    selection,
)

COLUMNS = 80
STALE = (
    "P1-TASK004 has been open for 14 months; of tasks this old 1 of 100 are finished in a sprint:"
    " confirm, split or drop it"
)
MIXED = selection(
    (
        selected(1, reason="rank 1 of the Product Owner", rank=1, points=8, age_days=200),
        selected(2, reason="carried over or begun", carried_over=True, points=5),
        selected(3, reason="priority 1", priority=1),
        selected(4, reason="priority 1", priority=1, chance=0.01, is_stale=True, age_days=426),
    ),
    (
        LeftOutTask(
            task_id="P1-TASK009", title="[ui] later", reason="waits for P1-TASK005", chance=0.2
        ),
    ),
    (STALE,),
)


@dataclass(frozen=True)
class Situation:
    """A decision and what is printed beside it."""

    answer: Orchestration
    comparison: Comparison | None = None
    running: RunningSprint | None = None
    why: bool = False
    evidence: bool = False


def printed(part: object, columns: int = COLUMNS) -> str:
    console = Console(width=columns, highlight=False)
    with console.capture() as capture:
        console.print(part)
    return capture.get()


def page(situation: Situation, columns: int = COLUMNS) -> str:
    part = render(
        situation.answer,
        situation.comparison,
        situation.running,
        why=situation.why,
        evidence=situation.evidence,
    )
    # A table fills its columns with blanks, which an editor would remove from the file.
    return "".join(f"{line.rstrip()}\n" for line in printed(part, columns).splitlines())
