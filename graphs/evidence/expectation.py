"""Expectation of one sprint: the forecast that decisions, status, insights and velocity share."""

from dataclasses import dataclass

from graphs.evidence.distribution import Prediction
from graphs.evidence.forecast import Evidence, forecast
from graphs.thresholds import INTERVAL


@dataclass(frozen=True)
class Expectation:
    """Forecast of what a team completes in one sprint."""

    prediction: Prediction
    """Distribution of the completed tasks."""
    low: int
    """Lower end of its central 70 %."""
    high: int
    """Upper end of its central 70 %."""
    sentence: str
    """The expectation in words, with what it rests on; without a full stop."""


def predict_sprint(evidence: Evidence) -> Prediction:
    """Forecast a sprint that is planned as usual, or one that takes all there is.

    What another plan would change of the outcome is not known
    (docs/adr/0025-recommended-count.md).
    """
    return forecast(evidence, evidence.only_plan or None)


def expect(evidence: Evidence) -> Expectation | None:
    """Forecast a sprint, also in words; None when the evidence is too thin."""
    if not evidence.enough:
        return None
    return describe(evidence, predict_sprint(evidence))


def describe(evidence: Evidence, prediction: Prediction) -> Expectation:
    """Put a forecast into words."""
    low, high = prediction.interval()
    own = len(evidence.history)
    sentence = (
        f"The team is expected to complete {prediction.mean:.1f} tasks ({low} to {high} in"
        f" {INTERVAL:.0%} of cases) by {own} past sprint(s)"
    )
    if evidence.prior.neighbours:
        sentence += f" and {evidence.prior.neighbours} similar episodes"
    if evidence.capacity_share is not None and evidence.capacity_share < 1:
        sentence += f", with {evidence.capacity_share:.0%} of its full working time"
    return Expectation(prediction, low, high, sentence)
