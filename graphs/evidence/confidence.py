"""Estimate the confidence that an adjusted count ends nearer to the outcome than the rule's."""

from collections.abc import Iterable
from dataclasses import dataclass

from graphs.thresholds import RECORD_WEIGHT, UNIFORM_MIXTURE_WEIGHT


@dataclass(frozen=True)
class Record:
    """Past decisions replayed; ties count as neither."""

    wins: int
    """Decisions whose adjusted count ended nearer to the outcome."""
    losses: int
    """Decisions whose rule's count ended nearer."""


def tally(replayed: Iterable[tuple[int, int, int]]) -> Record:
    """Count the wins and losses of (adjusted count, rule's count, tasks completed)."""
    edges = [abs(rule - outcome) - abs(adjusted - outcome) for adjusted, rule, outcome in replayed]
    return Record(sum(edge > 0 for edge in edges), sum(edge < 0 for edge in edges))


def confidence(predicted: float, record: Record) -> float:
    """Estimate the probability, given no tie, that the adjusted count ends nearer.

    `predicted` is that probability under the predictive distribution of the next sprint. Mixed with
    even odds (UNIFORM_MIXTURE_WEIGHT), it is the mean of a Beta prior. The prior is worth
    RECORD_WEIGHT decisions; the replayed decisions update it.
    Source: Beta-binomial posterior mean, Gelman et al., Bayesian Data Analysis, 2.4.
    """
    prior_mean = (1 - UNIFORM_MIXTURE_WEIGHT) * predicted + UNIFORM_MIXTURE_WEIGHT / 2
    decided = record.wins + record.losses
    return (RECORD_WEIGHT * prior_mean + record.wins) / (RECORD_WEIGHT + decided)
