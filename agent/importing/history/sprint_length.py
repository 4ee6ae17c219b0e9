"""Length of a project's windows: as asked for, as before, or as the tracker's own sprints."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median_low

from agent.importing.history.known_rows import KnownRows
from agent.importing.tasks import TrackerSprint

DEFAULT_CADENCE_DAYS = 14
# A team changes its length now and then: the newest sprints tell it.
NEWEST_SPRINTS = 6
LEAST_SPRINTS = 2
# A sprint that is decided here lasts one to eight weeks (domain_services/sprint/schema.py).
SHORTEST_DAYS, LONGEST_DAYS = 7, 56
_WEEK = 7
_MONDAY_TO_FRIDAY = 5


@dataclass(frozen=True, slots=True)
class SprintLength:
    """Length of the windows of a project's history, and of the sprints decided on it."""

    days: int
    """Length in days."""
    sprints: int = 0
    """Sprints of the tracker that told it; 0: it was asked for, known before, or the default."""


def choose_length(
    requested: int | None,
    before: KnownRows | None,
    sprints: Iterable[TrackerSprint],
    day: date,
) -> SprintLength:
    """Return the requested length, or that of earlier imports, of the tracker, or two weeks.

    `sprints` are those of the project; those that were over on `day` count.
    """
    # docs/adr/0161-tracker-sprints-as-history.md
    if requested is not None:
        return SprintLength(requested)
    if before is not None:
        return SprintLength(before.cadence_days)
    return _typical(sprints, day) or SprintLength(DEFAULT_CADENCE_DAYS)


def _typical(sprints: Iterable[TrackerSprint], day: date) -> SprintLength | None:
    """Return the median length of the newest sprints that are over; None without a typical one."""
    lengths = [
        (sprint.start, sprint.name, days)
        for sprint in sprints
        if sprint.start is not None and (days := _days(sprint, day)) is not None
    ]
    newest = [days for _, _, days in sorted(lengths)[-NEWEST_SPRINTS:]]
    if len(newest) < LEAST_SPRINTS:
        return None
    typical = median_low(newest)
    # Two boards with their own lengths have no common one.
    alike = sum(abs(days - typical) <= 1 for days in newest)
    if 2 * alike <= len(newest) or not SHORTEST_DAYS <= typical <= LONGEST_DAYS:
        return None
    return SprintLength(typical, len(newest))


def _days(sprint: TrackerSprint, day: date) -> int | None:
    """Return the planned length of a sprint that is over, in whole weeks if within a day of it.

    None for a sprint that is not over, or of unknown or reversed days.
    """
    start, end = sprint.start, sprint.end or sprint.closed
    if sprint.inferred or start is None or end is None or end < start:
        return None
    if sprint.state in ("future", "active") or (sprint.closed or end) >= day:
        return None
    days = (end - start).days + 1
    # The weekend behind a sprint from a Monday to a Friday is the team's pause.
    if start.weekday() == 0 and days % _WEEK == _MONDAY_TO_FRIDAY:
        days += 2
    weeks = round(days / _WEEK)
    return weeks * _WEEK if weeks and abs(days - weeks * _WEEK) <= 1 else days
