"""A line through log odds: the smallest logistic regression, in closed form steps."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CERTAIN = 0.99  # probabilities are kept within 1 - CERTAIN..CERTAIN: no outcome is impossible
STEPS = 50  # of Newton, at most; five or six are usual
SMALL = 1e-9  # change of the coefficients that counts as none
HALVINGS = 30  # of one step, at most
RIDGE = 1e-6  # keeps the step finite when all raw values are alike


@dataclass(frozen=True)
class Observation:
    """A raw probability, how often it came true (0..1), and how many outcomes that stands for."""

    raw: float
    observed: float
    weight: float


@dataclass(frozen=True)
class Line:
    """logit(probability) = intercept + slope * logit(raw)."""

    intercept: float
    slope: float

    def probability(self, raw: float) -> float:
        """In 1 - CERTAIN..CERTAIN, monotone in `raw` for a slope that is not negative."""
        odds = self.intercept + self.slope * logit(raw)
        return _within(_sigmoid(odds))


def logit(probability: float) -> float:
    """The log odds of a probability, kept within 1 - CERTAIN..CERTAIN."""
    kept = _within(probability)
    return math.log(kept / (1 - kept))


def fit(observations: Sequence[Observation]) -> Line:
    """The likeliest line; a negative slope is not believed and becomes 0.

    Raises: `ValueError` without observations.
    Source: Newton's method on the log likelihood (iteratively reweighted least squares), McCullagh
    and Nelder, Generalized Linear Models, 4.4.
    """
    if not observations:
        raise ValueError("no observations: nothing to fit")
    line = _newton(observations, flat=False)
    return line if line.slope >= 0 else _newton(observations, flat=True)


def log_loss(judged: Iterable[tuple[float, bool]]) -> float | None:
    """The mean of -log(probability given to what happened), in nats; None without any."""
    losses = [-math.log(_within(p if won else 1 - p)) for p, won in judged]
    return sum(losses) / len(losses) if losses else None


def _newton(observations: Sequence[Observation], flat: bool) -> Line:
    line = Line(0.0, 0.0 if flat else 1.0)
    reached = _likelihood(observations, line)
    for _ in range(STEPS):
        step = _step(observations, line, flat)
        # A full step may overshoot to where the curve is flat and never come back: halve it
        # until it climbs.
        for _ in range(HALVINGS):
            tried = Line(line.intercept + step.intercept, line.slope + step.slope)
            likelihood = _likelihood(observations, tried)
            if likelihood >= reached:
                line, reached = tried, likelihood
                break
            step = Line(step.intercept / 2, step.slope / 2)
        if abs(step.intercept) + abs(step.slope) < SMALL:
            break
    return line


def _step(observations: Sequence[Observation], line: Line, flat: bool) -> Line:
    """Newton's full step from `line`; its slope is 0 when `flat`."""
    g0 = g1 = h01 = 0.0
    h00 = h11 = RIDGE
    for each in observations:
        x = 0.0 if flat else logit(each.raw)
        p = _sigmoid(line.intercept + line.slope * x)
        error, curve = each.weight * (each.observed - p), each.weight * p * (1 - p)
        g0, g1 = g0 + error, g1 + error * x
        h00, h01, h11 = h00 + curve, h01 + curve * x, h11 + curve * x * x
    determinant = h00 * h11 - h01 * h01
    return Line((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)


def _likelihood(observations: Sequence[Observation], line: Line) -> float:
    """The weighted log likelihood, in nats."""
    total = 0.0
    for each in observations:
        p = _sigmoid(line.intercept + line.slope * logit(each.raw))
        total += each.weight * (each.observed * math.log(p) + (1 - each.observed) * math.log(1 - p))
    return total


def _sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def _within(probability: float) -> float:
    return max(1 - CERTAIN, min(CERTAIN, probability))
