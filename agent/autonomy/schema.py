"""Wire types of autonomy and pause."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from domain_services.kernel.types import Answer, Line, ProjectId, Wire
from memory.run import AutonomyLevel

MOST_TOOLS = 50  # of a list; there are fewer
Reason = Annotated[Line, StringConstraints(max_length=500)]


class AutonomyChange(Wire):
    """Change of a project's autonomy from its next run on; absent fields stay as they are."""

    level: AutonomyLevel | None = None
    """`observe` acts on nothing, `approve` asks a person first, `act` acts."""
    always_ask: Annotated[list[Line], Field(max_length=MOST_TOOLS)] | None = None
    """Tools whose calls wait for a person at every level, in place of those before."""

    @model_validator(mode="after")
    def _changes_something(self) -> "AutonomyChange":
        if self.level is None and self.always_ask is None:
            raise ValueError("names nothing to change; name level or always_ask")
        return self


class AutonomyVersion(Answer):
    """A change of a project's autonomy, with the values that held after it."""

    version: int
    """Counted from 1."""
    level: AutonomyLevel
    """The level."""
    always_ask: list[str]
    """Tools whose calls wait for a person at every level."""
    changed_at: datetime
    """Time of the change."""
    changed_by: str
    """Name of the API key."""


class Autonomy(Answer):
    """The autonomy of a project."""

    project_id: str
    """Id of the project."""
    version: int
    """Version in force; 0 for the level of the settings."""
    level: AutonomyLevel
    """`observe` acts on nothing, `approve` asks a person first, `act` acts."""
    always_ask: list[str]
    """Tools whose calls wait for a person at every level."""
    tools: list[str]
    """Tools that `always_ask` may name: all that change something."""
    history: list[AutonomyVersion]
    """Changes, newest first."""


class PauseRequest(Wire):
    """Request to let a project, or all, do nothing by itself until the pause is ended."""

    project_id: ProjectId | None = None
    """Id of the project; null: all projects, which needs an admin key."""
    reason: Reason | None = None
    """Why, in one line; null: nobody said."""


class Pause(Answer):
    """A pause that is in force."""

    project_id: str | None
    """Id of the paused project; null: all are paused."""
    reason: str | None
    """Why, in words; null: nobody said."""
    paused_at: datetime
    """Time of the pause."""
    paused_by: str
    """Name of the API key."""


class Pauses(Answer):
    """Pauses that are in force."""

    pauses: list[Pause]
    """That of all projects first; empty: nothing is paused."""


class PauseEnded(Answer):
    """A pause that was ended."""

    project_id: str | None
    """Id of the project; null: it was that of all projects."""
    paused_at: datetime
    """Time of its beginning."""
    paused_by: str
    """Name of the API key that began it."""
    ended_at: datetime
    """Time of its end."""
    ended_by: str
    """Name of the API key that ended it."""
