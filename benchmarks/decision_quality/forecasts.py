"""Errors of the forecast and the coverage of its interval."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.replay import Case, mean_of_three, smoothing
from benchmarks.decision_quality.scores import Floats, pinball, ratio, share
from graphs.thresholds import INTERVAL, PROMISE, RULE_TASKS

LEVELS = {"low": (1 - INTERVAL) / 2, "median": 0.5, "high": (1 + INTERVAL) / 2}


def _half_scope(case: Case) -> float:
    if case.scope is None:
        raise ValueError("half of a scope that is not known")
    return 0.5 * case.scope + 0.5 * smoothing(case)


BASELINES: dict[str, Callable[[Case], float]] = {
    "smoothing_0_3": smoothing,
    "mean_of_3": mean_of_three,
    "rule_10": lambda case: float(RULE_TASKS),
    "half_scope_half_smoothing": _half_scope,
}


def measure(cases: Sequence[Case]) -> dict[str, Any]:
    """MAE beside each baseline's (rounded as ours is), coverage, width, promises, pinball loss."""
    teams = [case.team for case in cases]
    outcomes = np.array([case.completed for case in cases], float)
    predictions = [case.prediction for case in cases]
    ours = np.array([prediction.quantile(0.5) for prediction in predictions], float)
    low, high = np.array([prediction.interval() for prediction in predictions], float).T
    promised = np.array([prediction.promise(PROMISE) for prediction in predictions], float)
    errors = np.abs(ours - outcomes)
    return {
        "forecasts": len(cases),
        "teams": len(set(teams)),
        "projects": len({case.project for case in cases}),
        "mae": float(errors.mean()),
        "mae_ratio_to": against_baselines(errors, cases),
        "interval": {
            "nominal": INTERVAL,
            "coverage": asdict(share(((low <= outcomes) & (outcomes <= high)) * 1.0, teams)),
            "mean_width": float((high - low).mean()),
        },
        "promise": {
            "nominal": PROMISE,
            "kept": asdict(share((outcomes >= promised) * 1.0, teams)),
            "mean_promised": float(promised.mean()),
            "mean_completed": float(outcomes.mean()),
        },
        "pinball": _pinball(cases, outcomes, {"low": low, "median": ours, "high": high}),
    }


def against_baselines(errors: Floats, cases: Sequence[Case]) -> dict[str, dict[str, float | None]]:
    """`errors` (absolute, one a case) over those of each baseline, with bounds by team."""
    teams = [case.team for case in cases]
    outcomes = np.array([case.completed for case in cases], float)
    names = [name for name in BASELINES if cases[0].scope is not None or "scope" not in name]
    return {
        name: asdict(
            ratio(
                errors,
                np.abs(np.round([BASELINES[name](case) for case in cases]) - outcomes),
                teams,
            )
        )
        for name in names
    }


def _pinball(
    cases: Sequence[Case], outcomes: Floats, ours: dict[str, Floats]
) -> dict[str, dict[str, float]]:
    """Ours, and the plain quantiles of the own past sprints as what it has to beat."""
    past = [[sprint.completed for sprint in case.evidence.history] for case in cases]
    return {
        name: {
            "level": level,
            "ours": pinball(outcomes, ours[name], level),
            "own_past_quantile": pinball(
                outcomes, np.array([np.quantile(completed, level) for completed in past]), level
            ),
        }
        for name, level in LEVELS.items()
    }
