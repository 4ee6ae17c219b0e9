"""Wire types of a project's forecast: how many tasks, and by when.

A number that cannot be computed is null, and `reasons` says why, by field.
"""

from datetime import date

from agent.schema import Certainty
from domain_services.kernel.types import Answer
from domain_services.project.schema import Clock
from memory.decision import Range


class SprintsAhead(Answer):
    """Tasks that are completed from the first sprint of a forecast to a later one."""

    sprints: int
    """Sprints in a row, the first one included."""
    last_day: date
    """Last day of the last one."""
    all_work: Range
    """All completed tasks, those included that arrive after the start of a sprint."""
    planned: Range | None
    """Tasks that are there when their sprint begins; null when past sprints do not tell them."""


class TasksDone(Answer):
    """Dates by which a number of tasks is done when they are worked on first."""

    tasks: int
    """Tasks that are to be done."""
    likely_sprints: int | None
    """Sprints in which they are as likely done as not; null beyond the forecast's horizon."""
    likely_day: date | None
    """Last day of the last one; null as above."""
    promised_sprints: int | None
    """Sprints in which they are done with 85 %; null beyond the forecast's horizon."""
    promised_day: date | None
    """Last day of the last one; null as above."""
    sentence: str
    """Both dates in words."""


class PlanOfCertainty(Answer):
    """Tasks that a decision about the first sprint plans at one certainty."""

    certainty: Certainty
    """Percent of the sprints that are to complete their plan."""
    tasks: int
    """Tasks, within what the backlog has and half of the rule's number away from it."""
    all_done: float
    """P(all of them are done), 0..1; above the certainty when a limit keeps the plan small."""
    in_force: bool
    """True for the certainty of the project's decision mode."""


class ProjectForecast(Answer):
    """Forecast of how many tasks several sprints complete, and when a number of them is done."""

    project_id: str
    """Project of the forecast."""
    today: date
    """Present day of the project."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    first_day: date
    """First day of the first sprint: the one in progress, or else the next one."""
    begins: str
    """Which sprint that is, in words."""
    sprint_days: int
    """Calendar days of each sprint."""
    in_sprints: list[SprintsAhead] | None
    """Completed tasks in one sprint, in two and so on; null when nothing is known."""
    tasks_done: TasksDone | None
    """When the tasks are done; null when nothing is known or no task is open."""
    plans: list[PlanOfCertainty] | None
    """Plan of the first sprint by certainty, the least certain first; null as `in_sprints`."""
    coverage: float | None
    """Share of the past sprints that ended in their usual range; null below six sprints."""
    back_test: str
    """The same in words, with what is to be expected."""
    rests_on: str | None
    """Evidence behind the first sprint, in words; null as `in_sprints`."""
    assumptions: list[str]
    """What the forecast takes for granted, in words."""
    reasons: dict[str, str]
    """Why a value is null, by field."""
    degraded: list[str]
    """What did not answer, with the reason; empty when all did."""
