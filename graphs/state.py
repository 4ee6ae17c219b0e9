"""What flows through the graph: JSON only, so that a run can be stored and resumed anywhere."""

import operator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypedDict, TypeVar

from pydantic import TypeAdapter

from graphs.rules.base import Facts, Ruling, StoredOptions
from memory.episode import DecisionSource, ModeName, Perception
from tools.guard import MadeCall, PlannedCall

T = TypeVar("T")


@dataclass(frozen=True)
class Mode:
    """How far intelligence may go in a project; `confidence_threshold` is a probability in 0..1.

    `version` counts the changes of the project's mode, 0 while it has the settings' own.
    """

    name: ModeName
    confidence_threshold: float
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool
    version: int = 0


@dataclass(frozen=True)
class Order:
    """What was asked of this run; a `dry_run` plans its calls and makes none, as in shadow mode."""

    options: StoredOptions
    mode: Mode
    dry_run: bool


@dataclass(frozen=True)
class PastSprint:
    """`end_date` is its last day; `planned_tasks` its commitment, None where that is not known."""

    sprint_id: str
    start_date: date
    end_date: date
    completed_tasks: int
    planned_tasks: int | None = None


@dataclass(frozen=True)
class Snapshot:
    """The project as analysed. `past` is oldest first; `trend` is None below three sprints."""

    facts: Facts
    perception: Perception
    timezone: str
    past: tuple[PastSprint, ...]
    average_velocity: float | None
    trend: str | None


@dataclass(frozen=True)
class Patterns:
    """What the chronicle knows beyond velocity; None where it did not answer or knows nothing."""

    similar_projects: tuple[dict[str, Any], ...]
    completion_rate: float | None
    average_sprint_days: float | None
    open_impediments: tuple[str, ...]


@dataclass(frozen=True)
class Adjustment:
    """A change that evidence suggests to one number of the rule's decision.

    `confidence` is the probability that the recommended value ends nearer to the outcome than the
    rule's, None when there is nothing to compare; `sample_size` counts the past sprints behind it.
    """

    name: str
    original: int
    recommended: int
    confidence: float | None
    sample_size: int
    evidence_source: str
    rationale: str
    expected_improvement: str | None
    details: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """The gate's word on one adjustment, and the value that holds after it."""

    name: str
    passed: bool
    applied: int
    reason: str


@dataclass(frozen=True)
class Decision:
    """What the run will do. Numbers are None when no sprint is created."""

    create_sprint: bool
    close_sprint: bool
    tasks: int | None
    duration_weeks: int | None
    source: DecisionSource
    reasoning: str
    verdicts: tuple[Verdict, ...]
    plan: tuple[PlannedCall, ...]


class State(TypedDict, total=False):
    """Channels of a run; each holds the JSON form of the type named in its comment."""

    project_id: str
    run_id: str
    order: dict[str, Any]  # Order
    snapshot: dict[str, Any]  # Snapshot
    rulings: list[dict[str, Any]]  # tuple[Ruling, ...]
    recall: dict[str, Any]  # memory.recall.Recall
    patterns: dict[str, Any]  # Patterns
    adjustments: list[dict[str, Any]]  # tuple[Adjustment, ...]
    decision: dict[str, Any]  # Decision
    made: list[dict[str, Any]]  # tuple[MadeCall, ...]
    refused: list[str]
    response: dict[str, Any]
    degraded: Annotated[list[str], operator.add]
    timings: Annotated[dict[str, float], operator.or_]


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind)
    for kind in (
        Order,
        Snapshot,
        Patterns,
        Decision,
        tuple[Ruling, ...],
        tuple[Adjustment, ...],
        tuple[MadeCall, ...],
    )
}


def dump(kind: type[T], value: T) -> Any:
    """The JSON form of a state type."""
    return _ADAPTERS[kind].dump_python(value, mode="json")


def load(kind: type[T], value: Any) -> T:
    """A state type from its JSON form."""
    return _ADAPTERS[kind].validate_python(value)
