"""Score plans: the distance to the outcome, and how often and by how much they are above it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.replay import Decided
from benchmarks.decision_quality.scores import Floats, pinball, ratio, share
from benchmarks.decision_quality.yardsticks import CONSTANT, YARDSTICKS, planned
from graphs.evidence.distribution import Distribution
from graphs.thresholds import INTERVAL, PROMISE

LEVELS = {"low": (1 - INTERVAL) / 2, "high": (1 + INTERVAL) / 2}
FIRST_SPRINTS = (0, 1, 2)


def outcomes_of(decided: Sequence[Decided]) -> Floats:
    """Return the completed tasks of each decision's sprint."""
    return np.array([decision.case.completed for decision in decided], float)


def teams_of(decided: Sequence[Decided]) -> list[str]:
    """Return the team of each decision."""
    return [decision.case.team for decision in decided]


def applied(decided: Sequence[Decided]) -> dict[str, Any]:
    """Compare the applied plans with each yardstick; `decided` have a sprint before them."""
    cases, teams = [decision.case for decision in decided], teams_of(decided)
    outcomes = outcomes_of(decided)
    plans = np.array([decision.applied for decision in decided], float)
    rule = np.array([decision.rule for decision in decided], float)
    errors = np.abs(plans - outcomes)
    yardsticks: dict[str, Any] = {}
    for name in YARDSTICKS:
        counts = np.array(planned(name, cases), float)
        compared = ratio(errors, np.abs(counts - outcomes), teams)
        yardsticks[name] = plan_score(counts, outcomes, teams) | {"ratio": asdict(compared)}
    return {
        "plans": len(decided),
        "teams": len(set(teams)),
        "projects": len({case.project for case in cases}),
        "mean_completed": float(outcomes.mean()),
        "plan": plan_score(plans, outcomes, teams),
        "rule": plan_score(rule, outcomes, teams),
        "yardsticks": yardsticks,
        "expectation": expectation_score(
            [decision.expectation.planned for decision in decided], outcomes, teams
        ),
    }


def first_sprints(decided: Sequence[Decided]) -> dict[str, Any]:
    """Compare the plans of a team's first sprints with constant 10."""
    groups = {str(before): (before,) for before in FIRST_SPRINTS} | {"together": FIRST_SPRINTS}
    answer: dict[str, Any] = {}
    for name, befores in groups.items():
        some = [decision for decision in decided if decision.case.before in befores]
        if not some:
            continue
        outcomes, teams = outcomes_of(some), teams_of(some)
        plans = np.array([decision.applied for decision in some], float)
        constant = np.full(len(some), CONSTANT)
        compared = ratio(np.abs(plans - outcomes), np.abs(constant - outcomes), teams)
        answer[name] = {
            "plans": len(some),
            "plan": plan_score(plans, outcomes, teams),
            "constant_10": plan_score(constant, outcomes, teams),
            "ratio": asdict(compared),
        }
    return answer


def plan_score(plans: Floats, outcomes: Floats, groups: Sequence[str]) -> dict[str, Any]:
    """Measure the mean error and the part above the outcome, in tasks."""
    above = np.maximum(plans - outcomes, 0)
    return {
        "mean": float(plans.mean()),
        "mae": float(np.abs(plans - outcomes).mean()),
        "above": asdict(share((above > 0) * 1.0, groups)),
        "above_by": float(above.mean()),
        "below_by": float(np.maximum(outcomes - plans, 0).mean()),
    }


def expectation_score(
    forecasts: Sequence[Distribution], outcomes: Floats, groups: Sequence[str]
) -> dict[str, Any]:
    """Measure how often the band holds the outcome and the promise is kept."""
    low, high = np.array([forecast.interval() for forecast in forecasts], float).T
    promised = np.array([forecast.promise() for forecast in forecasts], float)
    inside = ((low <= outcomes) & (outcomes <= high)) * 1.0
    ends = {"low": low, "high": high}
    return {
        "band": {"nominal": INTERVAL} | asdict(share(inside, groups)),
        "band_width": float((high - low).mean()),
        "promise": {"nominal": PROMISE} | asdict(share((outcomes >= promised) * 1.0, groups)),
        "mean_promised": float(promised.mean()),
        "pinball": {name: pinball(outcomes, ends[name], level) for name, level in LEVELS.items()},
    }
