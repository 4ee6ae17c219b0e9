"""Feature vectors of project states: similar states have vectors that are near each other.

An embedding model hardly compares numbers in a text, so similarity rests on these vectors. They are
stored: a change of a feature or of a scale needs a migration that computes the column again.
"""

import math
from dataclasses import dataclass
from statistics import fmean

from memory import throughput
from memory.episode import Perception


@dataclass(frozen=True, slots=True)
class Scale:
    """Scale that turns a raw value into standard units."""

    mean: float
    """Mean of the raw values."""
    spread: float
    """Standard deviation of the raw values."""


# Measured on 516 sprints of 60 open-source projects (Choetkiertikul et al., IEEE TSE 2017: start
# scope, completions, team size and length of each sprint) and on 233 two-week windows of the two
# Scrum projects of rueedlinger/agile-project-dataset (open tasks and completions), taken together
# as far as each knows a value. What neither knows is computed or chosen, and says so.
SCALES = {
    "unassigned": Scale(2.13, 0.92),  # log1p tasks: start scope, or open tasks of a window
    "backlog": Scale(2.17, 1.08),  # log1p tasks: open tasks of the windows
    "throughput": Scale(2.28, 0.95),  # log1p tasks a sprint, smoothed
    "last": Scale(2.20, 1.09),  # log1p tasks of the last sprint
    "mean_of_three": Scale(2.28, 0.97),  # log1p tasks, mean of the last three sprints
    "variation": Scale(0.56, 0.33),  # standard deviation / mean of the last six
    "trend": Scale(0.03, 0.27),  # slope / mean of the last six
    "history": Scale(2.54, 1.36),  # log1p past sprints
    "team": Scale(1.51, 0.58),  # log1p people
    "week": Scale(4.84, 0.30),  # working days a week: windows with holidays of US, DE, GB
    "length": Scale(13.5, 4.7),  # calendar days of the window
    "sprints_of_work": Scale(-0.12, 0.82),  # log ratio of open tasks to smoothed throughput
    # Share of the team's working days; chosen: 20 days of leave a year.
    "present": Scale(0.92, 0.10),
}
DIMENSIONS = len(SCALES)

# Standard units. One wild number would outweigh all others in the distance.
LIMIT = 4.0


def features(perception: Perception) -> tuple[float, ...]:
    """Return the 13 features in standard units, each in -4..4; an unknown value is 0, the mean."""
    raw = _raw(perception)
    return tuple(_standardised(raw[name], scale) for name, scale in SCALES.items())


def similarity(distance: float) -> float:
    """Turn the L2 distance of two feature vectors into a similarity in (0, 1]; 1 for distance 0.

    A rational quadratic kernel of the root mean square difference. One standard unit in every
    feature gives a half; two random projects have about a third.
    """
    return 1.0 / (1.0 + distance * distance / DIMENSIONS)


def _raw(state: Perception) -> dict[str, float | None]:
    completed = state.completed
    smoothed = throughput.smoothed(completed)
    return {
        "unassigned": math.log1p(state.unassigned_tasks),
        "backlog": math.log1p(state.backlog_tasks),
        "throughput": _log1p(smoothed),
        "last": _log1p(completed[-1] if completed else None),
        "mean_of_three": _log1p(fmean(completed[-3:]) if completed else None),
        "variation": throughput.variation(completed),
        "trend": throughput.trend(completed),
        "history": math.log1p(state.past_sprints),
        "team": _log1p(state.team_size),
        "week": None if state.working_days is None else 7 * state.working_days / state.sprint_days,
        "length": float(state.sprint_days),
        "sprints_of_work": None
        if smoothed is None
        else math.log1p(state.backlog_tasks) - math.log1p(smoothed),
        "present": _present(state),
    }


def _present(state: Perception) -> float | None:
    if not state.team_size or not state.working_days or state.team_working_days is None:
        return None
    return state.team_working_days / (state.team_size * state.working_days)


def _log1p(value: float | None) -> float | None:
    return None if value is None else math.log1p(value)


def _standardised(value: float | None, scale: Scale) -> float:
    if value is None:
        return 0.0
    return max(-LIMIT, min(LIMIT, (value - scale.mean) / scale.spread))
