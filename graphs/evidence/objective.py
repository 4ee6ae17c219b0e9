"""What a plan is good for: tasks completed, less the cost of promising what stays open."""

from itertools import pairwise

from graphs.evidence.distribution import Prediction
from graphs.thresholds import OVERCOMMITMENT_COST


def gain(prediction: Prediction, planned: int) -> float:
    """Expected planned tasks completed, less OVERCOMMITMENT_COST for each that stays open.

    In tasks: E[min(planned, Y)] - cost * E[max(0, planned - Y)], Y being what the team completes.
    """
    masses = (after - before for before, after in pairwise((0.0, *prediction.cumulative)))
    return sum(
        mass * (min(planned, count) - OVERCOMMITMENT_COST * max(0, planned - count))
        for count, mass in enumerate(masses)
    )


def best(prediction: Prediction, least: int, most: int) -> int:
    """The count in `least`..`most` with the greatest gain.

    Each further task gains P(Y >= task) and costs OVERCOMMITMENT_COST * P(Y < task), so the gain
    rises up to the 1 / (1 + cost) quantile and falls after it. With a cost of 1 that is the median,
    the count with the smallest expected distance to the outcome.
    Source: the newsvendor's critical ratio, Arrow, Harris and Marschak, Econometrica 19(3), 1951.
    """
    return min(max(prediction.quantile(1 / (1 + OVERCOMMITMENT_COST)), least), most)
