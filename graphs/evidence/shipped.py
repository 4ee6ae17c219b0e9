"""Calibration that comes with the software: numbers derived from other teams' sprints."""

from collections.abc import Mapping

from graphs.evidence.calibration import Bin, Calibration, add_tables

FITTED_ON = (
    "sprints of 35 teams of public trackers (Choetkiertikul et al., IEEE TSE 2017) that had at"
    " least 3 earlier ones, before their scope was known, replayed on 2026-11-27"
)


def shipped() -> Calibration:
    """Return the calibration that is in force until own outcomes are known.

    Losses and table are of projects that were left out of the fit.
    """
    # Derived by `python -m benchmarks.decision_quality` (`before_scope.calibration`). A change of
    # the forecast or of the raw confidence needs a new one, with a new version.
    return Calibration(
        version="shipped-2",
        fitted_on=FITTED_ON,
        sample_size=359,
        teams=35,
        intercept=0.061,
        slope=0.918,
        log_loss=0.5401,
        baseline_log_loss=0.5369,
        table=(
            Bin(low=0.0, high=0.6, count=80, stated=0.546, observed=0.538),
            Bin(low=0.6, high=0.75, count=99, stated=0.670, observed=0.677),
            Bin(low=0.75, high=0.85, count=94, stated=0.807, observed=0.851),
            Bin(low=0.85, high=1.0, count=86, stated=0.893, observed=0.849),
        ),
    )


def read_stored(document: Mapping[str, object]) -> Calibration:
    """Return a stored calibration. Raises: `ValidationError`."""
    stored, base = Calibration.model_validate(document), shipped()
    # Release 0.1.0 stored a table of the own outcomes alone, beside the sample size of all.
    missing = stored.sample_size - sum(interval.count for interval in stored.table)
    if missing and missing == base.sample_size:
        return stored.model_copy(update={"table": add_tables(base.table, stored.table)})
    return stored
