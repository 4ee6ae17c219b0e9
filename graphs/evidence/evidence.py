"""All that is known of a project and its next sprint before the sprint is created."""

from dataclasses import dataclass
from functools import cached_property

from domain_services.backlog.planning_schema import TaskAges
from graphs.evidence.distribution import Distribution
from graphs.evidence.forecast import Window, own_forecast
from graphs.evidence.neighbours import NeighbourEvidence
from graphs.evidence.pace import Sprint, arrived_work, planned_work, prior_tasks
from graphs.evidence.payoff import Pair
from graphs.thresholds import CERTAINTIES, MIN_NEIGHBOURS


@dataclass(frozen=True)
class Draft:
    """Scope on the table: tasks that somebody has picked for the sprint."""

    tasks: int
    """Number of tasks."""
    ages: tuple[int, ...]
    """Days since the creation of each task that is free to be planned."""


@dataclass(frozen=True)
class Evidence:
    """Knowledge about a project and its next sprint."""

    project_id: str
    """Project that the sprint is for."""
    history: tuple[Sprint, ...]
    """Past sprints of the project, oldest first."""
    plannable: int
    """Tasks that may be planned; for a draft its free tasks."""
    days: int | None = None
    """Calendar days of the window; None when not known."""
    neighbours: tuple[NeighbourEvidence, ...] = ()
    """Similar episodes, of this project or others."""
    team_size: int | None = None
    """People of the team; None when no team is known."""
    max_tasks: int | None = None
    """Limit of the caller in tasks; None without one."""
    capacity_share: float | None = None
    """Working time in the window over that of a window without days off, 0..1; None if unknown."""
    certainty: int = CERTAINTIES[0]
    """Percent of the sprints that are to complete their plan."""
    ages: TaskAges | None = None
    """Ages of the tasks, now and in past windows; None when the backlog did not tell."""
    draft: Draft | None = None
    """Scope on the table; None when the product picks the tasks."""
    followed: tuple[Pair, ...] = ()
    """Ended decisions of the project whose evidence was similar episodes, oldest first."""
    ruled: int | None = None
    """Tasks that a rule plans; None: those of the own pace."""

    @property
    def similar_projects(self) -> int:
        """Count the other projects among the neighbours."""
        projects = {neighbour.project_id for neighbour in self.neighbours}
        return len(projects - {self.project_id})

    @property
    def uses_neighbours(self) -> bool:
        """Check that similar episodes are enough: with own sprints, or of several projects."""
        enough = bool(self.history) or self.similar_projects >= MIN_NEIGHBOURS
        return enough and len(self.neighbours) >= MIN_NEIGHBOURS

    @property
    def prior(self) -> float:
        """Return the tasks a sprint that the own history is drawn towards."""
        return prior_tasks(self.team_size)

    @property
    def window(self) -> Window:
        """Return the sprint to come."""
        return Window(self.days, self.capacity_share)

    @property
    def share(self) -> float:
        """Return the certainty as a probability."""
        return self.certainty / 100

    @cached_property
    def planned_past(self) -> list[Sprint]:
        """Return the past sprints without the work that arrived after their start."""
        return planned_work(self.history)

    @cached_property
    def own_pace(self) -> Distribution:
        """Forecast the planned work by the team's own pace: what the rule plans."""
        return own_forecast(self.planned_past, self.prior, self.window)

    @cached_property
    def arriving(self) -> Distribution | None:
        """Forecast the tasks that arrive after the start and are finished; None if not known."""
        past = arrived_work(self.history)
        return None if past is None else own_forecast(past, 0.0, self.window)

    @property
    def pace_tasks(self) -> int:
        """Return the tasks that the own pace allows at the wanted certainty, at least one."""
        return max(1, self.own_pace.most_with(self.share))

    @property
    def rule_tasks(self) -> int:
        """Return the rule's plan, within the limits."""
        return self.limited(self.pace_tasks if self.ruled is None else self.ruled)

    def limited(self, tasks: int) -> int:
        """Return a count within the plannable tasks and the caller's limit."""
        limits = (tasks, self.plannable, self.max_tasks)
        return max(0, min(limit for limit in limits if limit is not None))
