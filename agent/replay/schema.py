"""Wire types of replay: stored inputs, and a sprint by other numbers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain_services.chronicle.schema import DecisionEffect
from domain_services.kernel.types import Answer
from graphs.changes import Changes
from memory.decision import ExpectedSprint
from memory.run import Status


class KnownOutcome(Answer):
    """Outcome of the sprint that a decision began."""

    sprint_id: str
    """Id of the sprint."""
    planned_tasks: int | None
    """Tasks that entered it; null when not known."""
    completed_tasks: int
    """Tasks completed in it."""


class RunInputs(Answer):
    """Inputs of one decision, beside the outcome of its sprint."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Id of the project."""
    decided_at: datetime
    """Time of the decision."""
    agent_version: str
    """Version of the program that decided."""
    status: Status | None
    """Status of the run; null when the run has been deleted, which is before its inputs."""
    effect: DecisionEffect | None
    """Whether the decision acted; null while it waits for a person, and for a moment after it."""
    outcome: KnownOutcome | None
    """Outcome of its sprint; null while it is not known, or when it began none."""
    inputs: dict[str, Any]
    """The inputs, with the version of their shape."""


class RunInputsPage(Answer):
    """Inputs of decisions, newest first."""

    runs: list[RunInputs]
    """The decisions."""
    next_before: UUID | None
    """`before` of the next page; null after the last one."""
    first_at: datetime | None
    """Time of the oldest decision whose inputs are stored; null without any."""


class WhatIfRequest(Changes):
    """Other numbers for one past decision; null: the run's own."""

    tasks: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    """Tasks of the sprint; null: as many as would be planned."""


class WhatIfAnswer(Answer):
    """Expectation of a sprint by other numbers beside that of the run. Nothing was stored."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Id of the project."""
    tasks: int | None
    """Tasks of the sprint; null when none would begin."""
    weeks: int | None
    """Weeks of the sprint; null as above."""
    before: ExpectedSprint | None
    """Expectation of the run; null when it began no sprint."""
    after: ExpectedSprint | None
    """Expectation by the other numbers; null when no sprint would begin."""
    notes: list[str]
    """Limits of what the inputs can say about these numbers, in words."""
