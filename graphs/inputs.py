"""Inputs of a decision: all that rules, evidence and gate read, as one JSON document.

The same inputs give the same decision (`graphs/replay.py`). What can be computed from the rest is
left out, so that a document stays small whatever the size of the backlog.
"""

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from domain_services.kernel.errors import Invalid
from graphs.evidence.evidence import Evidence
from graphs.nodes.history import as_sprint
from graphs.nodes.planning import with_pace
from graphs.rules.base import TaskFact
from graphs.state import Learned, Order, Patterns, Planning, Snapshot, State
from graphs.thresholds import MAX_CHANGE, SHOWN_LEFT_OUT
from memory.decision import Decision, DecisionSource, PlannedCall
from memory.episode_documents import JsonObject
from memory.recall import Recall

SHAPE = 1  # of the document; a changed meaning of a field needs the next one
LEAST_TASKS = 40  # of the planning order, at least: other numbers may plan more than the run did


@dataclass(frozen=True)
class Deeds:
    """The part of a decision that changes something; its words are no part of it."""

    create_sprint: bool
    """True when a sprint is created."""
    close_sprint: bool
    """True when the sprint in progress is closed."""
    tasks: int | None
    """Tasks of the new sprint; None when none is created."""
    weeks: int | None
    """Its weeks; None as above."""
    source: DecisionSource
    """`intelligence_enhanced` when evidence changed a number."""
    calls: tuple[PlannedCall, ...]
    """The planned calls in order."""


def deeds_of(decision: Decision) -> Deeds:
    """Return what a decision does."""
    return Deeds(
        create_sprint=decision.create_sprint,
        close_sprint=decision.close_sprint,
        tasks=decision.tasks,
        weeks=decision.duration_weeks,
        source=decision.source,
        calls=decision.plan,
    )


@dataclass(frozen=True)
class Inputs:
    """Inputs of one decision; `restore` returns them as the nodes read them."""

    shape: Literal[1]
    """Version of this document's shape."""
    order: Order
    """The request, with the limits of the decision mode."""
    snapshot: Snapshot
    """The project, without the tasks that can be planned and without the pace."""
    patterns: Patterns
    """The chronicle's figures beyond velocity."""
    planning: Planning
    """Evidence without the past sprints, and the head of the planning order."""
    recall: Recall
    """Similar episodes as they were recalled."""
    learned: Learned
    """Past errors and calibration that the run read."""
    degraded: tuple[str, ...]
    """What the run had to do without, in words."""
    decided: Deeds
    """What the run decided to do: inputs stay longer than the run."""


_ADAPTER = TypeAdapter(Inputs)


def inputs_of(state: State) -> Inputs:
    """Return the inputs of a decided state."""
    snapshot, planning = state["snapshot"], state["planning"]
    facts = replace(snapshot.facts, plannable=(), pace_tasks=0, pace_reason="")
    head = planning.order.head(_reach(planning.evidence), SHOWN_LEFT_OUT)
    return Inputs(
        shape=SHAPE,
        order=state["order"],
        snapshot=replace(snapshot, facts=facts),
        patterns=state["patterns"],
        planning=replace(planning, evidence=replace(planning.evidence, history=()), order=head),
        recall=state["recall"],
        learned=state["learned"],
        degraded=tuple(state["degraded"]),
        decided=deeds_of(state["decision"]),
    )


def restore(inputs: Inputs) -> tuple[Snapshot, Planning]:
    """Return the project and the planning as the nodes read them."""
    snapshot, planning = inputs.snapshot, inputs.planning
    history = tuple(as_sprint(sprint) for sprint in snapshot.past)
    evidence = replace(planning.evidence, history=history)
    plannable = tuple(TaskFact(task.task_id, task.priority) for task in planning.order.plannable)
    facts = with_pace(
        replace(snapshot.facts, plannable=plannable),
        evidence,
        history_known=planning.history_known,
    )
    return replace(snapshot, facts=facts), replace(planning, evidence=evidence)


def to_document(inputs: Inputs) -> JsonObject:
    """Return inputs as JSON."""
    return _ADAPTER.dump_python(inputs, mode="json")


def from_document(document: object) -> Inputs:
    """Return inputs from JSON. Raises: `Invalid` for a shape that this release does not know."""
    try:
        return _ADAPTER.validate_python(document)
    except ValidationError as error:
        raise Invalid(
            f"these inputs are not of shape {SHAPE}, so that another release must replay them:"
            f" {error.errors()[0]['loc']}"
        ) from error


def is_replayable(document: object) -> bool:
    """Tell whether this release knows the shape of stored inputs."""
    try:
        from_document(document)
    except Invalid:
        return False
    return True


def _reach(evidence: Evidence) -> int:
    """Return how many tasks in planning order the decision could name."""
    pace = evidence.pace_tasks
    return max(LEAST_TASKS, pace + max(1, int(pace * MAX_CHANGE)) + SHOWN_LEFT_OUT)
