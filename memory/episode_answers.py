"""Versions and uses of an episode as routes answer them: no client needs a database's driver."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from domain_services.chronicle.schema import DecisionEffect
from domain_services.kernel.types import Answer


class EpisodeVersion(Answer):
    """Outcome of an episode in one version."""

    version: int
    """1 holds what was stored before the first correction."""
    outcome: dict[str, JsonValue]
    """Numbers of the outcome, and whether the sprint was worked."""
    reason: str | None
    """Reason of the correction; null for version 1."""
    changed_by: str | None
    """Name of the API key; null for version 1."""
    changed_at: datetime
    """Time of the correction; for version 1 that of the decision."""


class EpisodeUse(Answer):
    """A decision that recalled an episode."""

    run_id: UUID
    """Id of the decision's run and episode."""
    project_id: str
    """Project that was decided about."""
    sprint_id: str | None
    """The sprint that it began; null when it began none."""
    day: date
    """The project's day of the decision."""
    decided_at: datetime
    """Time of the decision."""
    effect: DecisionEffect | None
    """Whether it acted."""
    rank: int
    """Place among the recalled episodes, 1 is the nearest."""
    similarity: float
    """Blend of the two similarities below, 0..1."""
    structured_similarity: float
    """Of the numbers of the two states."""
    text_similarity: float | None
    """Of the texts of the two states; null without an embedding of the query's model."""
    found_by: Literal["structured", "text", "both"]
    """The search that had it among its nearest."""
    rule_tasks: int | None
    """The rule's number of tasks; null when no change of it was considered."""
    applied_tasks: int | None
    """The number that held; null as above."""
