"""Evidence of similar episodes, of this project or others, each with a known outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphs.evidence.throughput import smoothed
from graphs.thresholds import (
    MAX_RATIO,
    MIN_NEIGHBOURS,
    NEIGHBOUR_WEIGHT,
    POOL_WEIGHT,
    PRIOR_MEAN_TASKS,
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
    """Smoothed throughput of its team before that sprint, in tasks."""
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
    return NeighbourEvidence(
        similarity, completed, smoothed(perception.completed), perception.project_id
    )


@dataclass(frozen=True)
class Prior:
    """Expectation before the own history is known."""

    mean: float
    """Tasks a sprint."""
    weight: float
    """Newest own sprints that it counts for."""
    neighbours: int
    """Similar episodes in it; 0 for the pool of all teams alone."""


POOL = Prior(PRIOR_MEAN_TASKS, POOL_WEIGHT, 0)


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


def prior(counts: Sequence[float], neighbours: Sequence[NeighbourEvidence]) -> Prior:
    """Choose what the own history is shrunk to: the pool, and similar episodes if they suffice.

    With own sprints (`counts`, tasks of each, oldest first) the neighbours count relative to what
    was typical for them, so that a team of another size does no harm; without, in tasks.
    Source: partial pooling, Gelman and Hill, Data Analysis Using Regression and
    Multilevel/Hierarchical Models, 12.2, with the weights counted in sprints.
    """
    mean = weighted_mean(neighbours)
    if len(neighbours) < MIN_NEIGHBOURS or mean is None:
        return POOL
    ratio = against_typical(neighbours)
    if counts and ratio is not None:
        mean = smoothed(counts) * ratio
    weight = POOL_WEIGHT + NEIGHBOUR_WEIGHT
    pooled = (POOL_WEIGHT * PRIOR_MEAN_TASKS + NEIGHBOUR_WEIGHT * mean) / weight
    return Prior(pooled, weight, len(neighbours))


def _weighted_completed(neighbours: Sequence[NeighbourEvidence]) -> float:
    return sum(neighbour.similarity * neighbour.completed for neighbour in neighbours)
