"""Evidence of similar episodes, of this project or others, each with a known outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphs.evidence.pace import own_pace, prior_tasks
from graphs.thresholds import (
    MAX_RATIO,
    MIN_NEIGHBOURS,
    NEIGHBOUR_SPRINTS,
    PACE_SPRINTS,
    PRIOR_SPRINTS,
)
from memory.episode import Outcome, Perception


@dataclass(frozen=True)
class NeighbourEvidence:
    """Outcome of one similar episode beside what was typical for its team."""

    similarity: float
    """Similarity of the project's state then and now, 0..1."""
    completed: int
    """Tasks that its team completed in the sprint's days, in it or outside it."""
    typical: float
    """Pace of its team before that sprint, in tasks."""
    project_id: str
    """Project of the episode."""


def as_evidence(
    similarity: float,
    perception: Perception,
    outcome: Outcome,
    completed_outside: int | None = None,
) -> NeighbourEvidence | None:
    """Read the evidence of an episode; None when its team had no pace to compare with."""
    if not perception.completed:
        return None
    # A pace counts all that a team finishes in its days, so the outcome does too.
    completed = outcome.completed_tasks + (completed_outside or 0)
    typical = own_pace(perception.completed, prior_tasks(perception.team_size))
    return NeighbourEvidence(similarity, completed, typical, perception.project_id)


def weighted_mean(neighbours: Sequence[NeighbourEvidence]) -> float | None:
    """Average the tasks of similar episodes, weighted by similarity; None without any weight."""
    weight = sum(neighbour.similarity for neighbour in neighbours)
    return _weighted_completed(neighbours) / weight if weight else None


def against_typical(neighbours: Sequence[NeighbourEvidence]) -> float | None:
    """Divide completed by typical tasks of similar episodes (1: as usual).

    None when nothing was typical.
    """
    typical = sum(neighbour.similarity * neighbour.typical for neighbour in neighbours)
    if not typical:
        return None
    # Bounded: a typical count near zero would multiply the own pace by anything.
    ratio = _weighted_completed(neighbours) / typical
    return min(max(ratio, 1 / MAX_RATIO), MAX_RATIO)


def drawn_to_neighbours(
    pace: float, sprints: int, neighbours: Sequence[NeighbourEvidence]
) -> float | None:
    """Draw the own pace of `sprints` past ones towards similar episodes; None with too few.

    With own sprints the episodes count relative to what was typical for them, so that a team of
    another size does no harm; without, in tasks. They count for NEIGHBOUR_SPRINTS.
    Source: partial pooling, Gelman and Hill, Data Analysis Using Regression and
    Multilevel/Hierarchical Models, 12.2, with the weights counted in sprints.
    """
    mean = weighted_mean(neighbours)
    if len(neighbours) < MIN_NEIGHBOURS or mean is None:
        return None
    ratio = against_typical(neighbours)
    if sprints and ratio is not None:
        mean = pace * ratio
    weight = min(sprints, PACE_SPRINTS) + PRIOR_SPRINTS
    return (weight * pace + NEIGHBOUR_SPRINTS * mean) / (weight + NEIGHBOUR_SPRINTS)


def _weighted_completed(neighbours: Sequence[NeighbourEvidence]) -> float:
    return sum(neighbour.similarity * neighbour.completed for neighbour in neighbours)
