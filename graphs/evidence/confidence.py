"""How sure it is that an adjusted count ends nearer to the outcome than the rule's."""

from collections.abc import Iterable
from dataclasses import dataclass

from graphs.thresholds import RECORD_WEIGHT, UNIFORM_MIXTURE_WEIGHT


@dataclass(frozen=True)
class Record:
    """Past decisions replayed: how often the adjusted count ended nearer, and how often the rule's.

    Ties count as neither.
    """

    wins: int
    losses: int


def tally(replayed: Iterable[tuple[int, int, int]]) -> Record:
    """The record of (adjusted count, rule's count, tasks completed)."""
    edges = [abs(rule - outcome) - abs(adjusted - outcome) for adjusted, rule, outcome in replayed]
    return Record(sum(edge > 0 for edge in edges), sum(edge < 0 for edge in edges))


def confidence(predicted: float, record: Record) -> float:
    """The probability, given no tie, that the adjusted count ends nearer to the outcome.

    `predicted` is that probability under the predictive distribution of the next sprint. Mixed with
    even odds (UNIFORM_MIXTURE_WEIGHT), it is the mean of a Beta prior. The prior is worth
    RECORD_WEIGHT decisions; the replayed decisions update it.
    Source: Beta-binomial posterior mean, Gelman et al., Bayesian Data Analysis, 2.4.
    """
    before = (1 - UNIFORM_MIXTURE_WEIGHT) * predicted + UNIFORM_MIXTURE_WEIGHT / 2
    decided = record.wins + record.losses
    return (RECORD_WEIGHT * before + record.wins) / (RECORD_WEIGHT + decided)
