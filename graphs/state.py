"""State of a run: the values that its nodes pass on."""

import operator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypedDict

from domain_services.chronicle.schema import DecisionEffect, SimilarProject
from graphs.answer import Orchestration
from graphs.evidence.adjustment import Proposal
from graphs.evidence.calibration import Calibration
from graphs.evidence.evidence import Evidence
from graphs.evidence.payoff import Pair
from graphs.evidence.selection import PlanningOrder
from graphs.rules.base import Facts, RequestOptions, Ruling
from graphs.thresholds import CERTAINTIES
from memory.decision import Decision, Recommendation
from memory.episode import ModeName, Perception
from memory.recall import Recall
from tools.guard import MadeCall


@dataclass(frozen=True)
class Mode:
    """Decision mode: the limits of evidence in a project's decisions."""

    name: ModeName
    """Name of the mode."""
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    version: int = 0
    """Changes of the project's mode so far; 0 while the settings' own mode holds."""
    certainty: int = CERTAINTIES[0]
    """Percent of the sprints that are to complete their plan."""


@dataclass(frozen=True)
class Order:
    """The request of a run."""

    options: RequestOptions
    """Options of the rules."""
    mode: Mode
    """Decision mode of the project."""
    dry_run: bool
    """True when calls are planned and none is made, as in shadow mode."""
    shadow: bool = False
    """True when none is made because of the mode, and the request is no dry run."""

    @property
    def effect(self) -> DecisionEffect:
        """Return whether the decision acts, or why it does not."""
        if not self.dry_run:
            return "acted"
        return "shadow" if self.shadow else "dry_run"


@dataclass(frozen=True)
class PastSprint:
    """A sprint of the project that has ended."""

    sprint_id: str
    """Id of the sprint."""
    start_date: date
    """Its first day."""
    end_date: date
    """Last day that it ran."""
    completed_tasks: int
    """Tasks that the team completed in its days, in the sprint or outside it."""
    planned_tasks: int | None = None
    """Its commitment; None where that is not known."""
    completed_outside: int = 0
    """Completed tasks that were not in the sprint."""
    completed_arrived: int | None = None
    """Completed tasks that were created after the sprint began; None where that is not known."""


@dataclass(frozen=True)
class Snapshot:
    """The project as the run read it."""

    facts: Facts
    """Facts for the rules."""
    perception: Perception
    """State for recall and episode."""
    timezone: str
    """IANA name."""
    past: tuple[PastSprint, ...]
    """Past sprints, oldest first."""
    average_velocity: float | None
    """Tasks a sprint; None without past sprints."""
    trend: str | None
    """Direction of the velocity; None below three sprints."""
    simulated: bool = False
    """True when the project's progress is simulated: only simulated sprints teach it."""


@dataclass(frozen=True)
class Patterns:
    """The chronicle's figures beyond velocity; empty or None where it has none or is away."""

    similar_projects: tuple[SimilarProject, ...]
    """Projects with a similar history, the most similar first."""
    completion_rate: float | None
    """Completed over planned tasks, 0..1."""
    average_sprint_days: float | None
    """Mean length of past sprints in days."""
    open_impediments: tuple[str, ...]
    """Impediments without a resolution, by name."""


@dataclass(frozen=True)
class Planning:
    """Basis of a new sprint's plan; needed until the decision is made."""

    evidence: Evidence
    """Knowledge about the next sprint, without similar episodes."""
    order: PlanningOrder
    """Free tasks in planning order."""
    history_known: bool = True
    """False when the chronicle did not answer."""


@dataclass(frozen=True)
class Learned:
    """Past errors and calibration, which earlier decisions of the project taught."""

    followed: tuple[Pair, ...]
    """Ended decisions by similar episodes; empty where those are not the evidence."""
    calibration: Calibration
    """Calibration in force."""


@dataclass(frozen=True)
class Actions:
    """The calls that a run made."""

    made: tuple[MadeCall, ...] = ()
    """With their results, in order."""
    refused: tuple[str, ...] = ()
    """Refusals in words; the first one ends the plan."""


class State(TypedDict, total=False):
    """Channels of a run; `durable` is the part that is stored in front of `act`."""

    project_id: str
    """Id of the project."""
    run_id: str
    """Id of the run as text."""
    options: RequestOptions
    """What a person asks of a look; a run of the orchestrator has its `order`."""
    order: Order
    """Written at the start."""
    snapshot: Snapshot
    """Written by `analyse`."""
    patterns: Patterns
    """Written by `analyse`."""
    planning: Planning
    """Written by `analyse`."""
    recall: Recall
    """Written by `recall`."""
    rulings: tuple[Ruling, ...]
    """Written by `rules`."""
    learned: Learned
    """Written by `adjust`."""
    proposal: Proposal | None
    """Written by `adjust`; None when no sprint is created."""
    recommendations: tuple[Recommendation, ...]
    """Written by `adjust`."""
    decision: Decision
    """Written by `gate`."""
    actions: Actions
    """Written by `act`."""
    response: Orchestration
    """Written by `record`."""
    degraded: Annotated[list[str], operator.add]
    """Missing sources in words; nodes append to it."""
    timings: Annotated[dict[str, float], operator.or_]
    """Milliseconds by node; each node adds its own."""


# Only these types are built from a stored run. Their names are stored, so a renamed one needs a
# conversion of waiting runs (docs/adr/0064-typed-decision-record.md).
DURABLE_TYPES: tuple[type, ...] = (
    Order,
    Snapshot,
    Patterns,
    Recall,
    Decision,
    Actions,
    Orchestration,
)


def durable(state: State) -> State:
    """Return the part of a decided run's state that `act` and `record` read.

    The rulings and recommendations are part of the decision by then.
    """
    return State(
        project_id=state["project_id"],
        run_id=state["run_id"],
        order=state["order"],
        snapshot=state["snapshot"],
        patterns=state["patterns"],
        recall=state["recall"],
        decision=state["decision"],
        degraded=state["degraded"],
        timings=state["timings"],
    )
