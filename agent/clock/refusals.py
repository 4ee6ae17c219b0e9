"""Refusals of a move, before anything is changed."""

from datetime import date

from domain_services.kernel.errors import Conflict, Problem
from domain_services.project.schema import Project


class ClockMovesBack(Conflict):
    code = "clock_moves_back"


class ClockIsLive(Conflict):
    code = "clock_is_live"


class NoWorkingDay(Conflict):
    code = "no_working_day"


class DayNotReached(Problem):
    """Refusal of a day that has not begun where the project is."""

    # The project service has the same status and code for it; other bad input is 400.
    status = 422
    code = "day_not_reached"
    title = "Day not reached"


def refuse_live(project: Project) -> None:
    """Refuse to move a project that follows the clock. Raises: `ClockIsLive`."""
    if project.clock == "live":
        raise ClockIsLive(
            f"{project.id} follows the clock, and its day moves by itself:"
            " only a project that is held at a day can be moved",
            today=project.today.isoformat(),
        )


def refuse_day(project: Project, day: date, real_today: date) -> None:
    """Refuse an earlier day, and one to come. Raises: `ClockMovesBack`, `DayNotReached`."""
    if day < project.today:
        raise ClockMovesBack(
            f"{project.id} is held at {project.today} and cannot go back to {day}:"
            " name a later day",
            today=project.today.isoformat(),
        )
    if day > real_today:
        raise DayNotReached(
            f"{day} has not begun in the time zone of {project.id}:"
            f" name a day up to {real_today}, or let it follow the clock",
            last_day=real_today.isoformat(),
        )
