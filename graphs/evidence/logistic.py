"""Fit a line through log odds: logistic regression with one variable, by Newton's method."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CERTAIN = 0.99  # probabilities are bounded to 1 - CERTAIN..CERTAIN: no outcome is impossible
STEPS = 50  # Newton steps, at most; a fit usually takes five or six
TOLERANCE = 1e-9  # change of the coefficients that counts as none
HALVINGS = 30  # halvings of one step, at most
RIDGE = 1e-6  # added to the curvature, so that a step stays finite when all raw values are alike


@dataclass(frozen=True)
class Observation:
    """Outcomes of one raw probability."""

    raw: float
    """Stated probability, 0..1."""
    observed: float
    """Share that came true, 0..1."""
    weight: float
    """Outcomes that it stands for."""


@dataclass(frozen=True)
class Line:
    """Line through log odds: logit(probability) = intercept + slope * logit(raw)."""

    intercept: float
    """Log odds at even raw odds."""
    slope: float
    """Change of the log odds with the raw ones."""

    def probability(self, raw: float) -> float:
        """Return the probability for `raw`, bounded to 1 - CERTAIN..CERTAIN."""
        log_odds = self.intercept + self.slope * logit(raw)
        return _bounded(_sigmoid(log_odds))


def logit(probability: float) -> float:
    """Return the log odds of a probability, which is bounded to 1 - CERTAIN..CERTAIN first."""
    bounded = _bounded(probability)
    return math.log(bounded / (1 - bounded))


def fit(observations: Sequence[Observation]) -> Line:
    """Fit the likeliest line whose slope is not negative.

    Raises: `ValueError` without observations.
    Source: Newton's method on the log likelihood (iteratively reweighted least squares), McCullagh
    and Nelder, Generalized Linear Models, 4.4.
    """
    if not observations:
        raise ValueError("no observations: nothing to fit")
    line = _newton(observations, flat=False)
    # A negative slope would trust the less confident adjustments more: taken for chance.
    return line if line.slope >= 0 else _newton(observations, flat=True)


def log_loss(judged: Iterable[tuple[float, bool]]) -> float | None:
    """Return the mean of -log(probability of the outcome), in nats; None without outcomes."""
    losses = [-math.log(_bounded(p if won else 1 - p)) for p, won in judged]
    return sum(losses) / len(losses) if losses else None


def _newton(observations: Sequence[Observation], flat: bool) -> Line:
    line = Line(0.0, 0.0 if flat else 1.0)
    best = _likelihood(observations, line)
    for _ in range(STEPS):
        step = _step(observations, line, flat)
        # A full step may overshoot to where the curve is flat and never come back: halve it until
        # the likelihood climbs (docs/adr/0026-confidence.md).
        for _ in range(HALVINGS):
            candidate = Line(line.intercept + step.intercept, line.slope + step.slope)
            likelihood = _likelihood(observations, candidate)
            if likelihood >= best:
                line, best = candidate, likelihood
                break
            step = Line(step.intercept / 2, step.slope / 2)
        if abs(step.intercept) + abs(step.slope) < TOLERANCE:
            break
    return line


def _step(observations: Sequence[Observation], line: Line, flat: bool) -> Line:
    """Compute Newton's full step from `line`; its slope is 0 when `flat`."""
    g0 = g1 = h01 = 0.0
    h00 = h11 = RIDGE
    for observation in observations:
        x = 0.0 if flat else logit(observation.raw)
        p = _sigmoid(line.intercept + line.slope * x)
        error = observation.weight * (observation.observed - p)
        curve = observation.weight * p * (1 - p)
        g0, g1 = g0 + error, g1 + error * x
        h00, h01, h11 = h00 + curve, h01 + curve * x, h11 + curve * x * x
    determinant = h00 * h11 - h01 * h01
    return Line((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)


def _likelihood(observations: Sequence[Observation], line: Line) -> float:
    """Compute the weighted log likelihood, in nats."""
    total = 0.0
    for observation in observations:
        p = _sigmoid(line.intercept + line.slope * logit(observation.raw))
        observed = observation.observed
        total += observation.weight * (observed * math.log(p) + (1 - observed) * math.log(1 - p))
    return total


def _sigmoid(log_odds: float) -> float:
    # Bounded, so that neither p nor 1 - p becomes 0, which has no logarithm.
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


def _bounded(probability: float) -> float:
    return max(1 - CERTAIN, min(CERTAIN, probability))
