"""Estimate how far outcomes scatter around forecasts: variance = scale * (mean + d * mean^2)."""

from collections.abc import Sequence

from graphs.thresholds import DISPERSION, DISPERSION_WEIGHT, MAX_ERROR

# None: the outcome is not known well enough to judge the forecast.
Error = float | None


def usual_variance(mean: float, dispersion: float = DISPERSION) -> float:
    """Return the variance of teams around a forecast of `mean` tasks."""
    return mean + dispersion * mean**2


def squared_error(outcome: float, mean: float, variance: float) -> float:
    """Return the squared deviation of an outcome in units of `variance`, capped at MAX_ERROR^2."""
    return min((outcome - mean) ** 2 / variance, MAX_ERROR**2)


def scale(errors: Sequence[Error]) -> float:
    """Estimate how much more (above 1) or less a team scatters than teams do.

    Source: mean squared Pearson residual (the dispersion estimate of a quasi-likelihood model,
    McCullagh and Nelder, Generalized Linear Models, 9.2), shrunk towards 1 by DISPERSION_WEIGHT
    pseudo-errors.
    """
    known = [error for error in errors if error is not None]
    return (DISPERSION_WEIGHT + sum(known)) / (DISPERSION_WEIGHT + len(known))
