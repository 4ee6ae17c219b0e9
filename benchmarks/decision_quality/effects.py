"""Effect of each part of the forecast: its error with the part over that without it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

from benchmarks.decision_quality.forecasts import against_baselines
from benchmarks.decision_quality.replay import Case
from benchmarks.decision_quality.scores import Bounded, Floats, pinball, ratio
from benchmarks.decision_quality.turning import turned

ENDLESS = 1e9  # a prior that no evidence outweighs

WITHOUT = {
    "similar episodes": {"NEIGHBOUR_WEIGHT": 0.0},
    "a second speed of forgetting": {"SMOOTHING_FACTORS": (0.15,)},
    "length of the sprint": {"LENGTH_POWER": 0.0},
}
WITHOUT_PLAN = {"what own plans were worth": {"RATIO_WEIGHT": ENDLESS}}
OWN_SPREAD = {"DISPERSION_WEIGHT": ENDLESS}

CHOICES: dict[str, Sequence[object]] = {
    "SMOOTHING_FACTORS": ((0.1,), (0.15,), (0.3,), (0.1, 0.3)),
    "LENGTH_POWER": (0.0, 0.25, 0.5),
}
CHOICES_WITH_PLAN = CHOICES | {"PLAN_WEIGHT": (0.5, 0.6, 0.7), "RATIO_WEIGHT": (3.0, 5.0, 10.0)}


def measure(cases: Sequence[Case]) -> dict[str, dict[str, float | None]]:
    """Below 1 the part helps; bounds that hold 1 say that its effect is not there."""
    parts = WITHOUT | (WITHOUT_PLAN if cases[0].scope is not None else {})
    teams, here = [case.team for case in cases], errors(cases)
    effects: dict[str, Bounded] = {}
    for name, numbers in parts.items():
        with turned(**numbers):
            effects[name] = ratio(here, errors(cases), teams)
    spread = losses(cases)
    with turned(**OWN_SPREAD):
        effects["spread of the own past (pinball loss)"] = ratio(spread, losses(cases), teams)
    return {name: asdict(bounded) for name, bounded in effects.items()}


def nested(cases: Sequence[Case], say: Callable[[str], None]) -> dict[str, Any]:
    """The error when the numbers are chosen again for each project, on all the others only.

    A check of the choice made in graphs/thresholds.py: what is reported elsewhere is optimistic by
    as much as this is worse.
    """
    choices = CHOICES if cases[0].scope is None else CHOICES_WITH_PLAN
    settings = [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]
    by_setting = np.empty((len(settings), len(cases)))
    for index, numbers in enumerate(settings):
        if index % 20 == 0:
            say(f"choosing the numbers again: {index} of {len(settings)} settings")
        with turned(**numbers):
            by_setting[index] = errors(cases)
    project, chosen = np.array([case.project for case in cases]), np.empty(len(cases))
    for name in np.unique(project):
        inside = project == name
        best = by_setting[:, ~inside].mean(axis=1).argmin()
        chosen[inside] = by_setting[best, inside]
    return {"settings": len(settings), "mae_ratio_to": against_baselines(chosen, cases)}


def errors(cases: Sequence[Case]) -> Floats:
    """The absolute error of each forecast, in tasks."""
    return np.abs(np.array([case.prediction.quantile(0.5) for case in cases]) - _outcomes(cases))


def losses(cases: Sequence[Case]) -> Floats:
    """The pinball loss of both ends of each interval, in tasks."""
    return np.array(
        [
            sum(
                pinball(np.array([float(case.completed)]), np.array([float(end)]), level)
                for end, level in zip(case.prediction.interval(), (0.15, 0.85), strict=True)
            )
            for case in cases
        ]
    )


def _outcomes(cases: Sequence[Case]) -> Floats:
    return np.array([case.completed for case in cases], float)
