"""What similar episodes say: of this project or another, each with a known outcome."""

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
    """One similar episode: `similarity` in 0..1, tasks its sprint `completed`, and `typical`,

    its own smoothed throughput before that sprint.
    """

    similarity: float
    completed: int
    typical: float
    project_id: str


def as_evidence(similarity: float, seen: Perception, outcome: Outcome) -> NeighbourEvidence | None:
    """What an episode says; None when no pace was known then to hold its outcome against."""
    if not seen.completed:
        return None
    return NeighbourEvidence(
        similarity, outcome.completed_tasks, smoothed(seen.completed), seen.project_id
    )


@dataclass(frozen=True)
class Prior:
    """Tasks a sprint to expect before the own history has its say.

    `weight` is how many of the newest own sprints it counts for, `neighbours` how many similar
    episodes are in it (0: the pool of all teams alone).
    """

    mean: float
    weight: float
    neighbours: int


POOL = Prior(PRIOR_MEAN_TASKS, POOL_WEIGHT, 0)


def weighted_mean(neighbours: Sequence[NeighbourEvidence]) -> float | None:
    """Tasks completed by similar episodes, weighted by similarity; None without any weight."""
    weight = sum(each.similarity for each in neighbours)
    if not weight:
        return None
    return sum(each.similarity * each.completed for each in neighbours) / weight


def against_typical(neighbours: Sequence[NeighbourEvidence]) -> float | None:
    """Completed over typical in similar episodes (1: as usual); None when nothing was typical.

    Kept within 1 / MAX_RATIO..MAX_RATIO: a typical count near zero would multiply by anything.
    """
    typical = sum(each.similarity * each.typical for each in neighbours)
    if not typical:
        return None
    ratio = sum(each.similarity * each.completed for each in neighbours) / typical
    return min(max(ratio, 1 / MAX_RATIO), MAX_RATIO)


def prior(counts: Sequence[float], neighbours: Sequence[NeighbourEvidence]) -> Prior:
    """What to shrink the own history to: the pool, and similar episodes when there are enough.

    With own sprints (`counts`, tasks of each, oldest first) the neighbours count in shares of what
    was typical for them, so that a team twice as large does no harm; without, in tasks.
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
