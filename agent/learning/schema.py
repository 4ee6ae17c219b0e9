"""Wire types of learning: calibrations, attempts, rollback."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from domain_services.kernel.types import Answer, Line, Wire
from graphs.evidence.calibration import Bin, Calibration
from graphs.evidence.shipped import read_stored

# The command line imports these types and has no database driver loaded
# (docs/adr/0061-light-command-line.md).
if TYPE_CHECKING:
    from memory.calibrations import Active, Version


class CalibrationReport(Answer):
    """A map from raw confidence to the probability of ending nearer than the rule."""

    version: int
    """0 for the calibration that comes with the software."""
    name: str
    """Name of the calibration."""
    method: str
    """Kind of the map, in words."""
    fitted_on: str
    """Data that it was fitted to, in words."""
    sample_size: int
    """Outcomes that it was fitted to."""
    own: int
    """Outcomes of this installation among them."""
    intercept: float
    """Of the map in log odds."""
    slope: float
    """Of the map in log odds."""
    log_loss: float | None
    """Mean log loss, lower is better; null when not measured."""
    baseline_log_loss: float | None
    """Mean log loss of the base rate alone; null when not measured."""
    table: tuple[Bin, ...]
    """Stated against observed confidence, of `sample_size` outcomes."""


class Learned(Answer):
    """Result of a request to learn."""

    learned: bool
    """False when there were too few new outcomes, or the attempt was refused."""
    reason: str
    """Reason in words."""
    outcomes: int
    """Own outcomes that can be learned from."""
    new_outcomes: int
    """Outcomes since the calibration in force was learned."""
    version: int | None
    """Version of the attempt; null without one."""
    log_loss: float | None
    """Mean log loss of the attempt on the new outcomes, lower is better; null without one."""
    active_log_loss: float | None
    """The same of the calibration that was in force; null without an attempt."""
    before: CalibrationReport
    """The calibration in force before."""
    active: CalibrationReport
    """The calibration in force now."""


class Rollback(Wire):
    """Request to activate an older calibration."""

    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
    """0 for the calibration that comes with the software."""
    reason: Line = "rolled back on request"
    """Reason, for the history."""


class AttemptReport(Answer):
    """A stored learning attempt."""

    version: int
    """Counted from 1 over all attempts."""
    accepted: bool
    """True when it came into force."""
    reason: str
    """Reason of acceptance or refusal, in words."""
    outcomes: int
    """Outcomes that it was fitted to."""
    new_outcomes: int
    """Outcomes that decided on it."""
    log_loss: float | None
    """Mean log loss on the new outcomes, lower is better; null without a comparison."""
    active_log_loss: float | None
    """The same of the calibration that was in force."""
    created_at: datetime
    """Time of the attempt."""
    created_by: str
    """Name of the API key, or of the job."""
    calibration: CalibrationReport
    """The fitted calibration."""


class LearningHistory(Answer):
    """The calibration in force, and the learning attempts."""

    active: CalibrationReport
    """The calibration in force."""
    since: datetime | None
    """Time of its activation; null while no calibration was ever activated."""
    attempts: list[AttemptReport]
    """Newest first."""

    @classmethod
    def of(
        cls, active: "Active", calibration: Calibration, versions: "list[Version]"
    ) -> "LearningHistory":
        """Return the history of stored versions."""
        return cls(
            active=describe(active.version, calibration),
            since=active.since,
            attempts=[_attempt(version) for version in versions],
        )


def describe(version: int, calibration: Calibration) -> CalibrationReport:
    """Return a calibration as the API shows it."""
    return CalibrationReport(
        version=version,
        name=calibration.version,
        **calibration.model_dump(exclude={"version", "teams"}),
    )


def _attempt(version: "Version") -> AttemptReport:
    calibration = read_stored(version.calibration)
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
