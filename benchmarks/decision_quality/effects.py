"""Measure what each number of a forecast is worth: its error with the number over that without."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

from benchmarks.decision_quality.plans import LEVELS, outcomes_of, teams_of
from benchmarks.decision_quality.replay import Decided
from benchmarks.decision_quality.scores import Bounded, Floats, pinball, ratio
from benchmarks.decision_quality.turning import turned
from benchmarks.decision_quality.yardsticks import planned
from graphs.evidence.distribution import Distribution
from graphs.evidence.forecast import own_forecast, scope_forecast

ENDLESS = 1e9  # a prior that no evidence outweighs
NEXT_TO_NOTHING = 1e-6  # sprints of a prior that any evidence outweighs

# Numbers that take a part of the forecast away.
WITHOUT: dict[str, dict[str, object]] = {
    "length of the sprint": {"LENGTH_POWER": 0.0},
    "half a sprint of the prior": {"PRIOR_SPRINTS": NEXT_TO_NOTHING},
    "mean above the middle": {"MIDDLE_TO_MEAN": 1.0},
}
WITHOUT_SCOPE: dict[str, dict[str, object]] = {
    "the scope": {"PLAN_WEIGHT": 0.0},
    "what own plans were worth": {"RATIO_WEIGHT": ENDLESS},
}
# They change how far outcomes scatter, so they are judged by the ends of the band.
WITHOUT_SPREAD: dict[str, dict[str, object]] = {
    "spread of the own past": {"DISPERSION_WEIGHT": ENDLESS},
    "sprints that follow no past": {"UNFORESEEN": 0.0},
}

CHOICES: dict[str, Sequence[object]] = {
    "LENGTH_POWER": (0.0, 0.25, 0.5),
    "PRIOR_SPRINTS": (0.25, 0.5, 1.0),
    "MIDDLE_TO_MEAN": (1.0, 1.1, 1.18),
}
SCOPE_CHOICES: dict[str, Sequence[object]] = {
    "PLAN_WEIGHT": (0.5, 0.6, 0.7),
    "RATIO_WEIGHT": (3.0, 5.0, 10.0),
}

Forecast = Callable[[Decided], Distribution]


def before_scope(decision: Decided) -> Distribution:
    """Forecast a sprint by the own pace, with the numbers that are in force now."""
    evidence = decision.case.evidence
    return own_forecast(evidence.planned_past, evidence.prior, evidence.window)


def with_scope(decision: Decided) -> Distribution:
    """Forecast a sprint by its scope; the scope is known."""
    evidence, scope = decision.case.evidence, decision.case.scope
    if scope is None:
        raise ValueError("forecast by a scope that is not known")
    return scope_forecast(evidence.planned_past, evidence.prior, evidence.window, scope)


def measure(decided: Sequence[Decided], forecast: Forecast) -> dict[str, dict[str, float | None]]:
    """Compare errors with and without each part; below 1 it helps, 1 in the bounds: no effect."""
    parts = WITHOUT | (WITHOUT_SCOPE if forecast is with_scope else {})
    teams, here = teams_of(decided), errors(decided, forecast)
    effects: dict[str, Bounded] = {}
    for name, numbers in parts.items():
        with turned(**numbers):
            effects[name] = ratio(here, errors(decided, forecast), teams)
    losses = _losses(decided, forecast)
    for name, numbers in WITHOUT_SPREAD.items():
        with turned(**numbers):
            effects[f"{name} (band's ends)"] = ratio(losses, _losses(decided, forecast), teams)
    return {name: asdict(bounded) for name, bounded in effects.items()}


def nested(decided: Sequence[Decided], forecast: Forecast, yardstick: str) -> dict[str, Any]:
    """Score forecasts whose numbers are chosen again for each project, on all the others only.

    A check of the choices in graphs/thresholds.py: figures elsewhere are optimistic by as much as
    this one is worse.
    """
    choices = SCOPE_CHOICES if forecast is with_scope else CHOICES
    settings = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    by_setting = np.empty((len(settings), len(decided)))
    for place, numbers in enumerate(settings):
        with turned(**numbers):
            by_setting[place] = errors(decided, forecast)
    project = np.array([decision.case.project for decision in decided])
    chosen = np.empty(len(decided))
    for name in np.unique(project):
        inside = project == name
        best = by_setting[:, ~inside].mean(axis=1).argmin()
        chosen[inside] = by_setting[best, inside]
    counts = np.array(planned(yardstick, [decision.case for decision in decided]), float)
    against = np.abs(counts - outcomes_of(decided))
    return {
        "settings": len(settings),
        "yardstick": yardstick,
        "mae": float(chosen.mean()),
        "ratio": asdict(ratio(chosen, against, teams_of(decided))),
    }


def errors(decided: Sequence[Decided], forecast: Forecast) -> Floats:
    """Return the absolute error of each median, in tasks."""
    medians = np.array([forecast(decision).quantile(0.5) for decision in decided], float)
    return np.abs(medians - outcomes_of(decided))


def _losses(decided: Sequence[Decided], forecast: Forecast) -> Floats:
    """Return the quantile loss of both ends of each band, in tasks."""
    return np.array(
        [
            sum(
                pinball(np.array([float(decision.case.completed)]), np.array([float(end)]), level)
                for end, level in zip(forecast(decision).interval(), LEVELS.values(), strict=True)
            )
            for decision in decided
        ]
    )
