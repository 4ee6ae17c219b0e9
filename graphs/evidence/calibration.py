"""Calibrate confidence: make stated probabilities agree with how often they came true.

A `Calibration` is plain data and never changes; a new one is fitted from an older one and later
outcomes. The shipped one was fitted on other teams' sprints, see `shipped.py`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graphs.evidence.logistic import Line, Observation, fit, log_loss
from graphs.thresholds import CALIBRATION_BINS, CALIBRATION_BLOCKS, CALIBRATION_WEIGHT


class Replayed(BaseModel):
    """One ended decision, with which count ended nearer to the outcome; a tie is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw: float = Field(ge=0, le=1)
    """Confidence before calibration, 0..1."""
    won: bool
    """True when the adjusted count ended nearer than the rule's."""


class Bin(BaseModel):
    """Outcomes whose stated confidence was in [low, high); the last bin includes its end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    """Lower border, included, 0..1."""
    high: float
    """Upper border, 0..1."""
    count: int
    """Outcomes in the bin."""
    stated: float | None
    """Mean stated confidence; None without outcomes."""
    observed: float | None
    """Share that won; None without outcomes."""


class Calibration(BaseModel):
    """Map from raw confidence to the probability of ending nearer to the outcome than the rule.

    logit(calibrated) = intercept + slope * logit(raw). The losses and the table judge each outcome
    by a fit that did not know it.
    Source: Platt, Probabilistic outputs for support vector machines, 1999, on log odds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    """Name of the calibration."""
    method: Literal["logistic"] = "logistic"
    """How it was fitted."""
    fitted_on: str
    """Outcomes that it was fitted on, in words."""
    sample_size: int = Field(ge=0)
    """Outcomes that it was fitted on."""
    own: int = Field(default=0, ge=0)
    """Outcomes of this installation among them."""
    teams: int = Field(ge=0)
    """Teams of the shipped outcomes among them."""
    intercept: float
    """Intercept of the line, in log odds."""
    slope: float = Field(ge=0)
    """Slope of the line; not negative, so that more raw confidence never becomes less."""
    log_loss: float | None
    """Mean log loss in nats; None without outcomes to judge by."""
    baseline_log_loss: float | None
    """Mean log loss of what it replaces, in nats; None without outcomes to judge by."""
    table: tuple[Bin, ...]
    """Stated against observed confidence, of `sample_size` outcomes."""

    def calibrated(self, raw: float) -> float:
        """Return the probability, given no tie, of ending nearer; `raw` and result in 0..1."""
        return Line(self.intercept, self.slope).probability(raw)


def replayed(raw: float, adjusted: int, rule: int, completed: int) -> Replayed | None:
    """Compare both counts with `completed` tasks; None when they are equally far from it."""
    edge = abs(rule - completed) - abs(adjusted - completed)
    return Replayed(raw=raw, won=edge > 0) if edge else None


def score(calibration: Calibration, outcomes: Sequence[Replayed]) -> float | None:
    """Return the mean log loss in nats, lower is better (0.693: a coin); None without outcomes."""
    return log_loss((calibration.calibrated(outcome.raw), outcome.won) for outcome in outcomes)


def refit(base: Calibration, outcomes: Sequence[Replayed]) -> Calibration:
    """Fit a calibration to own `outcomes`, oldest first, with `base` as the prior.

    The losses are of own outcomes in time order, each judged by a fit of earlier ones only. The
    table adds them to those of `base`. A few outcomes change little.
    """
    # `base` counts for CALIBRATION_WEIGHT outcomes. It must be the shipped one, and `outcomes` all
    # that are known: a calibration of this installation as the base would count its outcomes twice.
    line = fit_with_prior(base, outcomes, CALIBRATION_WEIGHT)
    judged = tuple(_judge_forward(base, outcomes))
    return Calibration(
        version=f"{base.version}+{len(outcomes)}",
        fitted_on=f"{base.fitted_on}; then {len(outcomes)} own outcomes",
        sample_size=base.sample_size + len(outcomes),
        own=len(outcomes),
        teams=base.teams,
        intercept=line.intercept,
        slope=line.slope,
        log_loss=log_loss(judged),
        baseline_log_loss=score(base, outcomes),
        # Of all outcomes that it was fitted on: the counts add up to the sample size.
        table=add_tables(base.table, reliability_table(judged)),
    )


def reliability_table(judged: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Count (stated confidence, won) in the bins of CALIBRATION_BINS."""
    bins: list[Bin] = []
    for low, high in pairwise(CALIBRATION_BINS):
        last = high == CALIBRATION_BINS[-1]
        inside = [(p, won) for p, won in judged if low <= p < high or (last and p == high)]
        count = len(inside)
        stated = sum(p for p, _ in inside) / count if count else None
        observed = sum(won for _, won in inside) / count if count else None
        bins.append(Bin(low=low, high=high, count=count, stated=stated, observed=observed))
    return tuple(bins)


def add_tables(one: Sequence[Bin], other: Sequence[Bin]) -> tuple[Bin, ...]:
    """Add the outcomes of two tables with the same bins."""
    return tuple(_add_bins(*bins) for bins in zip(one, other, strict=True))


def _add_bins(one: Bin, other: Bin) -> Bin:
    if not other.count:
        return one  # a weighted mean would round it
    count = one.count + other.count
    return Bin(
        low=one.low,
        high=one.high,
        count=count,
        stated=_mean((one.count, one.stated), (other.count, other.stated)),
        observed=_mean((one.count, one.observed), (other.count, other.observed)),
    )


def _mean(*groups: tuple[int, float | None]) -> float | None:
    known = [(count, mean) for count, mean in groups if count and mean is not None]
    total = sum(count for count, _ in known)
    return sum(count * mean for count, mean in known) / total if total else None


def fit_with_prior(base: Calibration, outcomes: Sequence[Replayed], weight: float) -> Line:
    """Fit the likeliest line when `base` counts for `weight` outcomes, spread evenly over 0.1..0.9.

    Source: a prior by pseudo-observations, as Clogg et al., Sociological Methodology 21, 1991.
    """
    grid = [tenth / 10 for tenth in range(1, 10)]
    pseudo = [Observation(raw, base.calibrated(raw), weight / len(grid)) for raw in grid]
    own = (Observation(outcome.raw, float(outcome.won), 1.0) for outcome in outcomes)
    return fit([*pseudo, *own])


def _judge_forward(base: Calibration, outcomes: Sequence[Replayed]) -> Iterator[tuple[float, bool]]:
    """Yield (confidence by the outcomes of the blocks before, won) for each outcome."""
    size = max(1, -(-len(outcomes) // CALIBRATION_BLOCKS))  # rounded up
    for start in range(0, len(outcomes), size):
        line = fit_with_prior(base, outcomes[:start], CALIBRATION_WEIGHT)
        for outcome in outcomes[start : start + size]:
            yield line.probability(outcome.raw), outcome.won
