"""State of a sprint in progress, for a decision that leaves it as it is."""

from dataclasses import asdict, dataclass
from datetime import date

from agent.cli.connect import Clients
from agent.cli.words import count, points
from domain_services.kernel.errors import Problem
from domain_services.project.schema import ProgressMode
from graphs.answer import Orchestration

# Above even odds the product itself expects that no planned task stays open.
EVEN_ODDS = 0.5
_DAYS = ("start_date", "end_date", "today")


@dataclass(frozen=True)
class RunningSprint:
    """A sprint in progress beside its calendar and the product's own expectation."""

    sprint_id: str
    """Id of the sprint."""
    start_date: date
    """First day."""
    end_date: date
    """Last day."""
    today: date
    """Day of the project."""
    done_tasks: int
    """Completed tasks."""
    total_tasks: int
    """All tasks."""
    done_points: float | None
    """Sum of the completed tasks' estimates; None without estimates, as the next."""
    total_points: float | None
    """Sum of all tasks' estimates."""
    working_day: int
    """Working days from the first day to today."""
    working_days: int
    """Working days of the whole sprint."""
    open_probability: float | None
    """P(some task stays open), 0..1; None when not known."""
    open_probability_reason: str
    """The expectation in words, or why there is none."""
    expected: float | None
    """Tasks that the whole sprint completes on average; None when not known, as the next two."""
    low: int | None
    """Lower end of the central 70 % of the forecast, in tasks."""
    high: int | None
    """Upper end of the central 70 % of the forecast, in tasks."""
    simulated: bool
    """True when some progress so far is simulated."""
    progress_mode: ProgressMode
    """Source of the progress to come: the daily scrum or people."""

    @property
    def standing(self) -> str:
        """Describe tasks and days."""
        kind = "simulated sprint" if self.simulated else "sprint"
        tasks = f"{self.done_tasks} of {count(self.total_tasks, 'task')} done"
        tasks += points(self.done_points, self.total_points)
        if self.today < self.start_date:
            return f"{kind} {self.sprint_id} begins on {self.start_date}, {tasks}"
        days = f"day {self.working_day} of {count(self.working_days, 'working day')}"
        return f"{kind} {self.sprint_id} runs, {tasks}, {days}, until {self.end_date}"

    @property
    def outlook(self) -> str:
        """Describe whether the product expects that all tasks are done in time."""
        probability = self.open_probability
        if probability is None:
            return f"whether it is on track is not known. {self.open_probability_reason}"
        pending = self.total_tasks - self.done_tasks
        if not pending:
            return "on track, all tasks are done."
        tasks = "the pending task" if pending == 1 else f"all {pending} pending tasks"
        track = "on track" if 1 - probability >= EVEN_ODDS else "not on track"
        return f"{track}, {tasks} will be done in time with probability {1 - probability:.2f}."

    def to_json(self) -> dict[str, object]:
        """Convert to JSON types, with the sentences that people read."""
        return {
            **asdict(self),
            **{name: getattr(self, name).isoformat() for name in _DAYS},
            "standing": self.standing,
            "outlook": self.outlook,
        }


async def running_sprint(clients: Clients, answer: Orchestration) -> RunningSprint | None:
    """Read the sprint that a decision leaves as it is; None without one or when unanswered."""
    current = answer.analysis.current_sprint
    if current is None or answer.decisions.close_sprint:
        return None
    # The decision is printed without this when a service does not answer.
    try:
        return await _read(clients, answer.project_id, current.sprint_id, answer.as_of)
    except Problem:
        return None


async def _read(clients: Clients, project: str, sprint_id: str, today: date) -> RunningSprint:
    sprint = await clients.sprint.get_sprint(sprint_id)
    window = await clients.project.check_availability(project, sprint.start_date, sprint.end_date)
    risk = (await clients.orchestrator.insights(project)).historical_context.risk_assessment
    return RunningSprint(
        sprint_id=sprint_id,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        today=today,
        done_tasks=sprint.completed_tasks,
        total_tasks=sprint.total_tasks,
        done_points=sprint.completed_points,
        total_points=sprint.total_points,
        working_day=sum(day <= today for day in window.work_days),
        working_days=len(window.work_days),
        open_probability=risk.sprint_failure_probability,
        open_probability_reason=risk.explanation,
        expected=risk.expected,
        low=risk.low,
        high=risk.high,
        simulated=sprint.progress_source == "simulated",
        progress_mode=window.progress_mode,
    )
