"""The calibration that comes with the software: derived numbers only, of other teams' sprints."""

from graphs.evidence.calibration import Bin, Calibration

FITTED_ON = (
    "sprints of 35 teams of public trackers (Choetkiertikul et al., IEEE TSE 2017) that had at"
    " least 3 earlier ones, before their scope was known, replayed on 2026-11-25"
)


def shipped() -> Calibration:
    """What is in force until own outcomes are known.

    `python -m benchmarks.decision_quality` derives it (`before_scope.calibration`); losses and
    table are of projects that were left out of the fit. A change of the forecast or of the raw
    confidence asks for a new one, with a new version.
    """
    return Calibration(
        version="shipped-1",
        fitted_on=FITTED_ON,
        sample_size=359,
        teams=35,
        intercept=0.107,
        slope=0.886,
        log_loss=0.5431,
        baseline_log_loss=0.5405,
        table=(
            Bin(low=0.0, high=0.6, count=78, stated=0.545, observed=0.526),
            Bin(low=0.6, high=0.75, count=101, stated=0.667, observed=0.703),
            Bin(low=0.75, high=0.85, count=97, stated=0.807, observed=0.835),
            Bin(low=0.85, high=1.0, count=83, stated=0.892, observed=0.843),
        ),
    )
