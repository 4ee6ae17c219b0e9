"""Wire types of learning: calibrations, attempts, roll-back."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from domain_services.kernel.types import Answer, Line, Wire
from graphs.evidence.calibration import Bin, Calibration

if TYPE_CHECKING:  # the command line has no database to talk to
    from memory.calibrations import Active, Version


class CalibrationReport(Answer):
    """A map from raw confidence to the probability of ending nearer than the rule.

    `version` 0 comes with the software. `table` holds stated against observed confidence; of
    `sample_size` outcomes `own` are of this installation.
    """

    version: int
    name: str
    method: str
    fitted_on: str
    sample_size: int
    own: int
    intercept: float
    slope: float
    log_loss: float | None
    baseline_log_loss: float | None
    table: tuple[Bin, ...]


class Learned(Answer):
    """`learned` is false when nothing new was there or the attempt was refused; `reason` says it.

    `version` is that of the attempt, null when there was none. Losses: mean log loss on the new
    outcomes, lower is better.
    """

    learned: bool
    reason: str
    outcomes: int
    new_outcomes: int
    version: int | None
    log_loss: float | None
    active_log_loss: float | None
    before: CalibrationReport
    active: CalibrationReport


class Rollback(Wire):
    """`version` 0 is the one that comes with the software."""

    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
    reason: Line = "rolled back on request"


class AttemptReport(Answer):
    version: int
    accepted: bool
    reason: str
    outcomes: int
    new_outcomes: int
    log_loss: float | None
    active_log_loss: float | None
    created_at: datetime
    created_by: str
    calibration: CalibrationReport


class LearningHistory(Answer):
    """`since` is when the active one came into force, null while it is the shipped one."""

    active: CalibrationReport
    since: datetime | None
    attempts: list[AttemptReport]

    @classmethod
    def of(
        cls, active: "Active", calibration: Calibration, versions: "list[Version]"
    ) -> "LearningHistory":
        return cls(
            active=describe(active.version, calibration),
            since=active.since,
            attempts=[_attempt(each) for each in versions],
        )


def describe(version: int, calibration: Calibration) -> CalibrationReport:
    return CalibrationReport(
        version=version,
        name=calibration.version,
        **calibration.model_dump(exclude={"version", "teams"}),
    )


def _attempt(version: "Version") -> AttemptReport:
    calibration = Calibration.model_validate(version.calibration)
    return AttemptReport(
        version=version.version,
        accepted=version.accepted,
        reason=version.reason,
        outcomes=version.outcomes,
        new_outcomes=version.new_outcomes,
        log_loss=version.log_loss,
        active_log_loss=version.active_log_loss,
        created_at=version.created_at,
        created_by=version.created_by,
        calibration=describe(version.version, calibration),
    )
