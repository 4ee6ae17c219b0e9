"""An episode: one decision as memory keeps it, with the state it was made in and its outcome."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain_services.chronicle.schema import DecisionEffect
from domain_services.kernel.types import Count, Day, Line
from memory.decision import Decision

ModeName = Literal["rule_based_only", "intelligence_enhanced", "shadow"]
Origin = Literal["run", "import"]
# What became of a decision that waited for a person.
EpisodeReview = Literal["approved", "edited", "rejected", "expired", "superseded"]
NOT_APPROVED = frozenset[EpisodeReview]({"rejected", "expired", "superseded"})

# Where the embedding of a recall came from; `structured` means that there was none.
RecallPath = Literal["cache", "service", "structured"]

EMBEDDING_DIMENSIONS = 1024

KEPT_SPRINTS = 24  # of a project's past, at most, in a perception

Name = Annotated[Line, Field(max_length=100)]
Days = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class Perception(BaseModel):
    """A project's state at the time of a decision; the same shape is stored, queried and imported.

    None means not known, never zero: a file that names no people has no team size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project_id: Name
    """Id of the project."""
    day: Day
    """The project's own day of the decision."""
    backlog_tasks: Count = Field(description="tasks of the backlog that are not completed")
    unassigned_tasks: Count = Field(description="of these, free to be planned")
    team_size: Count | None = None
    """People of the team; None when no team is known."""
    sprint_days: Days
    """Calendar days of the window that was decided on."""
    working_days: Count | None = None
    """Working days of the window; None when not known."""
    team_working_days: Count | None = None
    """Days that the team can work in the window, summed over people; None without a team."""
    past_sprints: Count = Field(description="how many past sprints are known in all")
    completed: Annotated[tuple[Count, ...], Field(max_length=KEPT_SPRINTS)] = ()
    """Tasks completed in each past sprint, oldest first, at most the last 24."""
    sprint_in_progress: bool = False
    """True when a sprint was in progress at the time."""


class Outcome(BaseModel):
    """Outcome of a decided sprint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    completed_tasks: Count
    """Tasks completed in the sprint."""
    planned_tasks: Count | None = None
    """Tasks that entered the sprint; None when not known, as are the two fields after it."""
    completion_rate: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Completed over planned tasks; None also for a sprint without tasks."""
    spill_over: Count | None = None
    """Planned tasks that were not completed."""
    duration_days: Days
    """Calendar days of the sprint."""


class SimilarEpisode(BaseModel):
    """An episode that recall found; similarities are in 0..1, identical is 1."""

    model_config = ConfigDict(frozen=True)

    episode_id: UUID
    """Id of the episode."""
    project_id: str
    """Its project."""
    sprint_id: str | None
    """The sprint that the episode decided on; None when it created none."""
    day: date
    """The project's day of the decision."""
    known_on: date | None = None
    """Day from which the outcome is known; None for a recall of an earlier release."""
    simulated: bool = False
    """True when the sprint's progress was simulated."""
    completed_outside: int | None = None
    """Tasks of the project finished in the sprint's days outside it; None when not known."""
    similarity: float
    """The blend of the two similarities below.

    Where its text was not compared, the mean of the others' texts counts; without any the numbers
    alone do.
    """
    structured_similarity: float
    """Of the numbers of the two states."""
    text_similarity: float | None
    """Of the texts of the two states; None without an embedding of the query's model."""
    found_by: Literal["structured", "text", "both"]
    """The search that had it among its nearest."""
    outcome: Outcome
    """How the decided sprint ended."""


class Episode(BaseModel):
    """One decision with everything that later decisions may learn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    episode_id: UUID
    """The run's id; an import derives it from project and sprint, so that it is there once."""
    project_id: Name
    """Id of the project."""
    origin: Origin
    """`import` for a past sprint of an imported file."""
    decided_at: datetime
    """When it was decided; for an import the first day of the window, at midnight UTC."""
    agent_version: Name
    """Version of the program that decided; name of the importer for an import."""
    sprint_id: Name | None = None
    """The sprint that it created; None when it created none."""
    perception: Perception
    """The project's state at the time."""
    decision: Decision
    """What was decided and why."""
    similar_episodes: tuple[SimilarEpisode, ...] = ()
    """The recalled episodes, nearest first; empty for an import."""
    degraded: tuple[str, ...] = ()
    """What the decision had to do without, in words."""
    actions_taken: tuple[str, ...] = ()
    """What was done, in words; refusals too."""
    dry_run: bool = False
    """True when nothing was to be done, as in shadow mode."""
    shadow: bool = False
    """True when nothing was to be done because of the project's mode."""
    review: EpisodeReview | None = Field(default=None, exclude_if=lambda review: review is None)
    """What became of a decision that waited for a person; None for one that did not wait."""
    outcome: Outcome | None = None
    """How the sprint ended; None while that is not known."""

    @property
    def effect(self) -> DecisionEffect:
        """Return whether the decision acted, or why it did not."""
        if self.review in NOT_APPROVED:
            return "not_approved"
        if self.dry_run:
            return "shadow" if self.shadow else "dry_run"
        return "edited" if self.review == "edited" else "acted"
