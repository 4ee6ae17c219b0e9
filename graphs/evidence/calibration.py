"""Confidence that means something: a stated probability made to agree with how often it came true.

A `Calibration` is plain data and never changes; a new one is fitted from an older one and the
outcomes seen since. The shipped one was fitted on other teams' sprints, see `shipped.py`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from graphs.evidence.logistic import Line, Observation, fit, log_loss
from graphs.thresholds import CALIBRATION_BINS, CALIBRATION_BLOCKS, CALIBRATION_WEIGHT


class Replayed(BaseModel):
    """One past decision: the confidence before calibration, and whether the adjusted count won.

    It won when it ended nearer to the outcome than the rule's; a tie is no `Replayed` at all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw: float = Field(ge=0, le=1)
    won: bool


class Bin(BaseModel):
    """Outcomes whose stated confidence was in [low, high), the last bin with its end.

    `stated` is their mean stated confidence, `observed` the share that won; None without any.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float
    count: int
    stated: float | None
    observed: float | None


class Calibration(BaseModel):
    """A map from raw confidence to the probability of ending nearer to the outcome than the rule.

    logit(calibrated) = intercept + slope * logit(raw), with slope >= 0: monotone. `sample_size`
    counts the outcomes behind it, `own` those of them that this installation saw itself, `teams`
    the teams of the shipped ones. `log_loss` is the mean over outcomes it was not fitted on, and
    `baseline_log_loss` the same of what it replaces (no calibration, or the one it was fitted
    from); None without such outcomes. `table` holds stated against observed on the same outcomes.
    Source: Platt, Probabilistic outputs for support vector machines, 1999, on log odds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    method: Literal["logistic"] = "logistic"
    fitted_on: str
    sample_size: int = Field(ge=0)
    own: int = Field(default=0, ge=0)
    teams: int = Field(ge=0)
    intercept: float
    slope: float = Field(ge=0)
    log_loss: float | None
    baseline_log_loss: float | None
    table: tuple[Bin, ...]

    def calibrated(self, raw: float) -> float:
        """The probability, given no tie, of ending nearer; `raw` and result in 0..1."""
        return Line(self.intercept, self.slope).probability(raw)


def replayed(raw: float, adjusted: int, rule: int, completed: int) -> Replayed | None:
    """What an ended sprint teaches: None when both counts are equally far from `completed`."""
    edge = abs(rule - completed) - abs(adjusted - completed)
    return Replayed(raw=raw, won=edge > 0) if edge else None


def score(calibration: Calibration, outcomes: Sequence[Replayed]) -> float | None:
    """The mean log loss in nats, lower is better (0.693: a coin); None without outcomes."""
    return log_loss((calibration.calibrated(each.raw), each.won) for each in outcomes)


def refit(base: Calibration, outcomes: Sequence[Replayed]) -> Calibration:
    """`base` drawn towards own `outcomes`, oldest first; few of them change little.

    `base` counts for CALIBRATION_WEIGHT outcomes, so it should be the shipped one and `outcomes`
    all that are known: an own one as the base would count its outcomes twice. The losses and the
    table are of outcomes in time order, each judged by a fit of earlier ones only.
    """
    line = drawn(base, outcomes, CALIBRATION_WEIGHT)
    judged = tuple(_forward(base, outcomes))
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
        table=table(judged) if judged else base.table,
    )


def table(judged: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """(stated confidence, won) counted in CALIBRATION_BINS."""
    bins: list[Bin] = []
    for low, high in pairwise(CALIBRATION_BINS):
        last = high == CALIBRATION_BINS[-1]
        inside = [(p, won) for p, won in judged if low <= p < high or (last and p == high)]
        count = len(inside)
        stated = sum(p for p, _ in inside) / count if count else None
        observed = sum(won for _, won in inside) / count if count else None
        bins.append(Bin(low=low, high=high, count=count, stated=stated, observed=observed))
    return tuple(bins)


def drawn(base: Calibration, outcomes: Sequence[Replayed], weight: float) -> Line:
    """The likeliest line when `base` counts for `weight` outcomes, spread evenly over 0.1..0.9.

    Source: a prior by pseudo-observations, as Clogg et al., Sociological Methodology 21, 1991.
    """
    grid = [each / 10 for each in range(1, 10)]
    held = [Observation(raw, base.calibrated(raw), weight / len(grid)) for raw in grid]
    return fit([*held, *(Observation(each.raw, float(each.won), 1.0) for each in outcomes)])


def _forward(base: Calibration, outcomes: Sequence[Replayed]) -> Iterator[tuple[float, bool]]:
    """(confidence by the outcomes of the blocks before, won) for each outcome."""
    size = max(1, -(-len(outcomes) // CALIBRATION_BLOCKS))
    for start in range(0, len(outcomes), size):
        line = drawn(base, outcomes[:start], CALIBRATION_WEIGHT)
        for each in outcomes[start : start + size]:
            yield line.probability(each.raw), each.won
