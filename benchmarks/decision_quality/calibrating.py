"""The calibration that a set of sprints gives, fitted on other projects than it is judged on."""

from collections.abc import Callable, Sequence

from benchmarks.decision_quality.replay import Case, Decided, decide
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

Outcome = tuple[Case, Replayed]

# Outcomes that "as it was stated" counts for when the shipped calibration is fitted. Projects left
# out of the development set, 0 to 400 differ by 0.002 in log loss; with the scope known 0 is worse.
AS_STATED_WEIGHT = 50.0

UNCALIBRATED = Calibration(
    version="none",
    fitted_on="nothing",
    sample_size=0,
    teams=0,
    intercept=0.0,
    slope=1.0,
    log_loss=None,
    baseline_log_loss=None,
    table=reliability_table(()),
)


def outcomes(cases: Sequence[Case]) -> list[Outcome]:
    """Compare each recommendation with the rule; ties and equal numbers are left out."""
    results: list[Outcome] = []
    for case in cases:
        taught = _taught(decide(case, UNCALIBRATED))
        if taught is not None:
            results.append((case, taught))
    return results


def fitted(known: Sequence[Outcome], fitted_on: str) -> Calibration:
    """A calibration of all of `known`; losses and table of fits that left the project out."""
    left_out = leave_one_out(known)
    judged = [(left_out(case).calibrated(outcome.raw), outcome.won) for case, outcome in known]
    return _calibration(known, fitted_on).model_copy(
        update={
            "log_loss": log_loss(judged),
            "baseline_log_loss": score(UNCALIBRATED, [outcome for _, outcome in known]),
            "table": reliability_table(judged),
        }
    )


def leave_one_out(known: Sequence[Outcome]) -> Callable[[Case], Calibration]:
    """A calibration for each case, of the other projects' outcomes only."""
    by_project = {
        project: _calibration(
            [outcome for outcome in known if outcome[0].project != project], "others"
        )
        for project in {case.project for case, _ in known}
    }
    everything = _calibration(known, "others")
    return lambda case: by_project.get(case.project, everything)


def learning(
    known: Sequence[Outcome], base_of: Callable[[Case], Calibration]
) -> dict[str, float | int | None]:
    """Measure mean log losses, in nats, with and without a refit on a team's earlier outcomes."""
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


def _taught(decided: Decided) -> Replayed | None:
    raw = decided.proposal.raw_confidence
    if raw is None:
        return None
    return replayed(raw, decided.recommended, decided.rule, decided.case.completed)
