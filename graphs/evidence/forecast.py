"""Forecast what a team completes in its next sprint from all that is known beforehand."""

from dataclasses import dataclass

from graphs.evidence.distribution import Prediction, Window, expected_tasks, predict
from graphs.evidence.neighbours import NeighbourEvidence, Prior, prior
from graphs.evidence.throughput import Sprint, at_length
from graphs.thresholds import MIN_NEIGHBOURS, MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Evidence:
    """Knowledge about a project and its next sprint before the sprint is created."""

    project_id: str
    """Project that the sprint is for."""
    history: tuple[Sprint, ...]
    """Past sprints of the project, oldest first."""
    neighbours: tuple[NeighbourEvidence, ...]
    """Similar episodes, of this project or others."""
    rule_tasks: int
    """Tasks that the rule plans."""
    unassigned: int
    """Tasks of the backlog that are free to be planned."""
    max_tasks: int | None
    """Limit of the caller in tasks; None without one."""
    capacity_share: float | None
    """Working time in the window over that of a window without days off, 0..1; None if unknown."""
    days: int | None
    """Calendar days of the window; None when not known."""

    @property
    def enough(self) -> bool:
        """True when own sprints or other projects are as many as an adjustment needs."""
        return len(self.history) >= MIN_OWN_SPRINTS or self.similar_projects >= MIN_NEIGHBOURS

    @property
    def only_plan(self) -> int | None:
        """The plan in tasks when it must be the whole backlog; None when there is a choice."""
        return self.unassigned if self.unassigned <= self.rule_tasks else None

    @property
    def similar_projects(self) -> int:
        """Other projects among the neighbours."""
        projects = {neighbour.project_id for neighbour in self.neighbours}
        return len(projects - {self.project_id})

    # Not cached: the benchmark turns thresholds and forecasts the same evidence again.
    @property
    def prior(self) -> Prior:
        """Prior that the own history is shrunk to."""
        return prior(at_length(self.history, self.days), self.neighbours)


def forecast(evidence: Evidence, planned: int | None = None) -> Prediction:
    """Forecast the next sprint with `planned` tasks; None forecasts a sprint planned as usual."""
    return predict(evidence.history, evidence.prior, _window(evidence, planned))


def expected_with_plan(evidence: Evidence, planned: int) -> float:
    """Compute the mean of the forecast with `planned` tasks."""
    return expected_tasks(evidence.history, evidence.prior, _window(evidence, planned))


def _window(evidence: Evidence, planned: int | None) -> Window:
    return Window(evidence.days, evidence.capacity_share, planned)
