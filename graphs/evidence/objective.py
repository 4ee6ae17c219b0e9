"""Choose the task count of a plan: tasks completed, less the cost of tasks that stay open."""

from graphs.evidence.distribution import Prediction
from graphs.thresholds import OVERCOMMITMENT_COST


def best_count(prediction: Prediction, least: int, most: int) -> int:
    """Choose the count in `least`..`most` with the greatest expected gain.

    The gain of a plan is E[min(planned, Y)] - OVERCOMMITMENT_COST * E[max(0, planned - Y)] in
    tasks, Y being the tasks that the team completes. Each further task gains P(Y >= task) and costs
    OVERCOMMITMENT_COST * P(Y < task). So the gain rises up to the 1 / (1 + cost) quantile and falls
    after it. With a cost of 1 that is the median.
    Source: the newsvendor's critical ratio, Arrow, Harris and Marschak, Econometrica 19(3), 1951.
    """
    # docs/adr/0025-recommended-count.md: why this gain, and not the mean of the forecast.
    return min(max(prediction.quantile(1 / (1 + OVERCOMMITMENT_COST)), least), most)
