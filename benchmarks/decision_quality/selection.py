"""Score the choice of tasks: how many of the first k in an order were finished."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.backlog import QUARTER, YEAR, block_of
from benchmarks.decision_quality.fortnights import Fortnight, Task
from benchmarks.decision_quality.scores import Floats, ratio, share
from graphs.evidence.chances import chances_now

CHOSEN = (3, 5, 10)
FIRST_PLACE = 6  # fortnights of a project before the first that is scored
DRAWN = f"quarters of one project, {QUARTER} fortnights in a row; years, {YEAR}, where it says so"

Order = Callable[[Fortnight], list[Task]]


def by_chance(fortnight: Fortnight) -> list[Task]:
    """Order tasks as the product does without rank, readiness and priority.

    The class with the higher chance comes first, then the oldest task, then the lower number.
    """
    # Chances never rise with age, so a class of a higher chance is a younger one.
    borders = chances_now(fortnight.ages).merged_borders

    def key(task: Task) -> tuple[int, int, int]:
        age = fortnight.age_of(task)
        return sum(border <= age for border in borders), -age, task.number

    return sorted(fortnight.open_tasks, key=key)


def oldest_first(fortnight: Fortnight) -> list[Task]:
    """Order tasks by age, the oldest first."""
    return sorted(fortnight.open_tasks, key=lambda task: (task.created, task.number))


def newest_first(fortnight: Fortnight) -> list[Task]:
    """Order tasks by age, the newest first."""
    return sorted(fortnight.open_tasks, key=lambda task: (fortnight.age_of(task), task.number))


ORDERS: dict[str, Order] = {
    "chance_then_oldest": by_chance,
    "newest_first": newest_first,
    "oldest_first": oldest_first,
}


def measure(projects: dict[str, list[Fortnight]]) -> dict[str, Any]:
    """Score each order and number of chosen tasks, for each project and for all together."""
    everything = [fortnight for fortnights in projects.values() for fortnight in fortnights]
    groups = projects | {"together": everything}
    return {
        "drawn": DRAWN,
        "orders": {
            name: {str(count): _choose(fortnights, count) for count in CHOSEN}
            for name, fortnights in groups.items()
        },
    }


def _choose(fortnights: Sequence[Fortnight], count: int) -> dict[str, Any]:
    some = [
        fortnight
        for fortnight in fortnights
        if fortnight.place >= FIRST_PLACE and len(fortnight.open_tasks) > count
    ]
    if not some:
        return {"fortnights": 0}
    quarters, years = (
        [block_of(fortnight, length) for fortnight in some] for length in (QUARTER, YEAR)
    )
    finished = np.array([fortnight.finished for fortnight in some], float)
    # The expected value of a draw, exactly: a share of all that is finished.
    drawn = count * finished / np.array([len(fortnight.open_tasks) for fortnight in some])
    answer: dict[str, Any] = {"fortnights": len(some)}
    hits = {name: _hits(some, order, count) for name, order in ORDERS.items()}
    bounds = {"random": drawn, "possible": np.minimum(count, finished)}
    for name, counts in (hits | bounds).items():
        answer[name] = {
            "chosen": asdict(share(counts / count, quarters)),
            "found": asdict(ratio(counts, finished, quarters)),
            "over_random": asdict(ratio(counts, drawn, quarters)),
            "over_random_by_years": asdict(ratio(counts, drawn, years)),
        }
    return answer


def _hits(fortnights: Sequence[Fortnight], order: Order, count: int) -> Floats:
    """Count the finished ones of the first `count` tasks of each fortnight."""
    return np.array(
        [
            sum(fortnight.is_finished(task) for task in order(fortnight)[:count])
            for fortnight in fortnights
        ],
        float,
    )
