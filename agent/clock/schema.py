"""Wire types of the route that moves a project's clock."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import model_validator

from domain_services.kernel.types import Answer, Wire
from domain_services.project.schema import Clock, ProjectDay
from domain_services.sprint.schema import SprintStatus

NextSprint = Literal["next-sprint"]


class ClockMoveRequest(Wire):
    """Request to move a held project day by day, or to let it follow the clock."""

    to: ProjectDay | NextSprint | None = None
    """Later day, or `next-sprint` for the first working day after the sprint; null with `live`."""
    live: Literal[True] | None = None
    """True: the project follows the clock from now on; null with `to`."""

    @model_validator(mode="after")
    def _check_choice(self) -> "ClockMoveRequest":
        if (self.to is None) == (self.live is None):
            raise ValueError("name either `to` with a day or `next-sprint`, or `live`")
        return self


class ScrumOfDay(Answer):
    """Daily scrum that was due on a day before the clock left it."""

    sprint_id: str
    """Sprint of the scrum."""
    day: date
    """Day of the project."""
    updated_tasks: int
    """Tasks in its report."""
    report_id: UUID
    """Id of the report in the chronicle."""


class ClosedByClock(Answer):
    """Sprint whose last day the clock has passed."""

    sprint_id: str
    """The sprint."""
    status: SprintStatus
    """Status after the close."""
    last_day: date
    """Last day of the sprint."""
    completed_tasks: int
    """Tasks completed in the sprint."""
    returned_tasks: int
    """Unfinished tasks, which returned to the backlog."""


class ClockMoved(Answer):
    """Result of a move: the day before and after, and everything that was done between them."""

    project_id: str
    """The project."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    today: date
    """Day of the project after the move."""
    previous_day: date
    """Day of the project before the move."""
    daily_scrums: list[ScrumOfDay]
    """Daily scrums that were due, by day."""
    closed_sprint: ClosedByClock | None
    """Sprint that was closed; null when none ended."""
    message: str
    """The same for people."""
