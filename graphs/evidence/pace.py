"""Estimate the team's own pace from its past sprints, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from graphs.thresholds import (
    LENGTH_POWER,
    MIDDLE_TO_MEAN,
    MOST_PRIOR_TASKS,
    PACE_SPRINTS,
    PRIOR_MEAN_TASKS,
    PRIOR_MORE_TASKS,
    PRIOR_SPRINTS,
    TRIMMED_SPRINTS,
)


@dataclass(frozen=True)
class Sprint:
    """Past sprint of a team."""

    completed: int
    """Tasks that the team finished in the sprint's days."""
    days: int | None = None
    """Calendar days from first to last, both included; None when not known."""
    committed: int | None = None
    """Tasks planned at its start; None when not known, as for most imported sprints."""
    outside: int = 0
    """Finished tasks that were not in the sprint."""
    arrived: int | None = None
    """Finished tasks that were created after its start; None when not known."""

    @property
    def exhausted(self) -> bool:
        """True when all that was planned was completed, and no more.

        The team had nothing left to do, so `completed` is only a lower bound of its capacity: a
        right-censored observation.
        """
        return self.completed == self.committed and not self.outside

    @property
    def completed_inside(self) -> int:
        """Return the finished tasks of the sprint itself, which its commitment is compared with."""
        return self.completed - self.outside


@dataclass(frozen=True)
class Counted:
    """Completed tasks of a past sprint of one kind."""

    tasks: float
    """Completed tasks; of an exhausted sprint at least the pace before it."""
    days: int | None
    """Calendar days of the sprint; None when not known."""


def knows_arrivals(past: Sequence[Sprint]) -> bool:
    """Check that arrived tasks are known of each sprint that the pace is made from."""
    return bool(past) and all(sprint.arrived is not None for sprint in past[-PACE_SPRINTS:])


def planned_work(past: Sequence[Sprint]) -> list[Sprint]:
    """Return the sprints without the work that arrived after their start, where that is known."""
    if not knows_arrivals(past):
        return list(past)
    return [_without_arrived(sprint, sprint.arrived or 0) for sprint in past]


def _without_arrived(sprint: Sprint, arrived: int) -> Sprint:
    # Arrived tasks of a sprint of the product are among those outside it, and taken from both. An
    # imported window has none outside.
    outside = max(0, sprint.outside - arrived)
    return Sprint(sprint.completed - arrived, sprint.days, sprint.committed, outside)


def arrived_work(past: Sequence[Sprint]) -> list[Sprint] | None:
    """Return the sprints with the work that arrived after their start alone; None if not known."""
    if not knows_arrivals(past):
        return None
    return [Sprint(sprint.arrived or 0, sprint.days) for sprint in past]


def prior_tasks(team_size: int | None) -> float:
    """Estimate the tasks a sprint of a team whose past is not known: one a person and a few more.

    PRIOR_MEAN_TASKS when the team is not known either.
    """
    if not team_size:
        return PRIOR_MEAN_TASKS
    return float(min(team_size + PRIOR_MORE_TASKS, MOST_PRIOR_TASKS))


def own_pace(counts: Sequence[float], prior: float) -> float:
    """Estimate the mean tasks a sprint from `counts` of the past ones, drawn towards `prior`.

    From TRIMMED_SPRINTS on it is the mean of the last PACE_SPRINTS without the best and the worst,
    times MIDDLE_TO_MEAN: the mean of a skewed count lies above its middle. Below it is their mean.
    `prior` counts for PRIOR_SPRINTS.
    Source: trimmed mean, Tukey 1960; Huber and Ronchetti, Robust Statistics, 1.1; "yesterday's
    weather", Beck and Fowler, Planning Extreme Programming.
    """
    recent = counts[-PACE_SPRINTS:]
    number = len(recent)
    mean = middle(recent) * (MIDDLE_TO_MEAN if number >= TRIMMED_SPRINTS else 1) if number else 0
    return (number * mean + PRIOR_SPRINTS * prior) / (number + PRIOR_SPRINTS)


def middle(recent: Sequence[float]) -> float:
    """Average the recent counts, at least one, without best and worst where there are enough."""
    if len(recent) < TRIMMED_SPRINTS:
        return fmean(recent)
    return fmean(sorted(recent)[1:-1])


def at_length(past: Sequence[Counted], days: int | None) -> list[float]:
    """Scale the tasks of each sprint to a length of `days`; unscaled where a length is unknown.

    Twice the days are worth 2^LENGTH_POWER of the tasks: teams fit the size of their tasks and of
    their plans to the cadence.
    """
    return [
        sprint.tasks * (days / sprint.days) ** LENGTH_POWER
        if days and sprint.days
        else sprint.tasks
        for sprint in past
    ]


def pace_at(past: Sequence[Counted], days: int | None, prior: float) -> float:
    """Estimate the mean tasks of a sprint of `days` after `past`."""
    return own_pace(at_length(past[-PACE_SPRINTS:], days), prior)


def counted(past: Sequence[Sprint], prior: float) -> list[Counted]:
    """Count the tasks of each sprint; an exhausted one counts for no less than the pace before it.

    A small plan would prove itself right, and the next one would be smaller still.
    """
    # Not the conditional mean of a censored count: a team that always does what it planned would
    # get plans that double in five sprints.
    counts: list[Counted] = []
    for sprint in past:
        tasks = float(sprint.completed)
        if sprint.exhausted:
            tasks = max(tasks, pace_at(counts, sprint.days, prior))
        counts.append(Counted(tasks, sprint.days))
    return counts
