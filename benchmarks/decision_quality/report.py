"""The whole measurement as one JSON document."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from benchmarks.decision_quality import development, effects, forecasts, gating
from benchmarks.decision_quality.calibrating import (
    Outcome,
    fitted,
    learning,
    leave_one_out,
    outcomes,
)
from benchmarks.decision_quality.replay import Case, cases, decidable, decide, without_scope
from benchmarks.decision_quality.sprints import Teams
from graphs.evidence.calibration import Calibration
from graphs.evidence.shipped import shipped

Say = Callable[[str], None]

TOO_SHORT = "no team has a sprint with three before it"

# The calibrations that the gate may be judged by.
SHIPPED, LEFT_OUT, BOTH = "shipped", "left_out", "left_out_or_shipped"


def measure(teams: Teams, say: Say) -> dict[str, Any]:
    """Measure everything, before the scope is known and with it; `say` reports each step."""
    ours = development.overlap(teams)
    return {
        "teams": len(teams),
        "sprints": sum(len(rows) for rows in teams.values()),
        "fingerprint": fingerprint(teams),
        "development_teams": ours,
        "fitted": _fitted(ours, len(teams)),
        "before_scope": _variant(teams, False, say),
        "with_scope": {"without_scope": without_scope(teams)} | _variant(teams, True, say),
    }


def fingerprint(teams: Teams) -> str:
    """Tells one set of teams from another."""
    return sha256("\n".join(sorted(teams)).encode()).hexdigest()[:16]


def _variant(teams: Teams, scope_known: bool, say: Say) -> dict[str, Any]:
    name = "with scope" if scope_known else "before scope"
    say(f"{name}: recalling neighbours")
    replayed_cases = list(cases(teams, scope_known))
    if not replayed_cases:
        unknown = "no sprint with three before it says its scope"
        reason = unknown if decidable(teams) else TOO_SHORT
        return {"forecasts": 0, "forecast": None, "gate": None, "reason": reason}
    say(f"{name}: forecasting {len(replayed_cases)} sprints")
    forecast = forecasts.measure(replayed_cases)
    say(f"{name}: deciding them")
    answer: dict[str, Any] = {"forecast": forecast, "effects": effects.measure(replayed_cases)}
    headline = _headline(replayed_cases)
    if headline != SHIPPED and forecast["projects"] > 1:
        answer["nested"] = effects.nested(replayed_cases, say)
    known = outcomes(replayed_cases)
    answer["outcomes"] = len(known)
    if not known:
        return answer | {"gate": None, "reason": "no suggestion ended nearer or farther"}
    ways = calibrations(known)
    say(f"{name}: judging the gate")
    gates = {
        way: _gate(replayed_cases, ways[way])
        for way in dict.fromkeys((SHIPPED, LEFT_OUT, headline))
    }
    say(f"{name}: refitting the calibration team by team")
    return answer | {
        "gate_calibration": headline,
        "gate": gates[headline],
        "gate_by_calibration": gates,
        "calibration": fitted(known, "these sprints").model_dump(mode="json"),
        "refit_on_own_outcomes": learning(known, ways[headline]),
    }


def calibrations(known: Sequence[Outcome]) -> dict[str, Callable[[Case], Calibration]]:
    """Build the calibrations of each case: SHIPPED, LEFT_OUT, or LEFT_OUT for known projects."""
    left_out, base = leave_one_out(known), shipped()
    return {
        SHIPPED: lambda _: base,
        LEFT_OUT: left_out,
        BOTH: lambda case: left_out(case) if development.known(case.project) else base,
    }


def _headline(replayed_cases: Sequence[Case]) -> str:
    """The calibration that has seen no outcome of the project it judges."""
    ours = {development.known(case.project) for case in replayed_cases}
    if ours == {True, False}:
        return BOTH
    return LEFT_OUT if True in ours else SHIPPED


def _gate(
    replayed_cases: list[Case], calibration_of: Callable[[Case], Calibration]
) -> dict[str, Any]:
    return gating.measure([decide(case, calibration_of(case)) for case in replayed_cases])


def _fitted(ours: int, teams: int) -> dict[str, str]:
    """Describe the data behind each fitted number; `ours` teams are in the development set."""
    numbers = "graphs/thresholds.py, chosen on the development set"
    share = f"{ours or 'none'} of the {teams} teams here are of it, by the names of their projects"
    left_out = "fitted on the other projects of this set (left out; on nothing when there are none)"
    as_shipped = "as shipped, fitted on the development set"
    again = "; `nested` chooses again without each project, where two or more are forecast"
    return {
        "numbers": f"{numbers}; {share}{again if ours else ''}",
        "calibration": (
            as_shipped
            if not ours
            else f"for each project {left_out}"
            if ours == teams
            else f"for projects of the development set {left_out}; for the others {as_shipped}"
        ),
        "neighbours": (
            "other teams of this set and earlier sprints of the same team; without the scope, that"
            " of the sprint before stands in for the open tasks"
        ),
    }
