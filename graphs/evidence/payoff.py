"""Judge whether following evidence pays in a project, by its own past."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

from graphs.thresholds import MIN_OWN_SPRINTS, PRIOR_PAIRS, RECORD_WINDOWS


@dataclass(frozen=True)
class Pair:
    """A past window with both plans and its outcome, all in tasks."""

    rule: int
    """Plan of the rule."""
    evidence: int
    """Plan that the evidence suggested."""
    completed: int
    """Tasks that were completed."""

    @property
    def advantage(self) -> int:
        """Return by how many tasks the evidence's plan ended nearer than the rule's."""
        return abs(self.rule - self.completed) - abs(self.evidence - self.completed)


@dataclass(frozen=True)
class Payoff:
    """Record of evidence in one project, from forecasts that did not know the outcome."""

    confidence: float
    """P(the evidence's mean error is smaller than the rule's), 0..1; even with a short record."""
    pairs: int
    """Past windows behind it."""
    rule_error: float | None
    """Mean error of the rule's plans in tasks; None without a past window."""
    evidence_error: float | None
    """Mean error of the evidence's plans in tasks; None as above."""
    wins: int
    """Windows in which the evidence's plan ended nearer."""
    losses: int
    """Windows in which the rule's plan ended nearer."""


def payoff(pairs: Sequence[Pair], usual_error: float) -> Payoff:
    """Compare the errors of the newest pairs.

    `usual_error` is the usual deviation of one advantage in tasks. PRIOR_PAIRS windows without an
    advantage come before the record, so that a short one proves little; fewer than MIN_OWN_SPRINTS
    windows prove nothing.
    Source: normal approximation to the posterior of a mean, Gelman et al., Bayesian Data Analysis,
    2.5, with the prior counted in observations.
    """
    recent = pairs[-RECORD_WINDOWS:]
    advantages = [pair.advantage for pair in recent]
    weight = len(advantages) + PRIOR_PAIRS
    mean = sum(advantages) / weight
    squares = sum((advantage - mean) ** 2 for advantage in advantages)
    variance = (PRIOR_PAIRS * usual_error**2 + squares) / weight
    # One window with a large advantage would do, whatever the prior: 10 tasks state 0.86.
    enough = len(recent) >= MIN_OWN_SPRINTS
    return Payoff(
        confidence=NormalDist().cdf(mean / math.sqrt(variance / weight)) if enough else 0.5,
        pairs=len(recent),
        rule_error=_mean([abs(pair.rule - pair.completed) for pair in recent]),
        evidence_error=_mean([abs(pair.evidence - pair.completed) for pair in recent]),
        wins=sum(advantage > 0 for advantage in advantages),
        losses=sum(advantage < 0 for advantage in advantages),
    )


def _mean(errors: Sequence[int]) -> float | None:
    return fmean(errors) if errors else None
