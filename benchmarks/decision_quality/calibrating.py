"""Calibrate the chance to end nearer this one time, judged on projects left out of the fit."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.decision_quality.replay import UNCALIBRATED, Case, Decided
from graphs.evidence.calibration import (
    Calibration,
    Replayed,
    fit_with_prior,
    refit,
    reliability_table,
    replayed,
    score,
)
from graphs.evidence.logistic import log_loss
from graphs.evidence.shipped import shipped

Outcome = tuple[Case, Replayed]

# Outcomes that "as it was stated" counts for when the shipped calibration is fitted. With projects
# left out, 1 to 400 differ by 0.015 in log loss.
AS_STATED_WEIGHT = 50.0


def outcomes(decided: Sequence[Decided]) -> list[Outcome]:
    """Compare each recommendation with the rule; ties and equal numbers are left out."""
    compared = ((decision.case, _compared(decision)) for decision in decided)
    return [(case, outcome) for case, outcome in compared if outcome is not None]


def fitted(known: Sequence[Outcome], fitted_on: str) -> Calibration:
    """Fit a calibration on all of `known`; losses and table are of fits without the project."""
    left_out = leave_one_out(known)
    judged = [(left_out(case).calibrated(outcome.raw), outcome.won) for case, outcome in known]
    return _calibration(known, fitted_on).model_copy(
        update={
            "log_loss": log_loss(judged),
            "baseline_log_loss": score(UNCALIBRATED, [outcome for _, outcome in known]),
            "table": reliability_table(judged),
        }
    )


def judge(known: Sequence[Outcome]) -> dict[str, Any]:
    """Compare the shipped chances with the outcomes.

    They were fitted on the development set and on the example projects, so of those they only
    repeat the fit.
    """
    base = shipped()
    judged = [(base.calibrated(outcome.raw), outcome.won) for _, outcome in known]
    table = [interval.model_dump(mode="json") for interval in reliability_table(judged)]
    return {"version": base.version, "log_loss": log_loss(judged), "table": table}


def leave_one_out(known: Sequence[Outcome]) -> Callable[[Case], Calibration]:
    """Fit a calibration for each case on the other projects' outcomes only."""
    by_project = {
        project: _calibration(
            [outcome for outcome in known if outcome[0].project != project], "others"
        )
        for project in {case.project for case, _ in known}
    }
    return lambda case: by_project[case.project]


def learning(known: Sequence[Outcome]) -> dict[str, float | int | None]:
    """Measure mean log losses, in nats, with and without a refit on a team's earlier outcomes."""
    base_of = leave_one_out(known)
    before: list[tuple[float, bool]] = []
    after: list[tuple[float, bool]] = []
    by_team: dict[str, list[Replayed]] = {}
    for case, outcome in known:
        base, own = base_of(case), by_team.setdefault(case.team, [])
        before.append((base.calibrated(outcome.raw), outcome.won))
        after.append((refit(base, own).calibrated(outcome.raw), outcome.won))
        own.append(outcome)
    return {"outcomes": len(known), "base": log_loss(before), "refitted": log_loss(after)}


def _calibration(known: Sequence[Outcome], fitted_on: str) -> Calibration:
    line = fit_with_prior(UNCALIBRATED, [outcome for _, outcome in known], AS_STATED_WEIGHT)
    return UNCALIBRATED.model_copy(
        update={
            "version": f"fitted-{len(known)}",
            "fitted_on": fitted_on,
            "sample_size": len(known),
            "teams": len({case.team for case, _ in known}),
            "intercept": line.intercept,
            "slope": line.slope,
        }
    )


def _compared(decision: Decided) -> Replayed | None:
    raw = decision.proposal.raw_nearer
    if raw is None:
        return None
    return replayed(raw, decision.recommended, decision.rule, decision.case.completed)
