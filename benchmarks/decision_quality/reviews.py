"""Score the review of a scope that is on the table."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from benchmarks.decision_quality.effects import with_scope
from benchmarks.decision_quality.plans import (
    expectation_score,
    outcomes_of,
    plan_score,
    teams_of,
)
from benchmarks.decision_quality.replay import Decided
from benchmarks.decision_quality.scores import ratio
from benchmarks.decision_quality.yardsticks import planned

YARDSTICKS = ("mean_of_3", "smoothing_0_3", "constant_10")


def measure(decided: Sequence[Decided]) -> dict[str, Any]:
    """Compare the forecast with the scope known, and the cut of the scope to it."""
    outcomes, teams = outcomes_of(decided), teams_of(decided)
    forecasts = [with_scope(decision) for decision in decided]
    scope = np.array([decision.case.scope for decision in decided], float)
    expected = np.array([forecast.quantile(0.5) for forecast in forecasts], float)
    errors = np.abs(expected - outcomes)
    cases = [decision.case for decision in decided]
    plans = {name: np.array(planned(name, cases), float) for name in YARDSTICKS}
    plans |= {"the_scope_itself": scope}
    applied = np.array([decision.applied for decision in decided], float)
    return {
        "reviews": len(decided),
        "teams": len(set(teams)),
        "forecast": plan_score(expected, outcomes, teams),
        "cut_to_the_forecast": plan_score(np.minimum(scope, expected), outcomes, teams),
        "applied": plan_score(applied, outcomes, teams),
        "yardsticks": {
            name: plan_score(counts, outcomes, teams)
            | {"ratio": asdict(ratio(errors, np.abs(counts - outcomes), teams))}
            for name, counts in plans.items()
        },
        "expectation": expectation_score(forecasts, outcomes, teams),
    }
