"""The whole measurement as one JSON document."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from benchmarks.decision_quality import effects, forecasts, gating
from benchmarks.decision_quality.calibrating import fitted, learning, leave_one_out, outcomes
from benchmarks.decision_quality.replay import Case, cases, decide
from benchmarks.decision_quality.sprints import Teams
from graphs.evidence.calibration import Calibration
from graphs.evidence.shipped import shipped

Say = Callable[[str], None]

# The teams that the shipped numbers were chosen on, to tell when they are judged on their own.
DEVELOPMENT_SET = "4f289b42129d6c6e"


def measure(teams: Teams, say: Say) -> dict[str, Any]:
    """Everything, before the scope is known and with it; `say` is told of each step."""
    own_ground = fingerprint(teams) == DEVELOPMENT_SET
    return {
        "teams": len(teams),
        "sprints": sum(len(rows) for rows in teams.values()),
        "fingerprint": fingerprint(teams),
        "fitted": _fitted(own_ground),
        "before_scope": _variant(teams, False, own_ground, say),
        "with_scope": _variant(teams, True, own_ground, say),
    }


def fingerprint(teams: Teams) -> str:
    """Tells one set of teams from another."""
    return sha256("\n".join(sorted(teams)).encode()).hexdigest()[:16]


def _variant(teams: Teams, scope_known: bool, own_ground: bool, say: Say) -> dict[str, Any]:
    name = "with scope" if scope_known else "before scope"
    say(f"{name}: recalling neighbours")
    found = list(cases(teams, scope_known))
    if not found:
        return {"forecasts": 0, "reason": "no team has a sprint with three before it"}
    say(f"{name}: forecasting {len(found)} sprints")
    forecast = forecasts.measure(found)
    say(f"{name}: deciding them")
    answer: dict[str, Any] = {"forecast": forecast, "effects": effects.measure(found)}
    if own_ground:
        answer["nested"] = effects.nested(found, say)
    known = outcomes(found)
    answer["outcomes"] = len(known)
    if not known:
        return answer | {"gate": None, "reason": "no suggestion ended nearer or farther"}
    left_out, base = leave_one_out(known), shipped()
    say(f"{name}: judging the gate")
    gates = {"shipped": _gate(found, lambda _: base), "left_out": _gate(found, left_out)}
    headline = "left_out" if own_ground else "shipped"
    say(f"{name}: refitting the calibration team by team")
    return answer | {
        "gate_calibration": headline,
        "gate": gates[headline],
        "gate_by_calibration": gates,
        "calibration": fitted(known, "these sprints").model_dump(mode="json"),
        "refit_on_own_outcomes": learning(known, left_out if own_ground else lambda _: base),
    }


def _gate(found: list[Case], calibration_of: Callable[[Case], Calibration]) -> dict[str, Any]:
    return gating.measure([decide(case, calibration_of(case)) for case in found])


def _fitted(own_ground: bool) -> dict[str, str]:
    numbers = "graphs/thresholds.py, chosen on the development set"
    memory = (
        "other teams of this set and earlier sprints of the same team; without the scope, that of"
        " the sprint before stands in for the open tasks"
    )
    if own_ground:
        return {
            "numbers": f"{numbers}, which this is; `nested` chooses again without each project",
            "calibration": "for each project fitted on the other projects of this set (left out)",
            "neighbours": memory,
        }
    return {
        "numbers": f"{numbers}, of other teams than these",
        "calibration": "as shipped, fitted on the development set, of other teams than these",
        "neighbours": memory,
    }
