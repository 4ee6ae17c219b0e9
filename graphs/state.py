"""The state of a run: the values that its nodes hand on."""

import operator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypedDict

from domain_services.chronicle.schema import SimilarProject
from graphs.answer import Orchestration
from graphs.rules.base import Facts, RequestOptions, Ruling
from memory.decision import Decision, Recommendation
from memory.episode import ModeName, Perception
from memory.recall import Recall
from tools.guard import MadeCall


@dataclass(frozen=True)
class Mode:
    """How far evidence may change a project's decisions."""

    name: ModeName
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool
    version: int = 0
    """Changes of the project's mode so far; 0 while the settings' own mode holds."""


@dataclass(frozen=True)
class Order:
    """The request of a run."""

    options: RequestOptions
    mode: Mode
    dry_run: bool
    """True when calls are planned and none is made, as in shadow mode."""


@dataclass(frozen=True)
class PastSprint:
    """A sprint of the project that has ended."""

    sprint_id: str
    start_date: date
    end_date: date
    """Its last day."""
    completed_tasks: int
    planned_tasks: int | None = None
    """Its commitment; None where that is not known."""


@dataclass(frozen=True)
class Snapshot:
    """The project as the run read it."""

    facts: Facts
    perception: Perception
    timezone: str
    """IANA name."""
    past: tuple[PastSprint, ...]
    """Past sprints, oldest first."""
    average_velocity: float | None
    """Tasks a sprint; None without past sprints."""
    trend: str | None
    """Direction of the velocity; None below three sprints."""


@dataclass(frozen=True)
class Patterns:
    """The chronicle's figures beyond velocity; empty or None where it has none or is away."""

    similar_projects: tuple[SimilarProject, ...]
    completion_rate: float | None
    """Completed over planned tasks, 0..1."""
    average_sprint_days: float | None
    open_impediments: tuple[str, ...]


@dataclass(frozen=True)
class Actions:
    """The calls that a run made."""

    made: tuple[MadeCall, ...] = ()
    """With their results, in order."""
    refused: tuple[str, ...] = ()
    """Refusals in words; the first one ends the plan."""


class State(TypedDict, total=False):
    """Channels of a run. Nothing before `act` is stored, so that they hold the values themselves.

    `durable` is the part that is stored in front of `act`.
    """

    project_id: str
    run_id: str
    order: Order
    snapshot: Snapshot
    patterns: Patterns
    recall: Recall
    rulings: tuple[Ruling, ...]
    recommendations: tuple[Recommendation, ...]
    decision: Decision
    actions: Actions
    response: Orchestration
    degraded: Annotated[list[str], operator.add]
    timings: Annotated[dict[str, float], operator.or_]


# The only types that are ever built from a stored run; their names are stored with them.
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
