"""Calibration that comes with the software: numbers derived from other teams' sprints."""

from collections.abc import Mapping

from graphs.evidence.calibration import Bin, Calibration, add_tables

FITTED_ON = (
    "decisions of 27 teams whose evidence and rule differ: similar episodes on sprints of public"
    " trackers (Choetkiertikul et al., IEEE TSE 2017) with at least 3 earlier ones, and chances by"
    " age on fortnights of the two Scrum projects of rueedlinger/agile-project-dataset, replayed on"
    " 2026-11-30"
)


def shipped() -> Calibration:
    """Return the calibration that is in force until own outcomes are known.

    Losses and table are of projects that were left out of the fit.
    """
    # Derived by `python -m benchmarks.decision_quality` (`calibration.fitted`). A change of the
    # forecasts or of the raw chance needs a new one, with a new version.
    return Calibration(
        version="shipped-3",
        fitted_on=FITTED_ON,
        sample_size=252,
        teams=27,
        intercept=0.236,
        slope=0.737,
        log_loss=0.6062,
        baseline_log_loss=0.6115,
        table=(
            Bin(low=0.0, high=0.6, count=124, stated=0.566, observed=0.589),
            Bin(low=0.6, high=0.75, count=57, stated=0.679, observed=0.719),
            Bin(low=0.75, high=0.85, count=35, stated=0.790, observed=0.714),
            Bin(low=0.85, high=1.0, count=36, stated=0.929, observed=0.889),
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
