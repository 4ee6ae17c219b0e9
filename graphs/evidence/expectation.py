"""Expectation of a sprint: the one distribution behind decision, status, insights and forecast."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

from graphs.evidence.distribution import Distribution, around
from graphs.evidence.evidence import Evidence
from graphs.thresholds import CERTAINTIES, INTERVAL, LEVEL_CORRELATION

MOST_SPRINTS = 200  # sprints ahead that "when" looks, at most


@dataclass(frozen=True)
class Expectation:
    """Forecast of what a team completes in one sprint, planned and arriving tasks apart."""

    planned: Distribution
    """Tasks that are there when the sprint begins."""
    arriving: Distribution | None
    """Tasks that come in later and are finished in it; None when not known."""
    certainty: int = CERTAINTIES[0]
    """Percent of the sprints that are to complete their plan."""

    @property
    def plan(self) -> int:
        """Return the largest plan that is completed with the wanted certainty."""
        return self.planned.most_with(self.certainty / 100)

    @property
    def promise(self) -> int:
        """Return the count that is reached in 85 % of the sprints."""
        return self.planned.promise()

    @property
    def usual_range(self) -> tuple[int, int]:
        """Return the lower and upper end of the usual range, the central 70 %."""
        return self.planned.interval()

    @property
    def total(self) -> Distribution:
        """Forecast planned and arriving tasks together."""
        if self.arriving is None:
            return self.planned
        mean = self.planned.mean + self.arriving.mean
        return around(mean, self.planned.variance + self.arriving.variance)

    def chance_of_all(self, tasks: int) -> float:
        """Return P(all of `tasks` planned ones are done)."""
        return self.planned.at_least(tasks)

    def risk(self, tasks: int) -> float:
        """Return P(some of `tasks` planned ones stay open)."""
        return 1 - self.chance_of_all(tasks)

    def odds(self, tasks: int) -> list[tuple[int, float]]:
        """List P(all n done) for the plan, a smaller one and the promise, largest first."""
        # Only smaller plans than `tasks` are surer; a promise of nothing is none.
        between = round((tasks + self.promise) / 2)
        counts = {tasks, *(count for count in (between, self.promise) if 0 < count < tasks)}
        return [(count, self.chance_of_all(count)) for count in sorted(counts, reverse=True)]

    def sentence(self, tasks: int) -> str:
        """Describe how sure a plan of `tasks` is; without a full stop."""
        low, high = self.usual_range
        described = [f"{count} with {share:.0%}" for count, share in self.odds(tasks)]
        if 0 < self.promise < tasks:
            described[-1] += " (the promise)"
        plans = "the 1 task" + described[0][1:] if tasks == 1 else f"all {', '.join(described)}"
        return f"{plans}; {low} to {high} are usual"

    def velocity(self) -> str:
        """Describe the tasks of one sprint in words; without a full stop."""
        low, high = self.usual_range
        known = self.arriving is not None
        text = (
            f"The team is expected to complete {self.planned.mean:.1f}{' planned' if known else ''}"
            f" tasks ({low} to {high} in {INTERVAL:.0%} of cases)"
        )
        if self.arriving is None:
            return text
        return f"{text} and {self.arriving.mean:.1f} that arrive during the sprint"


def expect(evidence: Evidence, planned: Distribution | None = None) -> Expectation:
    """Expect a sprint by the own pace, or by `planned` where other evidence is followed."""
    return Expectation(planned or evidence.own_pace, evidence.arriving, evidence.certainty)


def several(sprint: Distribution, sprints: int, later: Distribution | None = None) -> Distribution:
    """Forecast the tasks of several sprints in a row; `later` are those after the first one.

    The errors of two sprints of one forecast go together, since the level itself is uncertain: each
    pair has correlation rho = LEVEL_CORRELATION. For equal ones this is mean m * mu and variance
    V * (m * (1 - rho) + m^2 * rho).
    Source: variance of a sum of equally correlated terms.
    """
    if sprints == 1:
        return sprint
    later, more = later or sprint, sprints - 1
    deviations = math.sqrt(sprint.variance) + more * math.sqrt(later.variance)
    variances = sprint.variance + more * later.variance
    variance = (1 - LEVEL_CORRELATION) * variances + LEVEL_CORRELATION * deviations**2
    return around(sprint.mean + more * later.mean, variance)


def sprints_until(
    sprint: Distribution, tasks: int, certainty: float, later: Distribution | None = None
) -> int | None:
    """Return how many sprints complete `tasks` with `certainty`; None beyond MOST_SPRINTS.

    `certainty` is a probability between 0 and 1; `later` are the sprints after the first one.
    """
    low, high = 1, 1
    while several(sprint, high, later).at_least(tasks) < certainty:
        if high >= MOST_SPRINTS:
            return None
        low, high = high + 1, min(2 * high, MOST_SPRINTS)
    # More sprints never make it less likely: the first one that is enough is found by halving.
    while low < high:
        middle = (low + high) // 2
        if several(sprint, middle, later).at_least(tasks) >= certainty:
            high = middle
        else:
            low = middle + 1
    return low


def last_day_of(sprints: int, first_day: date, days: int) -> date:
    """Return the last day of the `sprints`-th sprint when the first one begins on `first_day`."""
    return first_day + timedelta(days=sprints * days - 1)
