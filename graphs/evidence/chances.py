"""Chance that an open task is finished in the next window of days, by its age.

P(finished in a window | open at its start, age class) is a discrete-time hazard (Kaplan and Meier,
Journal of the American Statistical Association 53, 1958). It is counted over the project's own past
windows and made never to rise with age.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from domain_services.backlog.planning_schema import AgeWindow, TaskAges
from graphs.thresholds import (
    CHANCE_PRIOR_TASKS,
    LOOK_BACK_WINDOWS,
    MIN_FINISHED_TASKS,
    POOL_AGES,
    POOL_CHANCES,
    POOL_DAYS,
    STALE_SHARE,
)

WINDOW_WORDS = {7: "a week", 14: "two weeks", 21: "three weeks", 28: "four weeks"}


@dataclass(frozen=True)
class Chances:
    """Chances by age class for one length of window."""

    borders: tuple[int, ...]
    """Lowest age of each class, in days; the first is 0."""
    chances: tuple[float, ...]
    """P(finished within the window) of each class, 0..1; never higher for an older class."""
    days: int
    """Length of the window in calendar days."""
    own: bool
    """True when they were counted in the project; False for those of other projects."""
    finished_mean: float
    """Mean chance of the tasks that were finished, 0..1."""

    def of_age(self, days: int) -> float:
        """Return the chance of a task that has been open for `days`."""
        return self.chances[bisect_right(self.borders, max(0, days)) - 1]

    def is_stale(self, days: int) -> bool:
        """Check that a task of this age is finished much less often than finished tasks were."""
        return self.of_age(days) < STALE_SHARE * self.finished_mean

    @property
    def merged_borders(self) -> tuple[int, ...]:
        """Return the lowest ages of the classes with different chances."""
        return tuple(
            border
            for place, border in enumerate(self.borders)
            if not place or self.chances[place] != self.chances[place - 1]
        )

    def in_words(self, days: int) -> str:
        """Describe the chance of a task that has been open for `days`."""
        window = WINDOW_WORDS.get(self.days, f"{self.days} days")
        whose = "of this age" if self.own else "of this age in other projects"
        return f"finished within {window}: {share_in_words(self.of_age(days))} {whose}"


def share_in_words(share: float) -> str:
    """Describe a share of tasks as a count of 10 or of 100."""
    if share >= 0.095:
        return f"{round(10 * share)} of 10"
    if share >= 0.005:
        return f"{round(100 * share)} of 100"
    return "fewer than 1 of 100"


def chances_now(ages: TaskAges) -> Chances:
    """Return the chances for the window that begins now, of the project or of other ones."""
    recent = ages.windows[-LOOK_BACK_WINDOWS:]
    if sum(sum(window.finished) for window in recent) < MIN_FINISHED_TASKS:
        return pool_chances(ages.days)
    chances = counted_chances(recent, len(ages.class_borders))
    finished = [sum(window.finished[place] for window in recent) for place in range(len(chances))]
    mean = sum(p * count for p, count in zip(chances, finished, strict=True)) / sum(finished)
    return Chances(tuple(ages.class_borders), chances, ages.days, True, mean)


def pool_chances(days: int) -> Chances:
    """Return the chances of other projects, for a window of `days`."""
    # A window of twice the days gives a task two chances of the same size.
    chances = tuple(1 - (1 - chance) ** (days / POOL_DAYS) for chance in POOL_CHANCES)
    return Chances((0, *POOL_AGES), chances, days, False, chances[0])


def counted_chances(windows: Sequence[AgeWindow], classes: int) -> tuple[float, ...]:
    """Count the chance of each age class over `windows`, never rising with age.

    The overall share counts for CHANCE_PRIOR_TASKS open tasks in each class.
    """
    totals = [
        (sum(window.open[place] for window in windows), _finished(windows, place))
        for place in range(classes)
    ]
    return chances_of_counts(totals)


def chances_of_counts(totals: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Turn (open, finished) tasks of each class, youngest first, into chances that never rise.

    Source: pool adjacent violators, Barlow, Bartholomew, Bremner and Brunk, Statistical Inference
    under Order Restrictions, 1972.
    """
    all_open, all_done = (sum(counts) for counts in zip(*totals, strict=True))
    overall = (all_done + 1) / (all_open + 2)
    blocks: list[tuple[float, float, int]] = []  # chance, weight in tasks, classes
    for open_tasks, done in totals:
        weight = open_tasks + CHANCE_PRIOR_TASKS
        block = ((done + CHANCE_PRIOR_TASKS * overall) / weight, weight, 1)
        while blocks and blocks[-1][0] < block[0]:
            block = _pool(blocks.pop(), block)
        blocks.append(block)
    return tuple(chance for chance, _, classes in blocks for _ in range(classes))


def _pool(
    one: tuple[float, float, int], other: tuple[float, float, int]
) -> tuple[float, float, int]:
    weight = one[1] + other[1]
    chance = (one[0] * one[1] + other[0] * other[1]) / weight
    return chance, weight, one[2] + other[2]


def _finished(windows: Sequence[AgeWindow], place: int) -> int:
    return sum(window.finished[place] for window in windows)
