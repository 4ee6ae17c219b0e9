"""What is remembered of a decision: what was seen, why, what was done, how it turned out."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain_services.kernel.types import Count, Day, Line

ModeName = Literal["rule_based_only", "intelligence_enhanced", "shadow"]
DecisionSource = Literal["rule_based_only", "intelligence_enhanced"]
Origin = Literal["run", "import"]

EMBEDDING_DIMENSIONS = 1024

KEPT_SPRINTS = 24  # of a project's past, at most, in a perception

Name = Annotated[Line, Field(max_length=100)]
Days = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class Perception(BaseModel):
    """A project as it was when a decision was taken; one shape for storing, querying and importing.

    `completed` holds tasks completed in each past sprint, oldest first, at most the last 24.
    `sprint_days` is the calendar length of the window decided on, `working_days` its working days.
    None means not known (a file that names no people has no team size), never zero.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_id: Name
    day: Day
    backlog_tasks: Count = Field(description="tasks of the backlog that are not completed")
    unassigned_tasks: Count = Field(description="of these, free to be planned")
    team_size: Count | None = None
    sprint_days: Days
    working_days: Count | None = None
    team_working_days: Count | None = None
    past_sprints: Count = Field(description="how many past sprints are known in all")
    completed: Annotated[tuple[Count, ...], Field(max_length=KEPT_SPRINTS)] = ()
    sprint_in_progress: bool = False


class Outcome(BaseModel):
    """How a decided sprint ended. `planned_tasks` and what follows from it: None when not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    completed_tasks: Count
    planned_tasks: Count | None = None
    completion_rate: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    spill_over: Count | None = None
    duration_days: Days


class Episode(BaseModel):
    """One decision. `episode_id` is the run's id; an import derives it from project and sprint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    episode_id: UUID
    project_id: Name
    origin: Origin
    decided_at: datetime
    agent_version: Name
    decision_source: DecisionSource
    sprint_id: Name | None = None
    perception: Perception
    reasoning: dict[str, Any]
    action: dict[str, Any]
    outcome: Outcome | None = None
